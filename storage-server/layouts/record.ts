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
 * word 0  magic "HAKOREC2"                  word 11  number of images, n
 *      2  version, 2                             12  position of this record in the ring
 *      3  epoch of the incarnation               13  blocks of this header
 *      4  device id, 16 bytes                    14  checksum: CRC-32C of the header, this one as 0
 *      8  sequence (u64)                         15  number of tags, m
 *     10  checksum of the record before          16  table: n entries of 4 words, then
 *                                                    m tags of 5 words
 * ```
 *
 * A table entry is the number of a block of the device (u64), the CRC-32C of the image, and 0; block
 * numbers rise. A tag says which transaction was a client's last when the record was written: the
 * client's badge, its request's sequence, and the badge, sequence and result that the client gave
 * with it. All transactions whose images are in the record have become true by then. So what a
 * request did and the note that it was done become durable together, and an inspector can tell what
 * was done for whom. Badges mean nothing in another boot: recovery never looks at tags.
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
import { TAIL_CLIENTS_MAX } from "./tail.ts";
import { readU64, writeU64 } from "./u64.ts";

/** Most blocks of a header. */
export const HEADER_BLOCKS_MAX = 16;

const MAGIC_LOW = 0x4f4b_4148; // "HAKO"
const MAGIC_HIGH = 0x3243_4552; // "REC2"
const VERSION = 2;
const EPOCH = 3;
const DEVICE_ID = 4;
const SEQUENCE = 8;
const CHAIN = 10;
const COUNT = 11;
const POSITION = 12;
const HEADER_BLOCKS = 13;
const CHECKSUM = 14;
const TAG_COUNT = 15;
const TABLE = 16;
const ENTRY_WORDS = 4;
const TAG_WORDS = 5;

/** Most tags of a record: as many clients as the tail remembers. */
export const RECORD_TAGS_MAX: number = TAIL_CLIENTS_MAX;

/** Most images of a record: what the longest header can name besides all the tags. */
export const RECORD_IMAGES_MAX: number = Math.floor(
  (HEADER_BLOCKS_MAX * BLOCK_WORDS - TABLE - RECORD_TAGS_MAX * TAG_WORDS) / ENTRY_WORDS,
);

/** A client's last transaction. */
export interface LastTransaction {
  /** The client. */
  readonly badge: number;
  /** The number of its request. */
  readonly sequence: number;
  /** The tag that it came with. */
  readonly tagBadge: number;
  /** The tag's sequence. */
  readonly tagSequence: number;
  /** The result that was told with the tag. */
  readonly result: number;
}

/** What a record says, besides its place. */
export interface RecordContent {
  /** The epoch of the incarnation that writes it. */
  readonly epoch: number;
  /** Where each image belongs, rising. */
  readonly blocks: Float64Array;
  /** The CRC-32C of each image. */
  readonly checksums: Uint32Array;
  /** The last transaction of each client. */
  readonly tags: readonly LastTransaction[];
}

/** A record's header, decoded. */
export interface RecordHeader extends RecordContent {
  /** Its number. */
  readonly sequence: number;
  /** Where it starts in the ring. */
  readonly position: number;
  /** Blocks of the header. */
  readonly headerBlocks: number;
  /** Its own checksum, which the next record repeats. */
  readonly checksum: number;
}

/** Blocks of the header of a record of `count` images and `tagCount` tags. */
export function headerBlocksOf(count: number, tagCount: number): number {
  return Math.ceil((TABLE + count * ENTRY_WORDS + tagCount * TAG_WORDS) / BLOCK_WORDS);
}

/** Blocks of a whole record of `count` images and `tagCount` tags. */
export function recordBlocksOf(count: number, tagCount: number): number {
  return headerBlocksOf(count, tagCount) + count;
}

/** The most images of a record that fits in `ringLength` blocks whatever the number of its tags. */
export function imagesMaxOf(ringLength: number): number {
  let count = Math.min(RECORD_IMAGES_MAX, ringLength);
  while (count > 0 && recordBlocksOf(count, RECORD_TAGS_MAX) > ringLength) count--;
  return count;
}

/**
 * Writes a header.
 *
 * @param words Where to: at least as many blocks as `headerBlocksOf` says.
 * @param geometry The device.
 * @param place The record's place in the chain.
 * @param content What it shall say.
 * @returns The header's checksum.
 */
export function encodeRecord(
  words: Uint32Array,
  geometry: Geometry,
  place: RingPlace,
  content: RecordContent,
): number {
  const { blocks, tags } = content;
  const count = blocks.length;
  assert(count <= RECORD_IMAGES_MAX, "a record holds no more images than its table can name");
  assert(tags.length <= RECORD_TAGS_MAX, "a record holds no more tags than there is room for");
  const headerBlocks = headerBlocksOf(count, tags.length);
  const wordCount = headerBlocks * BLOCK_WORDS;
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
  words[HEADER_BLOCKS] = headerBlocks;
  words[TAG_COUNT] = tags.length;
  for (let index = 0; index < count; index++) {
    writeU64(words, TABLE + index * ENTRY_WORDS, blocks[index]!);
    words[TABLE + index * ENTRY_WORDS + 2] = content.checksums[index]!;
  }
  let at = TABLE + count * ENTRY_WORDS;
  for (const { badge, sequence, tagBadge, tagSequence, result } of tags) {
    words.set([badge, sequence, tagBadge, tagSequence, result], at);
    at += TAG_WORDS;
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
  const tagCount = words[TAG_COUNT]!;
  const claimed = words[HEADER_BLOCKS]!;
  const right = count <= RECORD_IMAGES_MAX && tagCount <= RECORD_TAGS_MAX &&
    claimed === headerBlocksOf(count, tagCount) && claimed + count <= geometry.ringLength;
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
    if (block <= previous || block >= geometry.areaBlockCount) return undefined;
    previous = block;
    blocks[index] = block;
    checksums[index] = words[TABLE + index * ENTRY_WORDS + 2]!;
  }
  const tags = decodeTags(words, TABLE + count * ENTRY_WORDS, words[TAG_COUNT]!);
  const epoch = words[EPOCH]!;
  const chain = words[CHAIN]!;
  return { epoch, sequence, position, headerBlocks, blocks, checksums, tags, checksum, chain };
}

function decodeTags(words: Uint32Array, first: number, count: number): LastTransaction[] {
  return Array.from({ length: count }, (_, index) => {
    const at = first + index * TAG_WORDS;
    const [badge, sequence, tagBadge, tagSequence, result] = words.subarray(at, at + TAG_WORDS);
    return {
      badge: badge!,
      sequence: sequence!,
      tagBadge: tagBadge!,
      tagSequence: tagSequence!,
      result: result! | 0,
    };
  });
}
