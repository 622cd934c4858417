/**
 * Durations counted in buckets: four equal ones for each doubling, so that a quantile read from them
 * is off by a quarter at most, and usually by far less, at the price of one addition for each call.
 *
 * The bucket is read off the duration's own bits: as a float of 32 bits (IEEE 754) it begins with
 * its exponent, and the two bits after that are the quarter of the doubling.
 *
 * @module
 */

import { TRACE_BUCKETS } from "./limits.ts";

/** How far to shift a float so that exponent and quarter are left. */
const SHIFT = 21;

/** The shortest duration that is told from shorter ones is two to this, in nanoseconds. */
const FIRST_EXPONENT = 7;

/** What is left of the first bucket's float: its exponent is stored with 127 added. */
const FIRST = (127 + FIRST_EXPONENT) << 2;

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The bucket of a duration. Any number has one. Hot path. */
export function bucketOf(durationUs: number): number {
  float[0] = durationUs * 1_000;
  const bucket = (bits[0]! >> SHIFT) - FIRST;
  return bucket < 0 ? 0 : bucket < TRACE_BUCKETS ? bucket : TRACE_BUCKETS - 1;
}

/** The duration at which a bucket begins; what is shorter than the first is in it all the same. */
export function bucketStartUs(bucket: number): number {
  return 2 ** (FIRST_EXPONENT + (bucket >> 2)) * (1 + (bucket & 3) / 4) / 1_000;
}

/**
 * The duration that a share of the calls did not exceed, found within its bucket by the rule of
 * three.
 *
 * @param counts Calls by bucket.
 * @param share From 0 to 1: 0.99 for p99.
 * @returns Microseconds; 0 if there were no calls.
 */
export function quantileUs(counts: ArrayLike<number>, share: number): number {
  let total = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) total += counts[bucket]!;
  const rank = Math.max(1, Math.ceil(share * total));
  let before = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket]!;
    if (count > 0 && before + count >= rank) {
      const startUs = bucketStartUs(bucket);
      return startUs + (bucketStartUs(bucket + 1) - startUs) * (rank - before - 0.5) / count;
    }
    before += count;
  }
  return 0;
}
