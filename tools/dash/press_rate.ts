/**
 * How often buttons may be pressed: faster than any finger, slower than a program that went wild.
 *
 * @module
 */

/** Presses that may come at once. */
export const BURST_MAX = 40;

/** Presses that may come in a second for long. */
export const PER_SECOND_MAX = 20;

/** A bucket of presses that fills with time. */
export class PressRate {
  readonly #nowMs: () => number;
  #left: number = BURST_MAX;
  #lastMs: number;

  /** A full bucket, and the clock by which it fills. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#lastMs = nowMs();
  }

  /** Takes one press out of the bucket, if there is one in it. */
  take(): boolean {
    const nowMs = this.#nowMs();
    const filled = (nowMs - this.#lastMs) / 1_000 * PER_SECOND_MAX;
    this.#left = Math.min(BURST_MAX, this.#left + filled);
    this.#lastMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
