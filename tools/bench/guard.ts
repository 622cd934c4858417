/**
 * Compares ratios with those that were stored: whether something has become much slower than it was,
 * on whatever machine. It reports and judges nobody: a machine that others use can halve any ratio.
 *
 * @module
 */

import { isMeasured, type RowResult } from "./row_result.ts";

/** What is known of a row from the run that was stored. */
export interface StoredRow {
  /** How many times faster or smaller than its peer it was. */
  readonly ratio: number;
  /** The least and the most of the rounds. */
  readonly spread: readonly [least: number, most: number];
  /** Seconds that a round of it took. */
  readonly seconds: number;
}

/** Ratios that were measured on a quiet machine, by row. */
export interface StoredRatios {
  /** The version of this format. */
  readonly version: 2;
  /** When they were measured. */
  readonly measured: string;
  /** The rows. */
  readonly rows: Readonly<Record<string, StoredRow>>;
}

/** What the guard found of one row. */
export type Finding = "as before" | "slower" | "unknown";

/** How the guard measures: whatever a row comes to in so many rounds. */
export interface GuardOptions {
  /** The rows, by name. */
  readonly names: readonly string[];
  /** Measures one; `undefined` if the user wants no more. */
  readonly measureRow: (name: string, rounds: number) => Promise<RowResult | undefined>;
  /** What to compare with. */
  readonly stored: StoredRatios;
  /** Tells a line. */
  readonly print: (line: string) => void;
  /** The clock, in milliseconds. */
  readonly nowMs: () => number;
}

/** Rounds of each row. */
export const GUARD_ROUNDS = 2;

/** Rounds of a row that looks slower than it was. */
export const SECOND_ROUNDS = 5;

/** No row is begun, or measured again, when so much time has passed. */
const GUARD_MS_MAX = 100_000;

/** A ratio this many times below the stored one is told; more, if the stored one's spread was wider. */
const SLOWER_MIN = 2;

/** However wide the spread was, a ratio this many times below the stored one is told. */
const SLOWER_MAX = 5;

/** Measures each row shortly, tells a line of each, and one of all. */
export async function runGuard(
  { names, measureRow, stored, print, nowMs }: GuardOptions,
): Promise<void> {
  const endMs = nowMs() + GUARD_MS_MAX;
  const counts: Record<Finding, number> = { "as before": 0, slower: 0, unknown: 0 };
  for (const name of names) {
    if (nowMs() >= endMs) {
      counts.unknown++;
      print(`guard: ${name}: not measured; the time is up`);
      continue;
    }
    let row = await measureRow(name, GUARD_ROUNDS);
    if (row !== undefined && findingOf(row, stored) === "slower" && nowMs() < endMs) {
      row = await measureRow(name, SECOND_ROUNDS); // Two rounds are soon spoiled.
    }
    if (row === undefined) return;
    counts[findingOf(row, stored)]++;
    print(`guard: ${renderFinding(row, stored)}`);
  }
  const { "as before": same, slower, unknown } = counts;
  print(`guard: ${same} rows as before, ${slower} slower, ${unknown} not compared`);
}

/** Compares a row with what is stored of it. */
export function findingOf(row: RowResult, { rows }: StoredRatios): Finding {
  const stored = rows[row.name];
  if (stored === undefined || !isMeasured(row)) return "unknown";
  return row.ratio * toleranceOf(stored) < stored.ratio ? "slower" : "as before";
}

/** Ratios to store, of the rows that were measured. */
export function storedRatios(
  rows: readonly RowResult[],
  seconds: (name: string) => number,
  measured: Date,
): StoredRatios {
  const told = rows.filter(isMeasured).map((row) => {
    const [least, most] = row.spread.ratio;
    const spread = [rounded(least), rounded(most)] as const;
    return [row.name, { ratio: rounded(row.ratio), spread, seconds: rounded(seconds(row.name)) }];
  });
  return {
    version: 2,
    measured: measured.toISOString().slice(0, 10),
    rows: Object.fromEntries(told),
  };
}

/** The old ratios with those of a run in their place: a run of some rows keeps the others. */
export function mergeStored(old: StoredRatios | undefined, run: StoredRatios): StoredRatios {
  const rows = Object.entries({ ...old?.rows, ...run.rows }).sort(([one], [other]) => {
    return one < other ? -1 : 1;
  });
  return { ...run, rows: Object.fromEntries(rows) };
}

function toleranceOf({ spread: [least, most] }: StoredRow): number {
  return Math.min(SLOWER_MAX, Math.max(SLOWER_MIN, most / least));
}

function renderFinding(row: RowResult, stored: StoredRatios): string {
  if (!isMeasured(row)) return `${row.name}: not measured; ${row.failure}`;
  const before = stored.rows[row.name];
  const ratio = row.ratio.toPrecision(3);
  if (before === undefined) return `${row.name} ${ratio}, nothing stored`;
  const words = `${row.name} ${ratio}, stored ${before.ratio.toPrecision(3)}`;
  if (findingOf(row, stored) === "as before") return `${words}: as before`;
  return `${words}: slower than stored by ${(before.ratio / row.ratio).toFixed(1)}x: look`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
