import { assert, assertEquals } from "@std/assert";
import type { SystemEvent } from "@hako/kernel";
import type { IntervalRecord } from "../../record/record.ts";
import type { DomainSample, Sample } from "../../top/sample.ts";
import type { Happening, HostLine, ReadingLine } from "../lines.ts";
import { coarse } from "./coarse_intervals.ts";
import { eventWords } from "./event_words.ts";
import { Speech } from "./speech.ts";
import { type Recorded, Watch } from "./watch.ts";

const DISK: DomainSample = {
  domain: "disk",
  kind: "driver",
  epoch: 2,
  state: "ready",
  inFlight: 0,
  callsPerSecond: 100,
  restarts: 1,
  why: "Error: gone\n  at x.ts",
};
const SAMPLE: Sample = {
  ...{ seconds: 1, kernelEpoch: 1, slotsInUse: 0, zombies: 0 },
  domains: [DISK, { ...DISK, domain: "fs", callsPerSecond: 20, why: "" }],
};

function rig() {
  const lines: HostLine[] = [];
  const struck: string[] = [];
  const errors: string[] = [];
  const intervals: IntervalRecord[] = [];
  const recorded = {
    ...{ atMs: 1_000, operations: 0, errorCount: 0, errors, intervals },
    hear: () => {},
    note(_tookUs: number, error?: string) {
      recorded.errorCount++;
      errors.push(error!);
    },
    strike: (domain: string, kind: string) => void struck.push(`${kind} ${domain}`),
    tick: () => {},
  } satisfies Recorded;
  const watch = new Watch(recorded, (line) => lines.push(line));
  const interval = (atMs: number, operations: number, maxUs: number) => {
    recorded.operations += operations;
    intervals.push({
      ...{ atMs, operations, errors: 0, p50Us: 1, p99Us: 2, maxUs },
      residentBytes: 1,
    });
  };
  const readings = () => lines.filter((line): line is ReadingLine => line.type === "reading");
  const happenings = (): Happening[] =>
    lines.flatMap((line) => line.type === "happenings" ? line.happenings : []);
  return { watch, recorded, interval, struck, readings, happenings };
}

/** A sampler that answers when it is told to. */
function slowSampler() {
  const { promise, resolve } = Promise.withResolvers<Sample>();
  return { next: () => promise, answer: () => resolve(SAMPLE) };
}

const quick = { next: () => Promise.resolve(SAMPLE) };

Deno.test("a reading adds up the domains, and tells each interval once", async () => {
  const { watch, interval, readings } = rig();
  for (const atMs of [100, 200, 300]) interval(atMs, 5, atMs);
  watch.read(quick);
  await watch.end();
  interval(400, 7, 250);
  interval(500, 0, 0);
  watch.read(quick);
  await watch.end();

  const [first, second] = readings();
  assertEquals([first?.callsPerSecond, first?.isCurrent], [120, true]);
  assertEquals(first?.domains[0]?.why, "Error: gone", "a stack is for a log");
  assertEquals(first?.clients, { operations: 15, perSecond: 15, errors: 0, longestUs: 300 });
  assertEquals(second?.clients, { operations: 22, perSecond: 22, errors: 0, longestUs: 300 });
  const told = (reading?: ReadingLine) =>
    reading?.intervals.map(({ atMs, operations, maxUs }) => [atMs, operations, maxUs]);
  assertEquals(told(first), [[200, 10, 200]]);
  assertEquals(told(second), [[400, 12, 300]], "the rest waits for its other half");
});

Deno.test("intervals in one are neither better nor worse than they were", () => {
  const rest = { errors: 1, residentBytes: 7 };
  const one = { atMs: 100, operations: 30, p50Us: 10, p99Us: 90, maxUs: 95, ...rest };
  const other = { atMs: 200, operations: 10, p50Us: 50, p99Us: 60, maxUs: 99, ...rest };
  const idle = {
    atMs: 300,
    operations: 0,
    p50Us: 0,
    p99Us: 0,
    maxUs: 0,
    errors: 0,
    residentBytes: 1,
  };
  assertEquals(coarse([one, other, idle, idle, one]), [
    { atMs: 200, operations: 40, p50Us: 20, p99Us: 90, maxUs: 99, errors: 2, residentBytes: 7 },
    idle,
  ]);
});

