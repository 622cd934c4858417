import { assertEquals, assertStringIncludes } from "@std/assert";
import { displayWidth, makeStyle } from "../terminal/style.ts";
import { renderFigure, renderRoom, renderSummary } from "./report.ts";
import type { MeasuredRow, RowResult } from "./row_result.ts";
import { FAILED, MEASURED, runOf } from "./test_rows.ts";

const PLAIN = makeStyle({ coloured: false });

/** A row that misses its target. */
const MISSED: MeasuredRow = { ...MEASURED, ratio: 28, met: false, target: 40 };

/** One that is as near to its bound. */
const BOUNDED: MeasuredRow = { ...MISSED, bound: 0.5, ofBound: 0.96, boundName: "two wake-ups" };

/** The lines of the room of some rows. */
function room(rows: readonly RowResult[]): string[] {
  return renderRoom("ipc", rows, PLAIN).split("\n");
}

/** The text of the sum of some rows, without line breaks. */
function summary(rows: readonly RowResult[], load = 0): string {
  return renderSummary(runOf(rows, { load }), PLAIN).replaceAll("\n", " ");
}

Deno.test("renderRoom() shows both figures, the ratio with its spread, and the verdict", () => {
  assertEquals(room([MEASURED]), [
    "ipc: calls, messages and bytes between two domains",
    "",
    "row                                 ours     peer      ratio  target",
    "------------------------------  --------  -------  ---------  ------  ---",
    "  beside a kernel",
    "ipc/cross-core/kernel-mediated  0.521 us  18.3 us  35.2 ±10%      30  met",
  ]);
});

Deno.test("renderRoom() names a peer once for the rows beside it", () => {
  const other = { ...MEASURED, name: "ipc/other" };
  const text = room([MEASURED, other, { ...other, peerName: "another" }]).join("\n");
  assertEquals(text.match(/beside/g)?.length, 2);
});

Deno.test("renderRoom() shows a missed target as missed, with what there is to say of it", () => {
  const note = "It hops twice.";
  const lines = room([{ ...MISSED, note }]);
  assertEquals(lines[5]?.endsWith("MISSED"), true);
  assertEquals(lines.at(-1), "ipc/cross-core/kernel-mediated: It hops twice.");
  assertEquals(
    room([{ ...MEASURED, note }]).join().includes(note),
    false,
    "only where it is missed",
  );
});

Deno.test("renderRoom() shows what is bounded with its bound", () => {
  const lines = room([BOUNDED]);
  assertEquals(lines[5]?.endsWith("bounded"), true);
  assertEquals(lines[6], "    0.96 of the bound, 0.5 us: two wake-ups");
});

Deno.test("renderRoom() marks what another run may tell otherwise", () => {
  assertEquals(room([{ ...MEASURED, target: 34 }])[5]?.endsWith("met ~"), true);
  assertEquals(room([{ ...MISSED, target: 34 }])[5]?.endsWith("MISSED ~"), true);
  assertEquals(room([{ ...BOUNDED, target: 34 }])[5]?.endsWith("bounded"), true);
});

Deno.test("renderRoom() shows what could not be measured, and why", () => {
  const lines = room([FAILED]);
  assertEquals(lines[5]?.endsWith("FAILED"), true);
  assertEquals(lines.at(-1), "ipc/null/piscina was not measured; peer: it hung and was ended");
});

Deno.test("renderRoom() says how a row stands to limits of its own", () => {
  const row = { ...MEASURED, unit: "ms", ours: 4.2, peer: 3, p99: { ours: 9, peer: 4 } } as const;
  const lines = room([{ ...row, limit: 5, limitP99: 8, excessMax: 1 }]);
  assertEquals(lines.slice(6), [
    "    p50 4.2 ms of at most 5 ms",
    "    p99 9 ms of at most 8 ms",
    "    above the peer 1.2 ms of at most 1 ms",
  ]);
});

Deno.test("renderRoom() gives a disturbed row no verdict, good or bad", () => {
  assertEquals(room([{ ...MEASURED, othersCores: 0.9 }])[5]?.endsWith("noisy"), true);
});

Deno.test("renderRoom() fits a terminal", () => {
  const wide = { ...BOUNDED, ours: 0.111, ratio: 0.123, note: "word ".repeat(30) };
  const spread = { ...wide.spread, ratio: [0.01, 0.5] } as const;
  const peerName = "peer ".repeat(30);
  for (const line of room([{ ...wide, peerName }, { ...wide, spread }, FAILED])) {
    assertEquals(displayWidth(line) <= 80, true, line);
  }
  for (const line of renderSummary(runOf([wide, MISSED, FAILED]), PLAIN).split("\n")) {
    assertEquals(displayWidth(line) <= 80, true, line);
  }
});

Deno.test("renderSummary() ends with how many rows came to what", () => {
  const noisy = { ...MEASURED, othersCores: 0.9 };
  const within = { ...MEASURED, target: 34 };
  const rows = [MEASURED, within, MISSED, BOUNDED, noisy, FAILED];
  assertEquals(
    renderSummary(runOf(rows), PLAIN).split("\n").at(-1),
    "bench: 2 of 6 targets met (1 within the spread), 1 bounded, 1 missed, 1 noisy, 1 failed",
  );
});

Deno.test("renderSummary() lists what was missed, the farthest first", () => {
  const near = { ...MISSED, name: "ipc/near", target: 29 };
  const far = { ...MISSED, name: "ipc/far", target: 280 };
  const text = summary([near, far, MEASURED, BOUNDED]);
  assertStringIncludes(text, "ipc/far   10%  of what is asked");
  assertEquals(text.indexOf("ipc/far") < text.indexOf("ipc/near"), true);
  assertEquals(text.includes(`  ${BOUNDED.name}`), false);
});

Deno.test("renderSummary() says how the machine was, before the run and during it", () => {
  const loaded = summary([{ ...MEASURED, othersCores: 0.9 }], 1.5);
  assertStringIncludes(loaded, "loaded before the run: 1.5 threads ran on its 2 cores");
  assertStringIncludes(loaded, "0.90 cores (the median row), 0.90 at most");
  assertStringIncludes(loaded, "used cores during: ipc/cross-core/kernel-mediated (0.9)");
  const quiet = summary([{ ...MEASURED, othersCores: null }]);
  assertStringIncludes(quiet, "quiet before the run: 0 threads");
  assertEquals(quiet.includes("other programs"), false, "nobody can tell");
});

Deno.test("renderSummary() says when there were too few rounds, or the user ended it", () => {
  assertStringIncludes(summary([{ ...MEASURED, rounds: 2 }]), "Only 2 of at least 5 rounds");
  const ended = renderSummary(runOf([MEASURED], { isInterrupted: true }), PLAIN);
  assertStringIncludes(ended, "Ended early");
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
