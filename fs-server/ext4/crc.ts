/**
 * The two checksums of ext4's metadata. Seeds and results are those of `crc32c` in `@hako/ipc`: the
 * disk holds their complement, since ext4 never inverts the register.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";
import { SUPERBLOCK as SB } from "./layouts/superblock.ts";

const POLYNOMIAL_32 = 0x82f63b78; // Castagnoli's, reflected.
const POLYNOMIAL_16 = 0xa001; // CRC-16/ARC, reflected.

/** What {@linkcode crc32cOf} reads: bytes, and the same bytes as words. */
export interface Summed {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** The same as little-endian words. */
  readonly words: Uint32Array;
}

/** The CRC-32C of a run of bytes that begins at a word and may end anywhere. */
export function crc32cOf(source: Summed, offset: number, byteLength: number, seed: number): number {
  const count = byteLength >>> 2;
  let crc = crc32c(source.words, offset >>> 2, count, seed);
  for (let at = offset + 4 * count; at < offset + byteLength; at++) {
    const register = ~crc;
    crc = ~((register >>> 8) ^ crc32cOfByte((register ^ (source.bytes[at] ?? 0)) & 255)) >>> 0;
  }
  return crc;
}

const byteSums = new Uint32Array(256);

/** What a byte makes of an empty register, without the complements of a whole CRC-32C. */
export function crc32cOfByte(byte: number): number {
  const known = byteSums[byte] ?? 0;
  if (known !== 0 || byte === 0) return known;
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) {
    sum = (sum & 1) !== 0 ? (sum >>> 1) ^ POLYNOMIAL_32 : sum >>> 1;
  }
  byteSums[byte] = sum;
  return sum >>> 0;
}

const word = new Uint32Array(1);

/** The CRC-32C of one little-endian word. */
export function crc32cOfWord(value: number, seed: number): number {
  word[0] = value;
  return crc32c(word, 0, 1, seed);
}

/** The CRC-16 of a run of bytes; 0xffff is the seed to start. */
export function crc16Of(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let crc = seed;
  for (let at = from; at < to; at++) {
    crc ^= bytes[at] ?? 0;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 1) !== 0 ? (crc >>> 1) ^ POLYNOMIAL_16 : crc >>> 1;
    }
  }
  return crc;
}

/**
 * The checksum of a superblock, as the superblock holds it.
 *
 * @param superblock Its 1024 bytes, aligned to words.
 */
export function superblockChecksum(superblock: DataView): number {
  const count = SB.checksum / 4;
  const words = new Uint32Array(superblock.buffer, superblock.byteOffset, count);
  return ~crc32c(words, 0, count, 0) >>> 0;
}
