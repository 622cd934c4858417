/**
 * Measures rows one after the other, and shows how far that is.
 *
 * @module
 */

import { renderBar, renderDuration, StatusLine, terminalOptions } from "../terminal/progress.ts";
import type { FiledRow } from "./bench_files.ts";
import { ExpectedTime } from "./expected_time.ts";
import type { Measurement } from "./measurement.ts";
import { type Bench, measureInProcess } from "./one_side/measuring_process.ts";
import { type Side, sidesOf } from "./paired_row.ts";
import { Repeats } from "./repeats.ts";
import { type RowResult, runRow } from "./row_result.ts";

/** What {@linkcode RowRunner} depends on. */
export interface RunOptions {
  /** Where measurements happen. */
  readonly bench: Bench;
  /** Rounds of each row. */
  readonly rounds: number;
  /** Whether no progress is shown. */
  readonly quiet: boolean;
  /** Seconds that a round of a row took when it was stored. */
  readonly storedSeconds: (name: string) => number | undefined;
}

/** Columns of the name in the progress line: it does not jump from row to row. */
const NAME_COLUMNS = 32;

/** The measuring of some rows. */
export class RowRunner implements Disposable {
  readonly #options: RunOptions;
  readonly #repeats = new Repeats();
  readonly #expected: ExpectedTime;
  readonly #seconds = new Map<string, number>();
  readonly #line: StatusLine;

  /** @param rows All that will be measured. */
  constructor(rows: readonly FiledRow[], options: RunOptions) {
    this.#options = options;
    this.#line = new StatusLine(terminalOptions(options));
    const expected = rows.map(({ row }) => ({ name: row.name, sideCount: sidesOf(row).length }));
    this.#expected = new ExpectedTime(expected, options.rounds, options.storedSeconds);
  }

  /** Milliseconds that all of it is expected to take. */
  get expectedMs(): number {
    return this.#expected.totalSeconds * 1e3;
  }

  /** Seconds that a round of a row that was measured took. */
  secondsOf(name: string): number {
    return this.#seconds.get(name) ?? 0;
  }

  /** Measures one row; `undefined` if the user wants no more before its first round is over. */
  async run(
    filed: FiledRow,
    rounds: number = this.#options.rounds,
  ): Promise<RowResult | undefined> {
    const { name } = filed.row;
    const startMs = performance.now();
    const result = await runRow(filed.row, rounds, (_row, side) => this.#measure(filed, side));
    this.#line.erase();
    this.#expected.over(name);
    this.#seconds.set(name, (performance.now() - startMs) / 1e3 / rounds);
    return result;
  }

  /** Erases the progress line. */
  [Symbol.dispose](): void {
    this.#line.erase();
  }

  async #measure(filed: FiledRow, side: Side): Promise<Measurement> {
    const { name } = filed.row;
    this.#line.draw(() => this.#progress(`${name} ${side}`), true);
    const startMs = performance.now();
    const measurement = await this.#repeats.measureQuietly(() => {
      return measureInProcess(filed, side, this.#options.bench);
    });
    this.#expected.measured(name, (performance.now() - startMs) / 1e3);
    return measurement;
  }

  #progress(what: string): string {
    const { leftSeconds, totalSeconds, doneSeconds } = this.#expected;
    const left = `${renderDuration(leftSeconds * 1e3)} left`;
    const line = `${renderBar(doneSeconds / totalSeconds)}  ${left}  ${
      what.slice(0, NAME_COLUMNS)
    }`;
    return line.slice(0, this.#line.width - 1);
  }
}
