/**
 * Where things lie on the device, and the superblock that says so.
 *
 * ```
 * block 0              V                    D                         N-2   N-1   N
 *   | volume | volume  | free, if any ...   | ring, N-2-D blocks      | S0  | S1  |
 *   +------------------+--------------------+-------------------------+-----+-----+
 * ```
 *
 * The volumes come first, one behind the other. So the image file of a device with one volume is a
 * valid image for the tools of the file system in it (it is only longer than the file system). The
 * ring holds records (`record.ts`), which name blocks of the device, not of a volume. Each superblock
 * write goes to the older of S0 and S1 with a higher generation, so a torn one leaves the other; the
 * valid one of the higher generation counts.
 *
 * A superblock is one block of little-endian words, zero where not listed:
 *
 * ```
 * word  0   magic "HAKOVOL2"         word 13  checkpoint: position in the ring
 *       2   version, 2                    14  checkpoint: sequence (u64)
 *       3   which of the two, 0 or 1      16  checkpoint: checksum of the record before
 *       4   device id, 16 bytes           17  checksum: CRC-32C of words 0..1023, this one as 0
 *       8   blocks for volumes, D (u64)   18  generation (u64)
 *      10   first block of the ring (u64) 20  number of volumes, 1 to 8
 *      12   ring length in blocks         32  the volumes: 12 words each
 * ```
 *
 * A volume is its name (32 bytes of UTF-8, filled up with zeroes), its first block (u64) and its
 * block count (u64). Volumes stand in the order of their blocks and do not overlap.
 *
 * All that is not zero lies in the first 512 bytes, so that a disk which writes whole sectors
 * cannot tear it. That is why there are no more than eight volumes.
 *
 * Version 1, magic "HAKOVOL1", knew a single volume without a name; it is told of, and not read.
 *
 * @module
 */

import { assert, crc32c } from "@hako/ipc";
import { readU64, writeU64 } from "./u64.ts";

/** Words in a block. */
export const BLOCK_WORDS = 1024;

/** Blocks at the end of the device that hold the two superblocks. */
export const SUPERBLOCKS = 2;

/** Words in a device id. */
export const DEVICE_ID_WORDS = 4;

/** Most volumes of a device. */
export const VOLUMES_MAX = 8;

/** Most bytes of a volume's name, as UTF-8. */
export const VOLUME_NAME_BYTES = 32;

/** Most blocks of a volume: its length in bytes is an exact number. */
export const VOLUME_BLOCKS_MAX: number = 2 ** 41 - 1;

const MAGIC_LOW = 0x4f4b_4148; // "HAKO"
const MAGIC_HIGH = 0x324c_4f56; // "VOL2"
const MAGIC_HIGH_V1 = 0x314c_4f56; // "VOL1"
const VERSION = 2;
const WHICH = 3;
const DEVICE_ID = 4;
const AREA_BLOCKS = 8;
const RING_FIRST = 10;
const RING_LENGTH = 12;
const POSITION = 13;
const SEQUENCE = 14;
const CHAIN = 16;
const CHECKSUM = 17;
const GENERATION = 18;
const VOLUME_COUNT = 20;
const VOLUMES = 32;
const VOLUME_WORDS = 12;
const NAME_WORDS = VOLUME_NAME_BYTES / 4;
const FIRST_SECTOR_WORDS = 128;

/** A volume's place on the device. */
export interface VolumePlace {
  /** Its name: 1 to 32 bytes of UTF-8. */
  readonly name: string;
  /** Its first block. */
  readonly first: number;
  /** How many blocks it has. */
  readonly blockCount: number;
}

