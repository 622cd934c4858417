/**
 * Making a device one of Hako volumes, and finding out whether it is one.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { DeathPoint } from "./death_points.ts";
import type { Device, Point } from "./device.ts";
import { imagesMaxOf, RECORD_TAGS_MAX, recordBlocksOf } from "./layouts/record.ts";
import {
  BLOCK_WORDS,
  decodeSuperblock,
  encodeSuperblock,
  isBlankSuperblock,
  isFirstVersion,
  type Superblock,
  SUPERBLOCKS,
} from "./layouts/superblock.ts";
import { BLOCK_BYTES, TRANSACTION_BLOCKS_MAX } from "./protocol.ts";
import { placeVolumes, type WantedVolumes } from "./volume_table.ts";

/** Most blocks of a ring by default, 32 MiB: more only makes recovery longer. */
export const RING_BLOCKS_MAX = 8192;

/** Fewest blocks of a ring: a record of a few images, and its successor beside it. */
export const RING_BLOCKS_MIN = 8;

/** A superblock that was found. */
export interface PlacedSuperblock extends Superblock {
  /** Which of the two it is. */
  readonly which: number;
  /** Whether the other is not valid, or cannot be read: that one may have been the newer. */
  readonly isAlone: boolean;
  /** Why the other cannot be read. */
  readonly unread?: OsError | undefined;
}

/** What formatting needs to be told. */
export interface FormatOptions {
  /** Blocks of the ring; by default a 32nd of the device within limits. */
  readonly ringLength?: number | undefined;
  /** The volumes that it shall have; one of all its blocks if left out. */
  readonly wanted?: WantedVolumes | undefined;
  /** 16 random bytes. */
  readonly deviceId: Uint32Array;
  /** Where a fault plan may end this incarnation. */
  readonly point: Point<DeathPoint>;
}

/**
 * How many blocks of a device the ring gets: a 32nd, but room for two of the largest transactions'
 * records, and never more than a quarter.
 */
export function ringLengthFor(deviceBlockCount: number): number {
  const share = Math.floor(deviceBlockCount / 32);
  const quarter = Math.floor(deviceBlockCount / 4);
  const wanted = Math.max(share, 2 * recordBlocksOf(TRANSACTION_BLOCKS_MAX, RECORD_TAGS_MAX));
  return Math.min(wanted, quarter, RING_BLOCKS_MAX);
}

/**
 * The valid superblock of the higher generation, or `undefined` if neither is valid. One that cannot
 * be read is as good as not valid, so the other will do; it is the one that is written next.
 *
 * @param scratch A window of at least two blocks.
 * @throws {OsError} `EUCLEAN` if the device was formatted by the first version, `EIO` if one cannot be
 * read and the other is not valid.
 */
export function readSuperblock(device: Device, scratch: Uint8Array): PlacedSuperblock | undefined {
  if (device.blockCount < SUPERBLOCKS) return undefined;
  const found: (Uint32Array | OsError)[] = [];
  for (let which = 0; which < SUPERBLOCKS; which++) {
    try {
      found.push(superblockWords(device, scratch, which));
    } catch (error) {
      if (!(error instanceof OsError) || error.code !== "EIO") throw error;
      found.push(error);
    }
  }
  const [zeroth, other] = found.map((words, which) =>
    words instanceof OsError ? undefined : decodeSuperblock(words, which, device.blockCount)
  );
  const unread = found.find((words) => words instanceof OsError);
  const isAlone = zeroth === undefined || other === undefined;
  if (other !== undefined && (zeroth === undefined || other.generation >= zeroth.generation)) {
    return { ...other, which: 1, isAlone, unread };
  }
  if (zeroth !== undefined) return { ...zeroth, which: 0, isAlone, unread };
  for (const words of found) {
    if (words instanceof OsError || !isFirstVersion(words)) continue;
    throw new OsError(
      "EUCLEAN",
      "open the device: it holds a volume of format 1, and this server reads format 2 only",
    );
  }
  if (unread !== undefined) throw unread;
  return undefined;
}

