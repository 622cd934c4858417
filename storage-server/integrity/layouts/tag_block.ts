/**
 * Tags of blocks, 508 in a tag block, and where a leg keeps which.
 *
 * A tag is two words: a guard, and the write sequence that it was made under.
 *
 * ```
 * guard = CRC-32C of the block, exclusive-or a mix of the block's number and the sequence
 * (0, 0)  nothing is known: never written, or lost      (1, 0)  discarded: it may read as anything
 * ```
 *
 * The mix makes a tag worthless in any other place. A sequence is never 0.
 *
 * Tag block `n` of a layer of `T` is block `N-2-T+n` of a leg of `N`. Each region has tag blocks of
 * its own, so none is ever written but while its region is dirty. A tag block is one block of
 * little-endian words:
 *
 * ```
 * word  0   magic "TAGS"             word  4  stamp: the later written counts (u64)
 *       1   checksum, as in a label        6  first word of the layer id
 *       2   its own number n (u64)         7  zero
 *                                          8  508 tags
 * ```
 *
 * A block of zeroes is a tag block that was never written.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";
import { BLOCK_WORDS } from "../../layouts/superblock.ts";
import { readU64, writeU64 } from "../../layouts/u64.ts";
import { LABELS, type LayerShape, REGIONS_MAX } from "./label.ts";

/** Tags in a tag block. */
export const TAGS_PER_BLOCK = 508;

/** First word of the tags in a tag block. */
export const TAGS_AT = 8;

/** The guard of a tag of sequence 0 that says "discarded". */
export const DISCARDED = 1;

const MAGIC = 0x5347_4154; // "TAGS"
const CHECKSUM = 1;
const NUMBER = 2;
const STAMP = 4;
const LAYER = 6;
const RESERVED = 7;

/** Finishes a tag block: its tags are in place. */
export function encodeTagBlock(
  words: Uint32Array,
  shape: LayerShape,
  place: { readonly number: number; readonly stamp: number },
): void {
  words[0] = MAGIC;
  words[CHECKSUM] = 0;
  writeU64(words, NUMBER, place.number);
  writeU64(words, STAMP, place.stamp);
  words[LAYER] = shape.layerId[0]!;
  words[RESERVED] = 0;
  words[CHECKSUM] = crc32c(words, 0, BLOCK_WORDS, 0);
}

/**
 * The stamp of a tag block: 0 if it was never written, -1 if it is none, or not this one.
 *
 * @param words A private copy of one block; its checksum is cleared.
 */
export function stampOf(words: Uint32Array, shape: LayerShape, number: number): number {
  const checksum = words[CHECKSUM]!;
  words[CHECKSUM] = 0;
  if (words[0] === 0 && checksum === 0 && words.every((word) => word === 0)) return 0;
  const whole = words[0] === MAGIC && crc32c(words, 0, BLOCK_WORDS, 0) === checksum;
  const placed = readU64(words, NUMBER) === number && words[LAYER] === shape.layerId[0];
  return whole && placed ? readU64(words, STAMP) : -1;
}

/** The stamp that a tag block in memory was last written with; 0 if it never was. */
export function stampIn(words: Uint32Array): number {
  return readU64(words, STAMP);
}

/** What is mixed into the guard of a block. Hot path. */
export function bindingOf(block: number, sequence: number): number {
  const high = Math.floor(block / 0x1_0000_0000);
  let mixed = Math.imul((block >>> 0) ^ 0x9e37_79b9, 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ sequence, 0xc2b2_ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 13) ^ high, 0x27d4_eb2f);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Tag blocks that a region has for its own; the last region may have fewer. */
export function tagBlocksPerRegion(shape: LayerShape): number {
  return shape.isTagged ? Math.ceil(shape.regionBlocks / TAGS_PER_BLOCK) : 0;
}

/** Tag blocks of a layer. */
export function tagBlockCount(shape: Omit<LayerShape, "layerId">): number {
  if (!shape.isTagged) return 0;
  const whole = Math.floor(shape.dataBlocks / shape.regionBlocks);
  const rest = shape.dataBlocks % shape.regionBlocks;
  return whole * Math.ceil(shape.regionBlocks / TAGS_PER_BLOCK) + Math.ceil(rest / TAGS_PER_BLOCK);
}

/** Blocks at the end of a leg that are not the layer's own. */
export function metadataBlocks(shape: Omit<LayerShape, "layerId">): number {
  return tagBlockCount(shape) + LABELS;
}

/** Fewest blocks of a region by default: what one tag block is for. */
export function regionBlocksFor(dataBlocks: number): number {
  const tagBlocks = Math.ceil(dataBlocks / TAGS_PER_BLOCK / REGIONS_MAX);
  return Math.max(1, tagBlocks) * TAGS_PER_BLOCK;
}

/** The most blocks that a layer can have on legs of `legBlocks`; less than 1 if there is no room. */
export function dataBlocksFor(legBlocks: number, regionBlocks: number, isTagged: boolean): number {
  const excessOf = (dataBlocks: number): number =>
    dataBlocks + metadataBlocks({ dataBlocks, regionBlocks, isTagged }) - legBlocks;
  let dataBlocks = legBlocks - LABELS;
  while (dataBlocks > 0 && excessOf(dataBlocks) > 0) dataBlocks -= excessOf(dataBlocks);
  while (dataBlocks > 0 && excessOf(dataBlocks + 1) <= 0) dataBlocks++;
  return dataBlocks;
}
