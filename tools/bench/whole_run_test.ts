import { assertEquals, assertStringIncludes } from "@std/assert";
import { makeStyle } from "../terminal/style.ts";
import type { FiledRow } from "./bench_files.ts";
import { type BenchRun, renderJson } from "./bench_run.ts";
import type { RowResult } from "./row_result.ts";
import { FAILED, MEASURED, runOf } from "./test_rows.ts";
import { runWhole } from "./whole_run.ts";

const NAMES = ["ipc/a", "ipc/b", "fs/a", "fs/b"];

const CHOSEN: readonly FiledRow[] = NAMES.map((name) => ({
  path: "/hako/some_bench.ts",
  row: {
    name,
    peerName: "a peer",
    unit: "us/call",
    target: 1,
    ours: () => Promise.reject(new Error("opened here")),
    peer: () => Promise.reject(new Error("opened here")),
  },
}));

/** A run whose rows come to the given results; with `undefined` the user wants no more. */
async function runWith(
  results: readonly (RowResult | undefined)[],
): Promise<{ run: BenchRun; printed: string[]; count: number }> {
  const interruption = new AbortController();
  const printed: string[] = [];
  let count = 0;
  const run = await runWhole({
    chosen: CHOSEN,
    runner: {
      expectedMs: 65_000,
      run: () => {
        const result = results[count++];
        if (result === undefined || count === results.length) interruption.abort();
        return Promise.resolve(result);
      },
    },
    rounds: 5,
    began: new Date("2026-02-03T04:05:06Z"),
    load: 0.25,
    interruption: interruption.signal,
    machine: runOf([]).machine,
    print: (lines) => printed.push(lines),
    style: makeStyle({ coloured: false }),
  });
  return { run, printed, count };
}

Deno.test("runWhole() says first how much there is and how long it takes", async () => {
  const { printed } = await runWith([undefined]);
  assertEquals(printed[0], "bench: 4 rows, 5 rounds, about 1 min 5 s on a quiet machine\n");
});

Deno.test("runWhole() tells each room as soon as it is measured, and the sum last", async () => {
  const { printed, run } = await runWith(NAMES.map((name) => ({ ...MEASURED, name })));
  assertEquals(printed.length, 4);
  assertEquals(printed.slice(1, 3).map((text) => text.slice(0, 3)), ["ipc", "fs:"]);
  assertStringIncludes(printed[3]!, "bench: 4 of 4 targets met");
  assertEquals([run.rows.length, run.load, run.began], [4, 0.25, "2026-02-03T04:05:06.000Z"]);
});

Deno.test("runWhole() tells what was measured when the user wanted no more", async () => {
  const { printed, run, count } = await runWith([MEASURED, undefined]);
  assertEquals([count, run.rows.length, run.isInterrupted], [2, 1, true]);
  assertStringIncludes(printed[1]!, MEASURED.name);
  assertStringIncludes(printed.at(-1)!, "Ended early");
});

Deno.test("a run as JSON tells each row with its verdict, and how many came to what", () => {
  const bounded = { ...MEASURED, met: false, target: 50, bound: 0.5, ofBound: 0.96 };
  const told = JSON.parse(renderJson(runOf([MEASURED, bounded, FAILED])));
  assertEquals(told.tally, {
    ...{ met: 1, bounded: 1, missed: 0, noisy: 0, failed: 1 },
    withinSpread: 0,
  });
  assertEquals(told.othersCores, { median: 0.01, most: 0.01 });
  const [first, second, third] = told.rows;
  const { name, ours, peer, peerName, unit, ratio, target, met, verdict } = first;
  assertEquals(
    { name, ours, peer, peerName, unit, ratio, target, met, verdict },
    {
      ...{ name: MEASURED.name, ours: 0.5213, peer: 18.34, peerName: "a kernel" },
      ...{ unit: "us/call", ratio: 35.18, target: 30, met: true, verdict: "met" },
    },
  );
  assertEquals([second.verdict, second.met, second.bound, second.ofBound], [
    ...["bounded", false],
    ...[0.5, 0.96],
  ]);
  assertEquals([third.verdict, third.failure], ["failed", "peer: it hung and was ended"]);
});
