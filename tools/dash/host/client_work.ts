/**
 * What one client tells of its operations, as a rate.
 *
 * @module
 */

import type { PulseReport } from "../../record/pulse.ts";
import type { WorkReading } from "../lines.ts";

/** Over how long the rate is taken. */
const RATE_MS = 1_000;

/** The operations of one client. */
export class ClientWork {
  readonly #recent: { readonly atMs: number; readonly operations: number }[] = [];
  #operations = 0;
  #errors = 0;

  /** Takes a report. */
  add({ counts, failed }: Pick<PulseReport, "counts" | "failed">, atMs: number): void {
    const operations = counts.reduce((sum, count, i) => i % 2 === 1 ? sum + count : sum, 0);
    this.#operations += operations;
    this.#errors += failed;
    this.#recent.push({ atMs, operations });
    this.#forget(atMs);
  }

  /** What it has done by some time. */
  reading(atMs: number): WorkReading {
    this.#forget(atMs);
    const perSecond = this.#recent.reduce((sum, { operations }) => sum + operations, 0);
    return { perSecond, operations: this.#operations, errors: this.#errors };
  }

  #forget(atMs: number): void {
    while (this.#recent.length > 0 && this.#recent[0]!.atMs <= atMs - RATE_MS) this.#recent.shift();
  }
}