Deno.test("clients are shown to go on while a kernel hangs that cannot tell of the domains", async () => {
  const { watch, interval, readings } = rig();
  watch.read(quick);
  await watch.end();
  const sampler = slowSampler();
  watch.read(sampler);
  interval(100, 5, 300);
  watch.read(sampler);
  watch.read(sampler);
  assertEquals(readings().map(({ isCurrent }) => isCurrent), [true, false, false]);
  assertEquals(readings()[1]?.clients?.operations, 5);
  sampler.answer();
  await watch.end();
  assertEquals(readings().at(-1)?.isCurrent, true);
});

Deno.test("clients that tell nothing are not said to see no errors", async () => {
  const { watch, readings } = rig();
  watch.read(quick);
  await watch.end();
  assertEquals(readings()[0]?.clients, undefined);
});

Deno.test("what a client tells of its work is a rate of its own", async () => {
  const { watch, recorded, readings } = rig();
  const pulse = (counts: number[]): SystemEvent => {
    const value = { type: "pulse", counts, maxUs: 1, errors: [], failed: 1 };
    return { type: "report", domain: "fs", value };
  };
  watch.hear(pulse([3, 10, 7, 20]), 0);
  recorded.atMs += 900;
  watch.hear(pulse([3, 5]), 0);
  recorded.atMs += 200;
  watch.hear({ type: "report", domain: "fs", value: { done: 7 } }, 0);
  watch.read(quick);
  await watch.end();
  const [disk, fs] = readings()[0]!.domains;
  assertEquals([disk?.work, fs?.work], [
    undefined,
    { perSecond: 5, operations: 35, errors: 2 },
  ]);
});

Deno.test("an upgrade is no death; deaths of domains and kernel are", () => {
  const { watch } = rig();
  const died = (why: string): SystemEvent => ({ type: "died", domain: "fs", epoch: 1, why });
  watch.hear(died("upgraded to file:///fs.ts"), 0);
  watch.hear(died("it hangs"), 0);
  watch.hear({ type: "kernel-died", epoch: 1, why: "terminated" }, 0);
  assertEquals(watch.sum, { deaths: 2, errors: 0, operations: 0 });
  void watch.end();
});

Deno.test("what an app finds wrong counts as an error, and is told", async () => {
  const { watch, happenings } = rig();
  const finished = (value: unknown): SystemEvent => ({ type: "finished", domain: "app", value });
  watch.hear(finished({ operations: 7, failure: "" }), 0);
  watch.hear(finished(undefined), 0);
  assertEquals(watch.sum.errors, 0);
  watch.hear(finished({ operations: 7, failure: "/a differs at byte 3" }), 0);
  await watch.end();
  assertEquals(watch.sum.errors, 1);
  const told = happenings().filter(({ kind }) => kind === "error").map(({ text }) => text);
  assertEquals(told, ["A client saw an error: /a differs at byte 3."]);
});

Deno.test("a press is told before what comes of it, and struck only if it was done", async () => {
  const { watch, struck, happenings } = rig();
  const atMs = watch.pressed("kill", "fs", false);
  watch.hear({ type: "died", domain: "fs", epoch: 3, why: "terminated" }, 0);
  watch.struck("kill", "fs", atMs);
  watch.pressed("upgrade", "fs", true);
  watch.refused("fs", "EBUSY: busy, upgrade fs");
  await watch.end();
  assertEquals(happenings().map(({ text }) => text), [
    "Button: kill fs.",
    "fs: life 3 died: terminated.",
    "Chaos: upgrade fs.",
    "Not done: EBUSY: busy, upgrade fs.",
  ]);
  assertEquals(struck, ["terminate fs"]);
});

Deno.test("what a domain says of its end is one short line without anything that draws", () => {
  const why = `\u001b[2J\u202eboo${"x".repeat(500)}\nmore`;
  const { text } = eventWords({ type: "died", domain: "d", epoch: 1, why }, 0)!;
  assert(text.length < 160 && text.startsWith("d: life 1 died: ?[2J?boo"), text);
  assertEquals(eventWords({ type: "report", domain: "d", value: why }, 0), undefined);
});

Deno.test("the host waits for nobody who does not read, and forgets what is too much", async () => {
  const { promise: read, resolve } = Promise.withResolvers<void>();
  let written = "";
  const speech = new Speech("> ", async (bytes) => {
    await read;
    written += new TextDecoder().decode(bytes.subarray(0, 7));
    return Math.min(7, bytes.byteLength);
  });
  for (let number = 0; number < 10_000; number++) speech.say({ type: "answer", number });
  resolve();
  await speech.end();
  const lines = written.trimEnd().split("\n");
  assert(lines.length > 100 && lines.length < 300, `${lines.length} lines`);
  assertEquals(lines[9], '> {"type":"answer","number":9}');
});
