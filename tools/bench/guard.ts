/**
 * Compares ratios with those that were stored: whether something has become much slower than it was,
 * on whatever machine. It reports and judges nobody: a machine that others use can halve any ratio.
 *
 * @module
 */

import type { RowResult } from "./row_result.ts";

/** Ratios that were measured on a quiet machine, by row. */
export interface StoredRatios {
  /** The version of this format. */
  readonly version: 1;
  /** When they were measured. */
  readonly measured: string;
  /** How many times faster or smaller than its peer each row was. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** A ratio below this share of the stored one is told as slower. */
export const SLOWER_SHARE = 0.5;

/** A line for each row that has a stored ratio, and one for all. */
export function compareRatios(rows: readonly RowResult[], { ratios }: StoredRatios): string[] {
  let slower = 0;
  const lines = rows.flatMap((row) => {
    const stored = ratios[row.name];
    if (stored === undefined || !("ratio" in row)) return [];
    const isSlower = row.ratio < stored * SLOWER_SHARE;
    if (isSlower) slower++;
    const share = `${Math.round(row.ratio / stored * 100)}%`.padStart(5);
    const words = `ratio ${row.ratio.toPrecision(3)}, stored ${stored.toPrecision(3)}`;
    return [`${share}  ${row.name}  ${words}${isSlower ? "  SLOWER" : ""}`];
  });
  const sum = slower === 0
    ? `guard: none of ${lines.length} rows is slower than half of what it was`
    : `guard: ${slower} of ${lines.length} rows slower than half of what they were; measure them ` +
      "again when the machine is quiet";
  return [...lines, sum];
}

/** Ratios to store. */
export function storedRatios(rows: readonly RowResult[], measured: Date): StoredRatios {
  const told = rows.flatMap((row) =>
    "ratio" in row ? [[row.name, Number(row.ratio.toPrecision(3))] as const] : []
  );
  const sorted = told.sort(([one], [other]) => one < other ? -1 : 1);
  return {
    version: 1,
    measured: measured.toISOString().slice(0, 10),
    ratios: Object.fromEntries(sorted),
  };
}