/** What never changes about a formatted device. */
export interface Geometry {
  /** Chosen at random when the device was formatted; binds records to it. */
  readonly deviceId: Uint32Array;
  /** Blocks for volumes, from block 0 on. */
  readonly areaBlockCount: number;
  /** First block of the ring. */
  readonly ringFirst: number;
  /** Blocks of the ring. */
  readonly ringLength: number;
  /** The volumes. */
  readonly volumes: readonly VolumePlace[];
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
  const { volumes } = superblock;
  assert(volumes.length <= VOLUMES_MAX, "a superblock has room for its volumes");
  words.fill(0);
  words[0] = MAGIC_LOW;
  words[1] = MAGIC_HIGH;
  words[2] = VERSION;
  words[WHICH] = which;
  words.set(superblock.deviceId, DEVICE_ID);
  writeU64(words, AREA_BLOCKS, superblock.areaBlockCount);
  writeU64(words, RING_FIRST, superblock.ringFirst);
  words[RING_LENGTH] = superblock.ringLength;
  words[POSITION] = superblock.position;
  writeU64(words, SEQUENCE, superblock.sequence);
  words[CHAIN] = superblock.chain;
  writeU64(words, GENERATION, superblock.generation);
  words[VOLUME_COUNT] = volumes.length;
  for (const [index, volume] of volumes.entries()) {
    const at = VOLUMES + index * VOLUME_WORDS;
    words.set(nameWords(volume.name), at);
    writeU64(words, at + NAME_WORDS, volume.first);
    writeU64(words, at + NAME_WORDS + 2, volume.blockCount);
  }
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
  const areaBlockCount = readU64(words, AREA_BLOCKS);
  const volumes = decodeVolumes(words, areaBlockCount);
  if (volumes === undefined) return undefined;
  const superblock: Superblock = {
    deviceId: words.slice(DEVICE_ID, DEVICE_ID + DEVICE_ID_WORDS),
    areaBlockCount,
    ringFirst: readU64(words, RING_FIRST),
    ringLength: words[RING_LENGTH]!,
    volumes,
    position: words[POSITION]!,
    sequence: readU64(words, SEQUENCE),
    chain: words[CHAIN]!,
    generation: readU64(words, GENERATION),
  };
  const fills = superblock.ringFirst === areaBlockCount && areaBlockCount >= 0 &&
    superblock.ringLength > 0 &&
    areaBlockCount + superblock.ringLength + SUPERBLOCKS === deviceBlockCount;
  const placed = superblock.position < superblock.ringLength && superblock.sequence >= 0 &&
    superblock.generation >= 0;
  const used = VOLUMES + volumes.length * VOLUME_WORDS;
  return fills && placed && words.subarray(used).every(isZero) ? superblock : undefined;
}

/** The volumes of a superblock, or `undefined` unless all of them are right. */
function decodeVolumes(words: Uint32Array, areaBlockCount: number): VolumePlace[] | undefined {
  const count = words[VOLUME_COUNT]!;
  if (count < 1 || count > VOLUMES_MAX) return undefined;
  const volumes: VolumePlace[] = [];
  let end = 0;
  for (let index = 0; index < count; index++) {
    const at = VOLUMES + index * VOLUME_WORDS;
    const name = nameOf(words.slice(at, at + NAME_WORDS));
    const first = readU64(words, at + NAME_WORDS);
    const blockCount = readU64(words, at + NAME_WORDS + 2);
    const fits = first >= end && first <= areaBlockCount && blockCount >= 1 &&
      blockCount <= VOLUME_BLOCKS_MAX && blockCount <= areaBlockCount - first;
    if (!fits || name === undefined || volumes.some((other) => other.name === name)) {
      return undefined;
    }
    volumes.push({ name, first, blockCount });
    end = first + blockCount;
  }
  return volumes;
}

/**
 * Whether a block in a superblock's place may be formatted over: it is all zero, or a superblock
 * whose very first write was torn.
 */
export function isBlankSuperblock(words: Uint32Array): boolean {
  const ours = [MAGIC_LOW, MAGIC_HIGH, VERSION].every((word, index) =>
    words[index] === word || words[index] === 0
  );
  return ours && words.subarray(FIRST_SECTOR_WORDS).every(isZero);
}

/** Whether a block is a superblock of the first version. */
export function isFirstVersion(words: Uint32Array): boolean {
  return words[0] === MAGIC_LOW && words[1] === MAGIC_HIGH_V1;
}

/** Whether a volume can have this name. */
export function isVolumeName(name: string): boolean {
  const bytes = new TextEncoder().encode(name);
  return bytes.length >= 1 && bytes.length <= VOLUME_NAME_BYTES &&
    bytes.every((byte) => byte > 0) &&
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) === name;
}

function nameWords(name: string): Uint32Array {
  assert(isVolumeName(name), "a volume's name was checked");
  const words = new Uint32Array(NAME_WORDS);
  new Uint8Array(words.buffer).set(new TextEncoder().encode(name));
  return words;
}

/** The name that fills these words up with zeroes, or `undefined` if none does. */
function nameOf(words: Uint32Array): string | undefined {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, VOLUME_NAME_BYTES);
  const end = bytes.indexOf(0);
  const length = end < 0 ? VOLUME_NAME_BYTES : end;
  if (!bytes.subarray(length).every((byte) => byte === 0)) return undefined;
  const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, length));
  return isVolumeName(name) && new TextEncoder().encode(name).length === length ? name : undefined;
}

function isZero(word: number): boolean {
  return word === 0;
}
