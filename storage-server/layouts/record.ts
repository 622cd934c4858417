/**
 * A journal record: block images that become true together, on disk in the ring.
 *
 * ```
 * | header, 1 to 16 blocks | image 0 | image 1 | ... | image n-1 |     wraps at the ring's end
 * ```
 *
 * The header is little-endian words, zero where not listed:
 *
 * ```
 * word 0  magic "HAKOREC1"                  word 11  number of images, n
 *      2  version, 1                             12  position of this record in the ring
 *      3  epoch of the incarnation               13  blocks of this header
 *      4  device id, 16 bytes                    14  checksum: CRC-32C of the header, this one as 0
 *      8  sequence (u64)                         15  0
 *     10  checksum of the record before          16  table: n entries of 4 words
 * ```
 *
 * A table entry is the block number (u64), the CRC-32C of the image, and 0; block numbers rise.
 *
 * The images are durable before the header is written. So a record whose header is not valid at
 * the end of the chain never happened (a torn tail), but an image that does not match a valid
 * header is damage. The checksum binds a record to its device, its place, its sequence and its
 * predecessor, so an old record in reused space never passes for a new one.
 *
 * @module
 */

import { assert, crc32c } from "@hako/ipc";
import { BLOCK_WORDS, DEVICE_ID_WORDS, type Geometry, type RingPlace } from "./superblock.ts";
import { readU64, writeU64 } from "./u64.ts";

/** Most blocks of a header. */
export const HEADER_BLOCKS_MAX = 16;

const MAGIC_LOW = 0x4f4b_4148; // "HAKO"
const MAGIC_HIGH = 0x3143_4552; // "REC1"
const VERSION = 1;
const EPOCH = 3;
const DEVICE_ID = 4;
const SEQUENCE = 8;
const CHAIN = 10;
const COUNT = 11;
const POSITION = 12;
const HEADER_BLOCKS = 13;
const CHECKSUM = 14;
const TABLE = 16;
const ENTRY_WORDS = 4;

/** Most images of a record: what the table of the longest header can name. */
export const RECORD_IMAGES_MAX: number = (HEADER_BLOCKS_MAX * BLOCK_WORDS - TABLE) / ENTRY_WORDS;

/** A record's header, decoded. */
export interface RecordHeader {
  /** The epoch of the incarnation that wrote it. */
  readonly epoch: number;
  /** Its number. */
  readonly sequence: number;
  /** Where it starts in the ring. */
  readonly position: number;
  /** Blocks of the header. */
  readonly headerBlocks: number;
  /** Where each image belongs, rising. */
  readonly blocks: Float64Array;
  /** The CRC-32C of each image. */
  readonly checksums: Uint32Array;
  /** Its own checksum, which the next record repeats. */
  readonly checksum: number;
}

/** Blocks of the header of a record of `count` images. */
export function headerBlocksOf(count: number): number {
  return Math.ceil((TABLE + count * ENTRY_WORDS) / BLOCK_WORDS);
}

/** Blocks of a whole record of `count` images. */
export function recordBlocksOf(count: number): number {
  return headerBlocksOf(count) + count;
}

/** The most images of a record that fits in `ringLength` blocks. */
export function imagesMaxOf(ringLength: number): number {
  let count = Math.min(RECORD_IMAGES_MAX, ringLength);
  while (count > 0 && recordBlocksOf(count) > ringLength) count--;
  return count;
}

/**
 * Writes a header.
 *
 * @param words Where to: at least `headerBlocksOf(blocks.length)` blocks.
 * @param geometry The device.
 * @param place The record's place in the chain.
 * @param content The images' block numbers, rising, their checksums, and the writer's epoch.
 * @returns The header's checksum.
 */
export function encodeRecord(
  words: Uint32Array,
  geometry: Geometry,
  place: RingPlace,
  content: { epoch: number; blocks: Float64Array; checksums: Uint32Array },
): number {
  const count = content.blocks.length;
  assert(count <= RECORD_IMAGES_MAX, "a record holds no more images than its table can name");
  const wordCount = headerBlocksOf(count) * BLOCK_WORDS;
  words.fill(0, 0, wordCount);
  words[0] = MAGIC_LOW;
  words[1] = MAGIC_HIGH;
  words[2] = VERSION;
  words[EPOCH] = content.epoch;
  words.set(geometry.deviceId, DEVICE_ID);
  writeU64(words, SEQUENCE, place.sequence);
  words[CHAIN] = place.chain;
  words[COUNT] = count;
  words[POSITION] = place.position;
  words[HEADER_BLOCKS] = headerBlocksOf(count);
  for (let index = 0; index < count; index++) {
    writeU64(words, TABLE + index * ENTRY_WORDS, content.blocks[index]!);
    words[TABLE + index * ENTRY_WORDS + 2] = content.checksums[index]!;
  }
  const checksum = crc32c(words, 0, wordCount, 0);
  words[CHECKSUM] = checksum;
  return checksum;
}

/**
 * How many blocks the header that starts with this block claims to have; 0 when the block does not
 * start a header of this device.
 */
export function headerBlocksClaimed(words: Uint32Array, geometry: Geometry): number {
  if (words[0] !== MAGIC_LOW || words[1] !== MAGIC_HIGH || words[2] !== VERSION) return 0;
  for (let index = 0; index < DEVICE_ID_WORDS; index++) {
    if (words[DEVICE_ID + index] !== geometry.deviceId[index]) return 0;
  }
  const count = words[COUNT]!;
  const claimed = words[HEADER_BLOCKS]!;
  const right = count <= RECORD_IMAGES_MAX && claimed === headerBlocksOf(count) &&
    claimed + count <= geometry.ringLength;
  return right ? claimed : 0;
}

/**
 * Reads a header of this device, copied before it is checked.
 *
 * @param source All its blocks.
 * @param geometry The device.
 * @param position Where in the ring it was read.
 * @returns `undefined` unless every field is right. Sequence and predecessor are not judged here.
 */
export function decodeRecord(
  source: Uint32Array,
  geometry: Geometry,
  position: number,
): (RecordHeader & { readonly chain: number }) | undefined {
  const headerBlocks = headerBlocksClaimed(source, geometry);
  if (headerBlocks === 0 || source.length < headerBlocks * BLOCK_WORDS) return undefined;
  const words = source.slice(0, headerBlocks * BLOCK_WORDS);
  const checksum = words[CHECKSUM]!;
  words[CHECKSUM] = 0;
  if (crc32c(words, 0, words.length, 0) !== checksum) return undefined;
  if (headerBlocksClaimed(words, geometry) !== headerBlocks) return undefined; // It changed.
  const sequence = readU64(words, SEQUENCE);
  if (sequence < 0 || words[POSITION] !== position) return undefined;
  const count = words[COUNT]!;
  const blocks = new Float64Array(count);
  const checksums = new Uint32Array(count);
  let previous = -1;
  for (let index = 0; index < count; index++) {
    const block = readU64(words, TABLE + index * ENTRY_WORDS);
    if (block <= previous || block >= geometry.volumeBlockCount) return undefined;
    previous = block;
    blocks[index] = block;
    checksums[index] = words[TABLE + index * ENTRY_WORDS + 2]!;
  }
  const epoch = words[EPOCH]!;
  const chain = words[CHAIN]!;
  return { epoch, sequence, position, headerBlocks, blocks, checksums, checksum, chain };
}
