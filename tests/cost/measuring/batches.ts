/**
 * Timing short operations by batches of many.
 *
 * @module
 */

import { median } from "../../growth/curve.ts";

/** Nanoseconds in a millisecond. */
export const NS_PER_MS = 1e6;

/** Batches of each measurement. */
const BATCHES = 31;

/** Nanoseconds for one of `count` operations, in the median batch; a few batches first are not counted. */
export function nsPerOperation(count: number, batch: (count: number) => void): number {
  for (let warm = 0; warm < BATCHES >> 1; warm++) batch(count);
  return median(Array.from({ length: BATCHES }, () => {
    const startMs = performance.now();
    batch(count);
    return (performance.now() - startMs) * NS_PER_MS / count;
  }));
}

/** Nanoseconds that one look at the clock takes. */
export function nsPerLookAtTheClock(): number {
  return nsPerOperation(10_000, (count) => {
    for (let i = 0; i < count; i++) performance.now();
  });
}

/**
 * Nanoseconds of one operation of several that can only be done in turn, a run of each after the other.
 *
 * @param runs What is done, each `length` times, again and again.
 * @returns The cost of one operation of each run, less what looking at the clock costs.
 */
export function nsPerTurn(length: number, runs: readonly (() => void)[]): number[] {
  const turns = 1_000;
  const sums: number[][] = runs.map(() => []);
  const clockNs = nsPerLookAtTheClock();
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, run] of runs.entries()) {
      const startMs = performance.now();
      run();
      sums[index]!.push((performance.now() - startMs) * NS_PER_MS);
    }
  }
  return sums.map((times) => Math.max(0, median(times.slice(turns >> 2)) - clockNs) / length);
}
