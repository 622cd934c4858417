import { assertEquals } from "@std/assert";
import { compareRatios, storedRatios } from "./guard.ts";
import { renderBenchPage } from "./html_page.ts";
import type { MeasuredRow, RowResult } from "./row_result.ts";

const ROW: MeasuredRow = {
  name: "ipc/null/floor",
  peerName: "a peer",
  unit: "us/call",
  target: 1,
  ours: 0.2,
  peer: 0.6,
  ratio: 3,
  met: true,
  rounds: 5,
  spread: { ours: [0.1, 0.3], peer: [0.5, 0.7], ratio: [2, 4] },
  p99: { ours: 1, peer: 1 },
  othersCores: 0,
};

const FAILED: RowResult = {
  name: "kernel/<boot>",
  peerName: "<peer>",
  unit: "ms",
  target: 2,
  met: false,
  failure: "ours: <no>",
};

const STORED = { version: 1, measured: "2026-01-01" } as const;

Deno.test("a ratio of less than half of what was stored is told as slower", () => {
  const stored = { ...STORED, ratios: { "ipc/null/floor": 6.1, other: 2 } };
  assertEquals(compareRatios([ROW, FAILED], stored), [
    "  49%  ipc/null/floor  ratio 3.00, stored 6.10  SLOWER",
    "guard: 1 of 1 rows slower than half of what they were; measure them again when the machine is quiet",
  ]);
  const near = { ...STORED, ratios: { "ipc/null/floor": 5.9 } };
  assertEquals(
    compareRatios([ROW], near).at(-1),
    "guard: none of 1 rows is slower than half of what it was",
  );
});

Deno.test("what is stored is the ratios of the rows that were measured, by name", () => {
  const other = { ...ROW, name: "ipc/bulk", ratio: 1.23456 };
  assertEquals(storedRatios([ROW, other, FAILED], new Date("2026-02-03T04:05:06Z")), {
    version: 1,
    measured: "2026-02-03",
    ratios: { "ipc/bulk": 1.23, "ipc/null/floor": 3 },
  });
});

Deno.test("the page of a run tells every row, and shows what others wrote as text", () => {
  const run = { version: 1, cores: 2, load: 3, rows: [ROW, FAILED] } as const;
  const page = renderBenchPage(run, new Date("2026-02-03T04:05:06Z"));
  for (
    const text of ["1 of 2 targets met", "ipc/null/floor", "0.2 us", "3.00 of 1", "was loaded"]
  ) {
    assertEquals(page.includes(text), true, text);
  }
  assertEquals(page.includes("kernel/&lt;boot&gt;"), true);
  assertEquals(/<(?:boot|peer|no)>|https?:/.test(page), false, "nothing of others, no address");
});
