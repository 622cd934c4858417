/**
 * Where the parts of a trace record lie, and the checksum that makes it one.
 *
 * @module
 */

import { TRACE_RECORD } from "../layouts/trace.ts";

/** Words of 32 bits in a record. */
export const RECORD_WORDS: number = TRACE_RECORD.byteLength >> 2;

/** Index of the word that holds the checksum: the last one. */
export const CHECK_WORD: number = TRACE_RECORD.at.check >> 2;

/** An odd number whose bits are in no order: two to the 32nd by the golden ratio. */
const MIX = 0x9e3779b1;

/**
 * The checksum of the record whose first word is at `first`. It is never that of a record of zeros.
 * Hot path.
 */
export function checkOf(words: Int32Array, first: number): number {
  let check = MIX | 0;
  for (let word = first; word < first + CHECK_WORD; word++) {
    check = Math.imul(check ^ words[word]!, MIX);
    check ^= check >>> 15;
  }
  return check;
}
