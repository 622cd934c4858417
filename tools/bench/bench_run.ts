/**
 * A run of paired rows, as it is written with `--json`.
 *
 * @module
 */

import type { MachineRecord } from "../scenarios/run_record.ts";
import { isDisturbed, quantile } from "./measurement.ts";
import { isMeasured, type MeasuredRow, type RowResult } from "./row_result.ts";
import { isWithinSpread, type Verdict, verdictOf } from "./verdict.ts";

/** A run of paired rows. */
export interface BenchRun {
  /** The version of this format. */
  readonly version: 1;
  /** When it began. */
  readonly began: string;
  /** How long it took. */
  readonly tookMs: number;
  /** Whether the user ended it early. */
  readonly isInterrupted: boolean;
  /** Cores of the machine. */
  readonly cores: number;
  /** Its load before the run: runnable threads, over the last minute. */
  readonly load: number;
  /** The machine, and the versions of what ran. */
  readonly machine: MachineRecord;
  /** Its rows, room by room. */
  readonly rows: readonly RowResult[];
}

/** How many rows came to what. */
export type Tally = Readonly<Record<Verdict | "failed" | "withinSpread", number>>;

/** Counts the verdicts. `withinSpread` are those of the met that another run may tell as missed. */
export function tallyOf(rows: readonly RowResult[]): Tally {
  const tally = { met: 0, bounded: 0, missed: 0, noisy: 0, failed: 0, withinSpread: 0 };
  for (const row of rows) {
    const verdict = isMeasured(row) ? verdictOf(row) : "failed";
    tally[verdict]++;
    if (isMeasured(row) && verdict === "met" && isWithinSpread(row)) tally.withinSpread++;
  }
  return tally;
}

/** The cores that others used during the rows that could tell: the median row's, and the most. */
export function othersDuring(
  rows: readonly RowResult[],
): { readonly median: number; readonly most: number } | undefined {
  const others = rows.filter(isMeasured).flatMap(({ othersCores }) => othersCores ?? []).sort(
    (one, other) => one - other,
  );
  if (others.length === 0) return undefined;
  return { median: quantile(others, 0.5), most: others.at(-1)! };
}

/** The rows that others disturbed, the most disturbed first. */
export function disturbedRows(rows: readonly RowResult[]): MeasuredRow[] {
  return rows.filter(isMeasured).filter(isDisturbed).sort((one, other) => {
    return (other.othersCores ?? 0) - (one.othersCores ?? 0);
  });
}

/** The text of a run for programs: all that is known, and what is said of it. */
export function renderJson(run: BenchRun): string {
  const rows = run.rows.map((row) => {
    if (!isMeasured(row)) return { ...row, verdict: "failed" };
    return { ...row, verdict: verdictOf(row), withinSpread: isWithinSpread(row) };
  });
  const told = {
    ...run,
    othersCores: othersDuring(run.rows) ?? null,
    tally: tallyOf(run.rows),
    rows,
  };
  return JSON.stringify(told, null, 2) + "\n";
}
