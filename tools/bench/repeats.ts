/**
 * Measures again what others disturbed, as long as that has a prospect.
 *
 * On a machine that is disturbed now and then every disturbed measurement is worth another. On one that
 * is always busy a repeat is no better than the first, and takes the time of all that is still to be
 * measured; so repeats must be earned by measurements that were left alone.
 *
 * @module
 */

import { isDisturbed, type Measurement } from "./measurement.ts";

/** Times that a measurement is made, at most. */
const ATTEMPTS_MAX = 3;

/** Repeats that a run begins with. */
const SAVED_FIRST = 4;

/** Repeats that a quiet measurement earns: so many of them are a sixth of the run at most. */
const EARNED = 1 / 6;

/** More than this are not saved for later. */
const SAVED_MAX = 20;

/** The repeats of a run. */
export class Repeats {
  #saved = SAVED_FIRST;

  /** Measures, and again while others use the cores; the least disturbed measurement counts. */
  async measureQuietly(measureOnce: () => Promise<Measurement>): Promise<Measurement> {
    let best = await measureOnce();
    for (let attempt = 1; attempt < ATTEMPTS_MAX && isDisturbed(best); attempt++) {
      if (this.#saved < 1) return best;
      this.#saved--;
      const next = await measureOnce();
      if ((next.othersCores ?? 0) < (best.othersCores ?? 0)) best = next;
    }
    if (!isDisturbed(best)) this.#saved = Math.min(SAVED_MAX, this.#saved + EARNED);
    return best;
  }
}