/**
 * Formats a device whose tail is blank.
 *
 * The whole ring is written, not left sparse, so that the journal never meets a full host disk.
 *
 * @returns The superblock in force.
 * @throws {OsError} `EUCLEAN` if the tail is not blank, `EINVAL` if the device is too small for the
 * journal and the volumes.
 */
export function formatDevice(
  device: Device,
  scratch: Uint8Array,
  options: FormatOptions,
): PlacedSuperblock {
  const ringLength = options.ringLength ?? ringLengthFor(device.blockCount);
  const areaBlockCount = device.blockCount - ringLength - SUPERBLOCKS;
  if (ringLength < RING_BLOCKS_MIN || imagesMaxOf(ringLength) < 1 || areaBlockCount < 1) {
    throw new OsError(
      "EINVAL",
      `format a device of ${device.blockCount} blocks with a journal of ${ringLength}`,
    );
  }
  const volumes = placeVolumes(options.wanted, areaBlockCount);
  const ringFirst = areaBlockCount;
  if (!isBlankTail(device, scratch, ringFirst)) throw notBlank(device.blockCount - ringFirst);
  options.point("format.started");
  eachRun(device, scratch, ringFirst, (first, count, view) => {
    view.fill(0);
    device.write(first, count, view);
  });
  device.flush();
  options.point("format.ring-cleared");
  const start = { sequence: 1, position: 0, chain: 0 };
  const deviceId = options.deviceId.slice();
  const geometry = { deviceId, areaBlockCount, ringFirst, ringLength, volumes };
  const view = scratch.subarray(0, BLOCK_BYTES);
  const words = new Uint32Array(view.buffer, view.byteOffset, BLOCK_WORDS);
  for (let which = 0; which < SUPERBLOCKS; which++) {
    encodeSuperblock(words, { ...geometry, ...start, generation: which + 1 }, which);
    device.write(ringFirst + ringLength + which, 1, view);
    options.point("format.superblock-written");
    device.flush();
    options.point("format.superblock-flushed");
  }
  return { ...geometry, ...start, generation: SUPERBLOCKS, which: SUPERBLOCKS - 1, isAlone: false };
}

/** Whether the ring is all zero and the superblocks are, or are torn first ones of ours. */
function isBlankTail(device: Device, scratch: Uint8Array, ringFirst: number): boolean {
  for (let which = 0; which < SUPERBLOCKS; which++) {
    if (!isBlankSuperblock(superblockWords(device, scratch, which))) return false;
  }
  let blank = true;
  eachRun(device, scratch, ringFirst, (first, count, view) => {
    if (!blank) return;
    device.read(first, count, view);
    const words = new Uint32Array(view.buffer, view.byteOffset, view.byteLength / 4);
    blank = words.every((word) => word === 0);
  });
  return blank;
}

/** Visits the ring, which ends where the superblocks start, in runs as large as the scratch. */
function eachRun(
  device: Device,
  scratch: Uint8Array,
  ringFirst: number,
  visit: (first: number, count: number, view: Uint8Array) => void,
): void {
  const end = device.blockCount - SUPERBLOCKS;
  const runMax = Math.floor(scratch.byteLength / BLOCK_BYTES);
  for (let first = ringFirst; first < end; first += runMax) {
    const count = Math.min(runMax, end - first);
    visit(first, count, scratch.subarray(0, count * BLOCK_BYTES));
  }
}

function superblockWords(device: Device, scratch: Uint8Array, which: number): Uint32Array {
  const view = scratch.subarray(0, BLOCK_BYTES);
  device.read(device.blockCount - SUPERBLOCKS + which, 1, view);
  return new Uint32Array(view.buffer, view.byteOffset, BLOCK_WORDS).slice();
}

function notBlank(blocks: number): OsError {
  return new OsError(
    "EUCLEAN",
    `format the device: its last ${blocks} blocks are not blank; to make a volume of an existing ` +
      `image, lengthen the image file by at least ${blocks} blocks of zeroes first`,
  );
}
