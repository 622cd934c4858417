/**
 * What the samples of these benchmarks have in common.
 *
 * @module
 */

/** Nanoseconds in a millisecond. */
export const NS_PER_MS = 1e6;

/** Long enough that terminated workers are gone, and that a warm spare has loaded its module. */
export const SETTLE_MS = 100;

/** Leaves the thread to others. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
