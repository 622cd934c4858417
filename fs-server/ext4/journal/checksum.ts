/**
 * The checksums of journals: CRC-32C as Linux seeds it, and the CRC-32 of the first checksummed
 * journals, whose bits run the other way.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";

const POLYNOMIAL = 0x04c1_1db7;

let table: Uint32Array | undefined;

/** The CRC-32C of words, without the inversions at begin and end that `@hako/ipc`'s has. */
export function journalCrc32c(words: Uint32Array, seed: number): number {
  return ~crc32c(words, 0, words.length, ~seed >>> 0) >>> 0;
}

/** What checksums of a journal with version 2 or 3 start from. */
export function journalSeed(uuid: Uint8Array): number {
  return journalCrc32c(new Uint32Array(uuid.slice().buffer), 0xffff_ffff);
}

/** The sum of the image of a block that was written with a transaction. */
export function imageChecksum(words: Uint32Array, sequence: number, seed: number): number {
  const number = new DataView(new ArrayBuffer(4));
  number.setUint32(0, sequence);
  return journalCrc32c(words, journalCrc32c(new Uint32Array(number.buffer), seed));
}

/** The CRC-32 whose highest bit comes first, of bytes, from the sum of those before. */
export function crc32HighFirst(bytes: Uint8Array, seed: number): number {
  table ??= buildTable();
  let crc = seed;
  for (let index = 0; index < bytes.length; index++) {
    crc = (crc << 8) ^ table[(crc >>> 24) ^ bytes[index]!]!;
  }
  return crc >>> 0;
}

function buildTable(): Uint32Array {
  const made = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
    made[byte] = crc;
  }
  return made;
}
