import { assertEquals, assertStringIncludes } from "@std/assert";
import { displayWidth, makeStyle } from "../terminal/style.ts";
import { renderFigure, renderRun } from "./report.ts";
import type { FailedRow, MeasuredRow } from "./row_result.ts";

const PLAIN = makeStyle({ coloured: false });

const MEASURED: MeasuredRow = {
  name: "ipc/cross-core/kernel-mediated",
  peerName: "a kernel",
  unit: "us/call",
  target: 30,
  ours: 0.5213,
  peer: 18.34,
  ratio: 35.18,
  met: true,
  rounds: 5,
  spread: { ours: [0.5, 0.6], peer: [17, 19], ratio: [30, 38] },
  p99: { ours: 0.9, peer: 40 },
  othersCores: 0.01,
};

const FAILED: FailedRow = {
  name: "ipc/null/piscina",
  peerName: "piscina",
  unit: "us/call",
  target: 100,
  met: false,
  failure: "peer: it hung and was ended",
};

/** The lines of a run of the given rows on a quiet machine. */
function lines(rows: readonly (MeasuredRow | FailedRow)[], load = 0): string[] {
  return renderRun({ version: 1, cores: 2, load, rows }, PLAIN).split("\n");
}

Deno.test("renderRun() shows both figures, the ratio with its spread, and the verdict", () => {
  const [, , row] = lines([MEASURED]);
  assertEquals(row, "ipc/cross-core/kernel-mediated  0.521 us  18.3 us  35.2 ±11%      30  met");
});

Deno.test("renderRun() shows a missed target as missed", () => {
  const [, , row = ""] = lines([{ ...MEASURED, ratio: 29.9, met: false }]);
  assertStringIncludes(row, "MISSED");
});

Deno.test("renderRun() shows what could not be measured, and why", () => {
  const text = lines([FAILED]).join("\n");
  assertStringIncludes(text, "FAILED");
  assertStringIncludes(text, "ipc/null/piscina was not measured; peer: it hung and was ended");
});

Deno.test("renderRun() ends with how many targets were met", () => {
  assertEquals(lines([MEASURED, FAILED]).at(-1), "bench: 1 of 2 targets met");
});

Deno.test("renderRun() says when the machine was loaded, and which rows others disturbed", () => {
  const loaded = lines([{ ...MEASURED, othersCores: 0.9 }], 1.5).join(" ");
  assertStringIncludes(loaded, "loaded before the run: 1.5 threads ran on its 2 cores");
  assertStringIncludes(loaded, "used cores during: ipc/cross-core/kernel-mediated (0.9)");
});

Deno.test("renderRun() says how a row stands to limits of its own", () => {
  const row: MeasuredRow = {
    ...MEASURED,
    unit: "ms",
    ours: 4.2,
    peer: 3,
    p99: { ours: 9, peer: 4 },
  };
  const text = lines([{ ...row, limit: 5, limitP99: 8, excessMax: 1 }]).join(" ");
  assertStringIncludes(text, "p50 4.2 ms of at most 5 ms");
  assertStringIncludes(text, "p99 9 ms of at most 8 ms, above the peer 1.2 ms of at most 1 ms.");
});

Deno.test("renderRun() gives a disturbed row no verdict, good or bad", () => {
  const all = lines([{ ...MEASURED, othersCores: 0.9 }]);
  assertEquals(all[2]?.endsWith("noisy"), true);
  assertEquals(all.at(-1), "bench: 0 of 1 targets met, 1 too disturbed to tell");
});

Deno.test("renderRun() says when there were too few rounds for a claim", () => {
  assertStringIncludes(
    lines([{ ...MEASURED, rounds: 2 }]).join(" "),
    "Only 2 of at least 5 rounds",
  );
});

Deno.test("renderRun() fits a terminal", () => {
  const wide = { ...MEASURED, ours: 0.111, ratio: 199, met: false };
  for (const line of lines([wide, FAILED], 3)) assertEquals(displayWidth(line) <= 80, true, line);
});

Deno.test("renderFigure() tells three digits with a unit", () => {
  assertEquals(renderFigure(0.52134, "us/call"), "0.521 us");
  assertEquals(renderFigure(1_234.5, "us/hand-over"), "1235 us");
  assertEquals(renderFigure(6_670_000, "requests/s"), "6.67 M/s");
  assertEquals(renderFigure(98_120, "requests/s"), "98.1 k/s");
  assertEquals(renderFigure(11.23, "GB/s"), "11.2 GB/s");
  assertEquals(renderFigure(9.714, "ms"), "9.71 ms");
  assertEquals(renderFigure(7.64, "MB"), "7.64 MB");
});
