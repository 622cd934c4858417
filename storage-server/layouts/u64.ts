/**
 * 64-bit numbers in little-endian word arrays, as far as a `number` is exact.
 *
 * @module
 */

import { assert } from "@hako/ipc";

const HIGH_MAX = 0x1f_ffff; // 2^53 - 1 has 21 bits above the low word.

/** Reads the u64 at `words[index]` and the word after it; -1 when it is above 2^53 - 1. */
export function readU64(words: Uint32Array, index: number): number {
  const high = words[index + 1]!;
  return high > HIGH_MAX ? -1 : high * 0x1_0000_0000 + words[index]!;
}

/** Writes an integer from 0 to 2^53 - 1 as the u64 at `words[index]` and the word after it. */
export function writeU64(words: Uint32Array, index: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, "a u64 is written from an exact integer");
  words[index] = value % 0x1_0000_0000;
  words[index + 1] = Math.floor(value / 0x1_0000_0000);
}
