import { assert, assertEquals } from "@std/assert";
import { defineSystem } from "@hako/kernel";
import { bucketOf } from "../../kernel/trace/histogram.ts";
import { Pulse, type PulseReport } from "./pulse.ts";
import { Recorder } from "./recorder.ts";

const EMPTY = defineSystem({ base: import.meta.url, domains: {} });

/** A recorder whose time is told. */
function rig() {
  let nowUs = 5_000_000;
  const host = { nowUs: () => nowUs, residentBytes: () => 7 };
  const recorder = new Recorder(EMPTY, host);
  return { recorder, pass: (ms: number) => nowUs += ms * 1_000, nowUs: () => nowUs };
}

/** A client whose reports are kept, with a clock of its own. */
function client() {
  const reports: PulseReport[] = [];
  let nowUs = 0;
  const domain = { report: (value: unknown) => void reports.push(value as PulseReport) };
  const pulse = new Pulse(domain, () => nowUs);
  return { pulse, reports, take: (us: number) => pulse.time(() => nowUs += us) };
}

Deno.test("a pulse reports after 100 ms what was done, and then nothing of it again", () => {
  const { pulse, reports, take } = client();
  for (let i = 0; i < 9; i++) take(10_000);
  assertEquals(reports, []);
  take(20_000);
  take(5);
  pulse.flush();
  const told = reports.map(({ counts, maxUs, failed }) => ({ counts, maxUs, failed }));
  assertEquals(told, [
    { counts: [bucketOf(10_000), 9, bucketOf(20_000), 1], maxUs: 20_000, failed: 0 },
    { counts: [bucketOf(5), 1], maxUs: 5, failed: 0 },
  ]);
});

Deno.test("a pulse counts every error and tells the first ones", async () => {
  const { pulse, reports } = client();
  for (let i = 0; i < 12; i++) {
    try {
      pulse.time(() => {
        throw new Error(`EIO: ${i}`);
      });
    } catch {
      // It is thrown on to whoever called.
    }
  }
  await pulse.timeAsync(() => Promise.reject(new Error("later"))).catch(() => {});
  pulse.flush();
  assertEquals([reports[0]!.failed, reports[0]!.errors.length], [13, 8]);
  assertEquals(reports[0]!.errors[0], "EIO: 0");
});

Deno.test("a recorder ends an interval every 100 ms, with or without news", () => {
  const { recorder, pass } = rig();
  recorder.note(100);
  recorder.note(3_000, "EIO: no");
  pass(250);
  recorder.note(50);
  pass(60);
  const { intervals, histogram, durationMs } = recorder.record();
  const shown = intervals.map(({ atMs, operations, errors, maxUs, residentBytes }) => {
    return [atMs, operations, errors, maxUs, residentBytes];
  });
  const begun = [310, 0, 0, 0, 7];
  assertEquals(shown, [[100, 2, 1, 3_000, 7], [200, 0, 0, 0, 7], [300, 1, 0, 50, 7], begun]);
  assertEquals([durationMs, recorder.operations, recorder.errorCount], [310, 3, 1]);
  assertEquals(recorder.errors, ["EIO: no"]);
  assertEquals(histogram.buckets.map(({ count }) => count), [1, 1, 1]);
  for (const { fromUs, toUs } of histogram.buckets) assert(fromUs < toUs);
  const [first] = intervals;
  assert(first!.p50Us > 80 && first!.p50Us < 130 && first!.p99Us <= first!.maxUs);
});

Deno.test("a recorder hears pulses, and nothing else that apps report", () => {
  const { recorder, nowUs } = rig();
  const { take, pulse, reports } = client();
  take(40);
  pulse.flush();
  recorder.hear({ type: "report", domain: "app", value: reports[0] }, nowUs());
  for (const value of [undefined, null, 5, "pulse", { type: "other" }, []]) {
    recorder.hear({ type: "report", domain: "app", value }, nowUs());
  }
  assertEquals([recorder.operations, recorder.deaths], [1, 0]);
});

Deno.test("the times of strikes and deaths begin with the record", () => {
  const { recorder, pass, nowUs } = rig();
  recorder.hear({ type: "ready", domain: "fs", epoch: 1, tookMs: 1 }, nowUs() + 1_000);
  pass(40);
  recorder.strike("fs", "terminate");
  recorder.hear({ type: "died", domain: "fs", epoch: 1, why: "terminated" }, nowUs());
  const { strikes, lives } = recorder.record();
  assertEquals(strikes, [{ atMs: 40, domain: "fs", kind: "terminate" }]);
  assertEquals(lives.find(({ domain }) => domain === "fs")!.endMs, 40);
});
