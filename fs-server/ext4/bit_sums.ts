/**
 * By how much each bit of a bitmap changes the bitmap's CRC-32C. The checksum is linear: when bits
 * flip, the exclusive or of their numbers here is what flips in it, wherever the rest stands. So a
 * small change costs no pass over the whole bitmap.
 *
 * @module
 */

import { crc32cOfByte } from "./crc.ts";

/** Numbers for a bitmap of so many bytes. */
export class BitSums {
  readonly #sums: Uint32Array;

  /** Makes the table for the bytes of a bitmap that count. */
  constructor(byteLength: number) {
    const sums = new Uint32Array(byteLength * 8);
    // The last byte's bits go through the register once, those before it once more for each byte.
    for (let bit = 0; bit < 8; bit++) {
      let sum = crc32cOfByte(1 << bit);
      for (let at = byteLength - 1; at >= 0; at--) {
        sums[at * 8 + bit] = sum;
        sum = (sum >>> 8) ^ crc32cOfByte(sum & 255);
      }
    }
    this.#sums = sums;
  }

  /** What flips in the checksum when a run of bits flips. */
  ofRun(start: number, count: number): number {
    let sum = 0;
    for (let bit = start; bit < start + count; bit++) sum ^= this.#sums[bit] ?? 0;
    return sum >>> 0;
  }
}
