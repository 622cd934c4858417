/**
 * Runs the benchmarks that were chosen, and tells each room as soon as it is measured.
 *
 * @module
 */

import type { MachineRecord } from "../scenarios/run_record.ts";
import { renderDuration } from "../terminal/progress.ts";
import type { Style } from "../terminal/style.ts";
import type { FiledRow } from "./bench_files.ts";
import type { BenchRun } from "./bench_run.ts";
import { renderRoom, renderSummary } from "./report.ts";
import { byRoom } from "./rooms.ts";
import type { RowResult } from "./row_result.ts";
import type { RowRunner } from "./run_rows.ts";

/** What {@linkcode runWhole} depends on. */
export interface WholeOptions {
  /** The rows, room by room. */
  readonly chosen: readonly FiledRow[];
  /** Measures them. */
  readonly runner: Pick<RowRunner, "run" | "expectedMs">;
  /** Rounds of each. */
  readonly rounds: number;
  /** When it began. */
  readonly began: Date;
  /** The load of the machine before we loaded it ourselves. */
  readonly load: number;
  /** Aborted if the user wants no more. */
  readonly interruption: AbortSignal;
  /** Where it happens. */
  readonly machine: MachineRecord;
  /** Tells some lines. */
  readonly print: (lines: string) => void;
  /** How they look. */
  readonly style: Style;
}

/** Measures all rows, room by room, or those that the user waits for. */
export async function runWhole(options: WholeOptions): Promise<BenchRun> {
  const { chosen, runner, rounds, began, load, interruption, machine, print, style } = options;
  const time = renderDuration(runner.expectedMs);
  print(`bench: ${chosen.length} rows, ${rounds} rounds, about ${time} on a quiet machine\n`);
  const all: RowResult[] = [];
  for (
    const [room, rows] of byRoom(chosen.map(({ row, path }) => ({ name: row.name, row, path })))
  ) {
    const results: RowResult[] = [];
    for (const filed of rows) {
      const result = await runner.run(filed);
      if (result !== undefined) results.push(result);
      if (interruption.aborted) break;
    }
    if (results.length > 0) print(renderRoom(room, results, style) + "\n");
    all.push(...results);
    if (interruption.aborted) break;
  }
  const run: BenchRun = {
    version: 1,
    began: began.toISOString(),
    tookMs: Math.round(Date.now() - began.getTime()),
    isInterrupted: interruption.aborted,
    cores: machine.cores,
    load,
    machine,
    rows: all,
  };
  print(renderSummary(run, style));
  return run;
}
