/**
 * Reads a journal as a recovery after a boot does (`storage-server/recover.ts`), but changes nothing
 * and tells all that it sees.
 *
 * @module
 */

import {
  BLOCK_WORDS,
  decodeSuperblock,
  isFirstVersion,
  type RingPlace,
  type Superblock,
  SUPERBLOCKS,
} from "../../storage-server/layouts/superblock.ts";
import { UsageError } from "../command_line/command.ts";
import type { Blocks } from "./image_file.ts";
import { readLayer } from "./integrity.ts";
import type {
  JournalReport,
  Place,
  RecordReport,
  RecoveryReport,
  SuperblockReport,
} from "./report.ts";
import { type FoundRecord, RingReader } from "./ring_reader.ts";

/** The version of the format that is read here. */
const FORMAT = 2;

/** What is asked of an inspection. */
export interface InspectionOptions {
  /** How the image is called. */
  readonly path: string;
  /** Whether to compare images with their checksums. */
  readonly verify: boolean;
}

/**
 * Inspects a device.
 *
 * @throws {UsageError} If it has no superblock of this format.
 */
export function inspectJournal(device: Blocks, options: InspectionOptions): JournalReport {
  const { path, verify } = options;
  const layer = readLayer(device, verify);
  const blocks = layer?.blocks ?? device;
  const { reports, newest } = readSuperblocks(blocks, path);
  const { deviceId, volumes, ringFirst, ringLength } = newest;
  const ring = new RingReader(blocks, newest);
  const { records, recovery } = followChain(ring, newest, verify);
  return {
    path,
    blockCount: device.blockCount,
    ...(layer === undefined ? {} : { layer: layer.report }),
    format: FORMAT,
    superblocks: reports,
    deviceId: new Uint8Array(deviceId.buffer, deviceId.byteOffset, deviceId.byteLength).toHex(),
    volumes,
    ring: { first: ringFirst, blockCount: ringLength },
    checkpoint: placeOf(newest),
    verified: verify,
    records,
    recovery,
  };
}

/** Whether something that was written is lost: what a recovery or a reader would be refused. */
export function isDamaged({ recovery, layer }: JournalReport): boolean {
  const tags = layer?.tags;
  return recovery.state === "damaged" ||
    tags !== undefined && tags.badBlocks.length + tags.lostTagBlocks.length > 0;
}

function readSuperblocks(
  blocks: Blocks,
  path: string,
): { reports: SuperblockReport[]; newest: Superblock } {
  const { blockCount } = blocks;
  if (blockCount < SUPERBLOCKS) {
    throw noJournal(path, `it has ${blockCount} blocks of 4 KiB, which is too short`);
  }
  const words = blocks.read(blockCount - SUPERBLOCKS, SUPERBLOCKS);
  const found = [0, 1].map((which) => {
    const block = words.subarray(which * BLOCK_WORDS, (which + 1) * BLOCK_WORDS);
    return { which, block, superblock: decodeSuperblock(block, which, blockCount) };
  });
  const newest = found.flatMap(({ superblock }) => superblock ?? [])
    .toSorted((one, other) => other.generation - one.generation)[0];
  if (newest === undefined) {
    if (found.some(({ block }) => isFirstVersion(block))) {
      throw noJournal(path, `it is of format 1, and this program reads format ${FORMAT}`);
    }
    const blank = words.every((word) => word === 0);
    throw noJournal(
      path,
      blank ? "its last two blocks are blank" : "its last two blocks are no valid superblocks",
    );
  }
  const reports = found.map(({ which, block, superblock }): SuperblockReport => {
    const at = { which, block: blockCount - SUPERBLOCKS + which };
    if (superblock === undefined) return { ...at, state: faultOf(block) };
    const { generation } = superblock;
    const state = superblock === newest ? "in force" : "older";
    return { ...at, state, generation, checkpoint: placeOf(superblock) };
  });
  return { reports, newest };
}

function faultOf(block: Uint32Array): string {
  if (block.every((word) => word === 0)) return "blank";
  return isFirstVersion(block) ? "of format 1" : "not valid";
}

/** Follows the records from the checkpoint on, to the first that is not whole. */
function followChain(
  ring: RingReader,
  start: Superblock,
  verify: boolean,
): { records: RecordReport[]; recovery: RecoveryReport } {
  const records: RecordReport[] = [];
  let next: RingPlace = start;
  let left = start.ringLength;
  let found = ring.recordAt(next.position);
  let damage: string | undefined;
  while (isAt(found, next)) {
    left -= found.headerBlocks + found.blocks.length;
    const badBlocks = verify ? ring.badBlocks(found) : undefined;
    records.push(reportOf(found, badBlocks));
    if (left < 0) damage ??= `record ${found.sequence}${at(found)} overlaps those before it`;
    else if (badBlocks?.length) damage ??= damagedImages(found, badBlocks);
    if (left < 0) break;
    next = ring.placeAfter(found);
    found = ring.recordAt(next.position);
  }
  damage ??= lostBefore(ring, next);
  const images = records.reduce((sum, { blocks }) => sum + blocks.length, 0);
  const state = damage !== undefined ? "damaged" : records.length > 0 ? "replay" : "clean";
  return {
    records,
    recovery: {
      state,
      records: state === "replay" ? records.length : 0,
      images: state === "replay" ? images : 0,
      next: placeOf(next),
      tornTail: damage === undefined && found === "torn",
      ...(damage === undefined ? {} : { damage }),
    },
  };
}

function isAt(found: FoundRecord | "torn" | undefined, place: RingPlace): found is FoundRecord {
  return typeof found === "object" && found.sequence === place.sequence &&
    found.chain === place.chain;
}

/** A record after the end of the chain: what led to it was durable once, and is lost. */
function lostBefore(ring: RingReader, end: RingPlace): string | undefined {
  const later = ring.nextFrom(end.sequence);
  if (later === undefined) return undefined;
  const lost = `record ${end.sequence}${at(end)}`;
  if (later.sequence === end.sequence) return `${lost} does not follow the one before it`;
  return `record ${later.sequence}${at(later)} is whole, but ${lost} is not`;
}

function damagedImages({ sequence, position, blocks }: FoundRecord, bad: number[]): string {
  const which = bad.length === 1
    ? `the image of block ${bad[0]}`
    : `${bad.length} of ${blocks.length} images, the first of block ${bad[0]},`;
  const verb = bad.length === 1 ? "does" : "do";
  return `${which} in record ${sequence}${at({ position })} ${verb} not match its checksum`;
}

function reportOf(record: FoundRecord, badBlocks: number[] | undefined): RecordReport {
  const { epoch, headerBlocks, blocks, tags } = record;
  return {
    ...placeOf(record),
    epoch,
    headerBlocks,
    blocks: [...blocks],
    ...(badBlocks === undefined ? {} : { badBlocks }),
    tags,
  };
}

function placeOf({ sequence, position }: Place): Place {
  return { sequence, position };
}

function at({ position }: Pick<Place, "position">): string {
  return ` at position ${position}`;
}

function noJournal(path: string, why: string): UsageError {
  return new UsageError(`Cannot read ${path} as a storage server's image: ${why}`);
}
