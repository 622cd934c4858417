/**
 * Where things lie on the device, and the superblock that says so.
 *
 * ```
 * block 0                    D                         N-2   N-1   N
 *   | the volume, D blocks   | ring, N-2-D blocks      | S0  | S1  |
 *   +------------------------+-------------------------+-----+-----+
 * ```
 *
 * The volume comes first, so that the image file as a whole is a valid image for the tools of the
 * file system in it (it is only longer than the file system). The ring holds records
 * (`record.ts`). Each superblock write goes to the older of S0 and S1 with a higher generation, so
 * a torn one leaves the other; the valid one of the higher generation counts.
 *
 * A superblock is one block of little-endian words, zero where not listed:
 *
 * ```
 * word  0   magic "HAKOVOL1"         word 12  ring length in blocks
 *       2   version, 1                    13  checkpoint: position in the ring
 *       3   which of the two, 0 or 1      14  checkpoint: sequence (u64)
 *       4   device id, 16 bytes           16  checkpoint: checksum of the record before
 *       8   volume block count (u64)      17  checksum: CRC-32C of words 0..1023, this one as 0
 *      10   first block of the ring (u64) 18  generation (u64)
 * ```
 *
 * All that is not zero lies in the first 512 bytes, so that a disk which writes whole sectors
 * cannot tear it.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";
import { readU64, writeU64 } from "./u64.ts";

/** Words in a block. */
export const BLOCK_WORDS = 1024;

/** Blocks at the end of the device that hold the two superblocks. */
export const SUPERBLOCKS = 2;

/** Words in a device id. */
export const DEVICE_ID_WORDS = 4;

const MAGIC_LOW = 0x4f4b_4148; // "HAKO"
const MAGIC_HIGH = 0x314c_4f56; // "VOL1"
const VERSION = 1;
const WHICH = 3;
const DEVICE_ID = 4;
const VOLUME_BLOCK_COUNT = 8;
const RING_FIRST = 10;
const RING_LENGTH = 12;
const POSITION = 13;
const SEQUENCE = 14;
const CHAIN = 16;
const CHECKSUM = 17;
const GENERATION = 18;
const WORDS_USED = 20;

/** What never changes about a formatted device. */
export interface Geometry {
  /** Chosen at random when the device was formatted; binds records to it. */
  readonly deviceId: Uint32Array;
  /** Blocks of the volume, from block 0 on. */
  readonly volumeBlockCount: number;
  /** First block of the ring. */
  readonly ringFirst: number;
  /** Blocks of the ring. */
  readonly ringLength: number;
}

/** A place in the chain of records. */
export interface RingPlace {
  /** The number of the record at this place, counted since the device was formatted. */
  readonly sequence: number;
  /** The place as a block index within the ring. */
  readonly position: number;
  /** The checksum of the record before it; 0 before the first. */
  readonly chain: number;
}

/** A superblock: replay starts at its place. */
export interface Superblock extends Geometry, RingPlace {
  /** Counts superblock writes; the higher one of two valid superblocks counts. */
  readonly generation: number;
}

/**
 * Writes a superblock into one block.
 *
 * @param words One block of words.
 * @param superblock What it shall say.
 * @param which The place it is written to: 0 or 1.
 */
export function encodeSuperblock(words: Uint32Array, superblock: Superblock, which: number): void {
  words.fill(0);
  words[0] = MAGIC_LOW;
  words[1] = MAGIC_HIGH;
  words[2] = VERSION;
  words[WHICH] = which;
  words.set(superblock.deviceId, DEVICE_ID);
  writeU64(words, VOLUME_BLOCK_COUNT, superblock.volumeBlockCount);
  writeU64(words, RING_FIRST, superblock.ringFirst);
  words[RING_LENGTH] = superblock.ringLength;
  words[POSITION] = superblock.position;
  writeU64(words, SEQUENCE, superblock.sequence);
  words[CHAIN] = superblock.chain;
  writeU64(words, GENERATION, superblock.generation);
  words[CHECKSUM] = crc32c(words, 0, BLOCK_WORDS, 0);
}

/**
 * Reads a superblock out of one block, copied before it is checked.
 *
 * @param source One block of words.
 * @param which The place it was read from: 0 or 1.
 * @param deviceBlockCount The size of the device, which the geometry must fill exactly.
 * @returns `undefined` unless every field is right.
 */
export function decodeSuperblock(
  source: Uint32Array,
  which: number,
  deviceBlockCount: number,
): Superblock | undefined {
  const words = source.slice(0, BLOCK_WORDS);
  const checksum = words[CHECKSUM]!;
  words[CHECKSUM] = 0;
  if (words[0] !== MAGIC_LOW || words[1] !== MAGIC_HIGH || words[2] !== VERSION) return undefined;
  if (crc32c(words, 0, BLOCK_WORDS, 0) !== checksum || words[WHICH] !== which) return undefined;
  const superblock: Superblock = {
    deviceId: words.slice(DEVICE_ID, DEVICE_ID + DEVICE_ID_WORDS),
    volumeBlockCount: readU64(words, VOLUME_BLOCK_COUNT),
    ringFirst: readU64(words, RING_FIRST),
    ringLength: words[RING_LENGTH]!,
    position: words[POSITION]!,
    sequence: readU64(words, SEQUENCE),
    chain: words[CHAIN]!,
    generation: readU64(words, GENERATION),
  };
  const fills = superblock.ringFirst === superblock.volumeBlockCount &&
    superblock.ringFirst >= 0 && superblock.ringLength > 0 &&
    superblock.ringFirst + superblock.ringLength + SUPERBLOCKS === deviceBlockCount;
  const placed = superblock.position < superblock.ringLength && superblock.sequence >= 0 &&
    superblock.generation >= 0;
  return fills && placed && words.subarray(WORDS_USED).every(isZero) ? superblock : undefined;
}

/**
 * Whether a block in a superblock's place may be formatted over: it is all zero, or a superblock
 * whose very first write was torn.
 */
export function isBlankSuperblock(words: Uint32Array): boolean {
  const ours = [MAGIC_LOW, MAGIC_HIGH, VERSION].every((word, index) =>
    words[index] === word || words[index] === 0
  );
  return ours && words.subarray(WORDS_USED).every(isZero);
}

function isZero(word: number): boolean {
  return word === 0;
}
