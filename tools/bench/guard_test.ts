import { assertEquals } from "@std/assert";
import { findingOf, mergeStored, runGuard, type StoredRatios, storedRatios } from "./guard.ts";
import type { RowResult } from "./row_result.ts";
import { FAILED, MEASURED } from "./test_rows.ts";

const NAME = "ipc/null/floor";

/** Ratios as they are stored of one row. */
function storedOf(ratio: number, spread: readonly [number, number]): StoredRatios {
  return { version: 2, measured: "2026-01-01", rows: { [NAME]: { ratio, spread, seconds: 1 } } };
}

/** A row with a ratio. */
function row(ratio: number, name = NAME): RowResult {
  return { ...MEASURED, name, ratio };
}

/** What the guard prints for rows that come to the given results, one measurement after the other. */
async function guard(
  results: readonly (RowResult | undefined)[],
  { names = [NAME], tookMs = 1, stored = storedOf(0.63, [0.6, 0.65]) } = {},
): Promise<[lines: string[], rounds: number[]]> {
  const lines: string[] = [];
  const rounds: number[] = [];
  let nowMs = 0;
  await runGuard({
    names,
    measureRow: (_name, count) => {
      nowMs += tookMs;
      rounds.push(count);
      return Promise.resolve(results[rounds.length - 1]);
    },
    stored,
    print: (line) => lines.push(line),
    nowMs: () => nowMs,
  });
  return [lines, rounds];
}

Deno.test("the guard tells a row that is as it was, after two rounds", async () => {
  assertEquals(await guard([row(0.61)]), [[
    "guard: ipc/null/floor 0.610, stored 0.630: as before",
    "guard: 1 rows as before, 0 slower, 0 not compared",
  ], [2]]);
});

Deno.test("the guard measures again, and longer, what looks slower than it was", async () => {
  assertEquals(await guard([row(0.3), row(0.6)]), [[
    "guard: ipc/null/floor 0.600, stored 0.630: as before",
    "guard: 1 rows as before, 0 slower, 0 not compared",
  ], [2, 5]]);
  assertEquals(await guard([row(0.2), row(0.3)]), [[
    "guard: ipc/null/floor 0.300, stored 0.630: slower than stored by 2.1x: look",
    "guard: 0 rows as before, 1 slower, 0 not compared",
  ], [2, 5]]);
});

Deno.test("the guard says what it could not compare, and goes on", async () => {
  const names = ["ipc/null/piscina", "ipc/new", NAME];
  const [lines] = await guard([FAILED, row(1, "ipc/new"), row(0.63)], { names });
  assertEquals(lines, [
    "guard: ipc/null/piscina: not measured; peer: it hung and was ended",
    "guard: ipc/new 1.00, nothing stored",
    "guard: ipc/null/floor 0.630, stored 0.630: as before",
    "guard: 1 rows as before, 0 slower, 2 not compared",
  ]);
});

Deno.test("the guard ends in bounded time, however slow the machine is", async () => {
  const options = { names: [NAME, "ipc/later"], tookMs: 120_000 };
  assertEquals(await guard([row(0.1)], options), [[
    "guard: ipc/null/floor 0.100, stored 0.630: slower than stored by 6.3x: look",
    "guard: ipc/later: not measured; the time is up",
    "guard: 0 rows as before, 1 slower, 1 not compared",
  ], [2]]);
});

Deno.test("the guard tells nothing more when the user wants no more", async () => {
  assertEquals(await guard([undefined]), [[], [2]]);
});

Deno.test("findingOf() bears a factor of two, or what the stored spread was, but no more than five", () => {
  const finding = (ratio: number, spread: readonly [number, number]) => {
    return findingOf(row(ratio), storedOf(1, spread));
  };
  assertEquals(finding(0.51, [0.9, 1.1]), "as before");
  assertEquals(finding(0.49, [0.9, 1.1]), "slower");
  assertEquals(finding(0.35, [0.5, 1.5]), "as before");
  assertEquals(finding(0.3, [0.5, 1.5]), "slower");
  assertEquals(finding(0.19, [0.01, 100]), "slower");
  assertEquals(findingOf(row(9, "other"), storedOf(1, [1, 1])), "unknown");
  assertEquals(findingOf(FAILED, storedOf(1, [1, 1])), "unknown");
});

Deno.test("what is stored is the ratios of the rows that were measured, with spread and time", () => {
  const rows = [row(1.23456), FAILED];
  assertEquals(storedRatios(rows, () => 2.34567, new Date("2026-02-03T04:05:06Z")), {
    version: 2,
    measured: "2026-02-03",
    rows: { [NAME]: { ratio: 1.23, spread: [31, 38], seconds: 2.35 } },
  });
});

Deno.test("a run of some rows keeps what is stored of the others, by name", () => {
  const z = { ratio: 9, spread: [9, 9], seconds: 9 } as const;
  const merged = mergeStored({ ...storedOf(1, [1, 1]), rows: { z } }, storedOf(2, [2, 2]));
  assertEquals(Object.keys(merged.rows), [NAME, "z"]);
  assertEquals([merged.rows[NAME]?.ratio, merged.rows.z?.ratio], [2, 9]);
  assertEquals(mergeStored(undefined, storedOf(2, [2, 2])).rows[NAME]?.ratio, 2);
});
