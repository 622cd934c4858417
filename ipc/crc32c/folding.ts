/**
 * The arithmetic behind the wasm core of CRC-32C, and its constants. Used when the core is built
 * and tested, never in a domain.
 *
 * A CRC is the remainder of the message, as a polynomial over GF(2), by the CRC's own polynomial P.
 * So whatever a multiple of P can cancel may be cancelled first. The core does that in two steps;
 * both keep the remainder and shorten the block.
 *
 * 1. *Elimination*, as in Chorba (Russell, "Chorba: A novel CRC32 implementation", 2024), but with a
 *    multiple of P whose exponents are all multiples of 128:
 *
 *    ```
 *    x^(128*79) + x^(128*75) + x^(128*71) + x^(128*58) + x^(128*18) + x^(128*12) + x^128 + 1
 *    ```
 *
 *    A vector of 16 bytes is cancelled by adding it to the vectors that lie 4, 8, 21, 61, 67, 78 and
 *    79 further on: seven exclusive ors, and no shifts. All but the last 80 vectors go that way.
 * 2. *Folding*: 128 bytes are multiplied by x^1024 modulo P and added to the next 128. The bytes
 *    at `l`, `l + 32`, `l + 64` and `l + 96` make one column. As T, which takes a column to its
 *    remainder, can be inverted, that product is a linear map of columns: T^-1 * x^1024 * T. It is
 *    looked up by nibbles, 16 bytes at a time, with `i8x16.swizzle`.
 *
 * The search for the multiple was exhaustive for eight terms below 86 vectors; this is the shortest.
 *
 * @module
 */

import { assert } from "../assert.ts";

/** P, reflected: bit 31 is the coefficient of x^0. */
const POLYNOMIAL = 0x82f63b78;

/** How far on each eliminated vector is added, in vectors of 16 bytes. */
export const DISTANCES = [4, 8, 21, 61, 67, 78, 79] as const;

/** Bytes that are folded at a time. */
export const CHUNK_BYTES = 128;

/** Bytes between those that make a column. */
const COLUMN_STRIDE = 32;

/** A linear map of 32 bits: where it takes each bit. */
type BitMap = readonly number[];

/** The text of `assembly/constants.ts`. */
export function crc32cConstants(): string {
  return [
    "// Generated from ipc/crc32c/folding.ts by `deno task build`. Do not edit.",
    ...DISTANCES.map((distance, index) => `export const D${index}: u32 = ${distance * 16};`),
    "export const FOLD: u32 = <u32> memory.data<u8>([",
    ...rowsOf(foldTable(), 32).map((row) => `  ${row.join(", ")},`),
    "], 16);",
    "",
  ].join("\n");
}

/** The remainder after `byteLength` further bytes of zero: times x^(8 * byteLength). */
export function shifted(remainder: number, byteLength: number): number {
  let shifted = remainder;
  for (let bit = 0; bit < 8 * byteLength; bit++) {
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return shifted >>> 0;
}

/**
 * The lookups of a fold: 16 bytes for each plane of a column, its low and high nibble, and each
 * plane of the product, in this order.
 */
function foldTable(): Uint8Array {
  const product = foldMap();
  const table = new Uint8Array(4 * 2 * 4 * 16);
  let at = 0;
  for (let shift = 0; shift < 32; shift += 4) {
    for (let plane = 0; plane < 4; plane++) {
      for (let nibble = 0; nibble < 16; nibble++) {
        table[at++] = applied(product, nibble << shift) >>> (8 * plane);
      }
    }
  }
  return table;
}

/** What folding does to a column: T^-1 * x^1024 * T. */
function foldMap(): BitMap {
  const remainders = Array.from({ length: 32 }, (_, bit) => {
    const at = (bit >>> 3) * COLUMN_STRIDE;
    return shifted(1 << (bit & 7), CHUNK_BYTES - at);
  });
  const columns = inverted(remainders);
  return remainders.map((remainder) => applied(columns, shifted(remainder, CHUNK_BYTES)));
}

function applied(map: BitMap, bits: number): number {
  return map.reduce((sum, image, bit) => (bits >>> bit) & 1 ? sum ^ image : sum, 0) >>> 0;
}

/** The inverse of a map, by elimination. */
function inverted(map: BitMap): BitMap {
  const images = [...map];
  const inverse = images.map((_, bit) => (1 << bit) >>> 0);
  for (let bit = 0; bit < 32; bit++) {
    const pivot = images.findIndex((image, index) => index >= bit && (image >>> bit) & 1);
    assert(pivot >= 0, "the bytes of a column determine its remainder, and it them");
    for (const list of [images, inverse]) [list[bit], list[pivot]] = [list[pivot]!, list[bit]!];
    for (let other = 0; other < 32; other++) {
      if (other === bit || ((images[other]! >>> bit) & 1) === 0) continue;
      images[other] = (images[other]! ^ images[bit]!) >>> 0;
      inverse[other] = (inverse[other]! ^ inverse[bit]!) >>> 0;
    }
  }
  return inverse;
}

function rowsOf(bytes: Uint8Array, length: number): number[][] {
  const rows: number[][] = [];
  for (let at = 0; at < bytes.length; at += length) rows.push([...bytes.subarray(at, at + length)]);
  return rows;
}
