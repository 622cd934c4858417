/**
 * Opening a device: from the disk alone after a boot, from keep and disk after a death.
 *
 * **After a boot** the keep is zeroes. The newest valid superblock says where replay starts; the
 * chain of valid records from there is what was durable. A header that is not valid ends the chain:
 * that record never happened. But if a valid record of a later sequence stands anywhere in the
 * ring, or a valid header's images do not match, then something durable was damaged: nothing is
 * replayed, nothing is written, and the volume is read-only. Otherwise the records are replayed in
 * order, flushed, and both superblocks move past them. With one superblock lost, the other may be the
 * older: then only the last record of its chain is replayed, since by I2 of `journal.ts` all before it
 * are durable in place, and may have been written over there since. Until the keep is created at the very end,
 * no request has been served, so dying anywhere in between only means doing it again.
 *
 * The tags in the records are for an inspector alone. Every client of this boot got a badge of its
 * own, counted from 1 again: a badge found on the disk names a client of another boot, and a request
 * that was answered because of it would never be done. All requests of that boot died with it.
 *
 * **After a death** in the same boot the keep says where the ring stands (`journal.ts`, I7).
 *
 * @module
 */

import { assert, ERRNO, OsError } from "@hako/ipc";
import type { DeathPoint } from "./death_points.ts";
import { type Device, deviceErrno, type Point } from "./device.ts";
import { formatDevice, type PlacedSuperblock, readSuperblock } from "./format.ts";
import { Journal } from "./journal.ts";
import { JournalTail, type RingHead } from "./journal_tail.ts";
import type { RecordHeader } from "./layouts/record.ts";
import { type RingPlace, SUPERBLOCKS, type VolumePlace } from "./layouts/superblock.ts";
import { Ring, SCRATCH_BYTES_MIN } from "./ring.ts";
import { findVolumes, type WantedVolumes } from "./volume_table.ts";

/** What opening the volumes of a device needs. */
export interface OpenParts {
  /** The device. */
  readonly device: Device;
  /** A window of this server's own, of at least {@linkcode SCRATCH_BYTES_MIN} bytes. */
  readonly scratch: Uint8Array;
  /** The keep of the journal's tail. */
  readonly keep: Uint8Array;
  /** This incarnation's number. */
  readonly epoch: number;
  /** Whether a device that is no volume is formatted, provided that its tail is blank. */
  readonly format: "if-blank" | "never";
  /** Blocks of the journal's ring when the device is formatted. */
  readonly ringLength?: number | undefined;
  /** The volumes to serve; the only one if left out. */
  readonly wanted?: WantedVolumes | undefined;
  /** 16 random bytes, for formatting. */
  readonly deviceId: Uint32Array;
  /** Where a fault plan may end this incarnation. */
  readonly point: Point<DeathPoint>;
}

/** How a device was found. */
export interface Recovery {
  /** What was done to open it. */
  readonly how: "formatted" | "recovered" | "taken over";
  /** Records replayed from the ring. */
  readonly replayed: number;
  /** What is damaged, if the volume is read-only for it. */
  readonly damage?: string | undefined;
}

/** An opened device's journal. */
export interface OpenedJournal {
  /** The journal, ready. */
  readonly journal: Journal;
  /** The device. */
  readonly device: Device;
  /** The volumes that are wanted, in the order in which they are. */
  readonly volumes: readonly VolumePlace[];
  /** How it was found. */
  readonly recovery: Recovery;
}

/**
 * Opens the volumes on a device.
 *
 * @throws {OsError} `ENOENT` if one that is wanted is not there, `EINVAL` if it has another size,
 * `EUCLEAN` if the device has no Hako volumes or the keep is damaged, `EROFS` if
 * records must be replayed and the device is read-only, or what else the device said.
 */
export function openJournal(parts: OpenParts): OpenedJournal {
  assert(parts.scratch.byteLength >= SCRATCH_BYTES_MIN, "the scratch window holds a whole header");
  const tail = new JournalTail(parts.keep);
  const found = readSuperblock(parts.device, parts.scratch);
  if (!tail.isFresh) {
    if (found === undefined) throw noVolume("neither superblock is valid any more");
    findVolumes(parts.wanted, found.volumes);
    return takeOver(parts, tail, found);
  }
  if (found === undefined && parts.format === "never") {
    throw noVolume('neither superblock is valid; the option format: "if-blank" makes one');
  }
  const superblock = found ?? formatDevice(parts.device, parts.scratch, parts);
  findVolumes(parts.wanted, superblock.volumes); // Before anything is replayed.
  const how = found === undefined ? "formatted" : "recovered";
  return recover(parts, tail, superblock, how);
}

function recover(
  parts: OpenParts,
  tail: JournalTail,
  superblock: PlacedSuperblock,
  how: "formatted" | "recovered",
): OpenedJournal {
  const ring = new Ring(parts.device, parts.scratch, superblock);
  const { records: chain, next, damage } = readChain(ring, superblock);
  if (damage !== undefined && superblock.unread !== undefined) throw superblock.unread;
  // Behind an older superblock, all but the last record may be over and written over in place.
  const records = superblock.isAlone ? chain.slice(-1) : chain;
  const failure = damage !== undefined ? ERRNO.EUCLEAN : replay(parts, ring, records, next);
  const head = {
    sequence: next.sequence,
    position: next.position,
    chain: next.chain,
    liveBlocks: 0,
    unapplied: false,
  };
  tail.create(superblock.deviceId, head);
  if (failure !== 0) tail.fail(failure);
  parts.point("recover.opened");
  const journal = new Journal({ ring, tail, epoch: parts.epoch, point: parts.point }, []);
  const replayed = damage === undefined ? records.length : 0;
  return opened(parts, journal, superblock, { how, replayed, damage });
}

/** The records to replay, the place after them, and what is damaged. */
function readChain(
  ring: Ring,
  start: RingPlace,
): { records: RecordHeader[]; next: RingPlace; damage: string | undefined } {
  const records: RecordHeader[] = [];
  let next = start;
  let blocks = 0;
  for (;;) {
    const header = ring.readRecordAt(next);
    if (header === undefined) break;
    blocks += header.headerBlocks + header.blocks.length;
    if (blocks > ring.superblock.ringLength) {
      return { records, next, damage: `record ${header.sequence} overlaps those before it` };
    }
    if (!ring.areImagesWhole(header)) {
      return { records, next, damage: `an image of record ${header.sequence} is damaged` };
    }
    records.push(header);
    next = ring.placeAfter(header);
  }
  return { records, next, damage: findLater(ring, next.sequence) };
}

/** A valid record from `sequence` on that the chain does not reach: what lies before it is lost. */
function findLater(ring: Ring, sequence: number): string | undefined {
  const positions: number[] = [];
  ring.scanHeaders((position) => positions.push(position));
  for (const position of positions) {
    const later = ring.readHeader(position)?.sequence ?? -1;
    if (later >= sequence) return `record ${later} is whole, but ${sequence} before it is not`;
  }
  return undefined;
}

/**
 * Replays the records and moves the superblocks past them. They are written even when there
 * are none: that tells a read-only device from one that can be served for writing.
 *
 * @returns 0, or `EROFS` for a read-only device that needs no replay.
 */
function replay(
  parts: OpenParts,
  ring: Ring,
  records: readonly RecordHeader[],
  next: RingPlace,
): number {
  parts.point("recover.verified");
  for (const record of records) ring.replay(record, () => parts.point("recover.run-written"));
  parts.point("recover.replayed");
  parts.device.flush();
  parts.point("recover.data-flushed");
  for (let written = 0; written < SUPERBLOCKS; written++) { // `journal.ts`, I9.
    try {
      ring.writeSuperblock(next);
    } catch (error) {
      if (deviceErrno(error) !== "EROFS") throw error;
      return ERRNO.EROFS;
    }
    parts.point("recover.superblock-written");
    parts.device.flush();
    parts.point("recover.flushed");
  }
  return 0;
}

function takeOver(
  parts: OpenParts,
  tail: JournalTail,
  superblock: PlacedSuperblock,
): OpenedJournal {
  const ring = new Ring(parts.device, parts.scratch, superblock);
  tail.takeOver(superblock.deviceId, superblock.areaBlockCount);
  const { position, liveBlocks } = tail.ring;
  if (position >= superblock.ringLength || liveBlocks > superblock.ringLength) {
    throw new OsError("EUCLEAN", "take over the journal tail: it leaves the ring");
  }
  parts.point("take-over.read");
  const damage = tail.failure === 0 ? completeCommit(parts, ring, tail) : undefined;
  const recorded = readRecorded(ring, tail.ring);
  const journal = new Journal(
    { ring, tail, epoch: parts.epoch, point: parts.point },
    recorded ?? [],
  );
  if (tail.failure === 0) settle(journal, recorded === undefined);
  parts.point("take-over.finished");
  return opened(parts, journal, superblock, { how: "taken over", replayed: 0, damage });
}

/** Completes the group commit in which the predecessor died, if its header was written. */
function completeCommit(parts: OpenParts, ring: Ring, tail: JournalTail): string | undefined {
  const header = ring.readRecordAt(tail.ring);
  if (header === undefined) return undefined;
  const blocks = tail.blocks();
  const same = !tail.ring.unapplied && blocks.length === header.blocks.length &&
    blocks.every((block, index) => block === header.blocks[index]);
  if (!same) {
    tail.fail(ERRNO.EUCLEAN);
    return `record ${header.sequence} in the ring is not the journal tail`;
  }
  try {
    parts.device.flush();
  } catch (error) {
    deviceErrno(error);
    tail.fail(ERRNO.EIO);
    return undefined;
  }
  parts.point("take-over.flushed");
  const liveBlocks = tail.ring.liveBlocks + header.headerBlocks + blocks.length;
  tail.stageRing({ ...ring.placeAfter(header), liveBlocks, unapplied: true });
  tail.publish();
  parts.point("take-over.committed");
  return undefined;
}

/** The blocks of the live records, or `undefined` if those cannot be read any more. */
function readRecorded(ring: Ring, head: RingHead): Set<number> | undefined {
  const { ringLength } = ring.superblock;
  const recorded = new Set<number>();
  let remaining = head.liveBlocks;
  let chain = head.chain;
  while (remaining > 0) {
    const header = ring.readHeader((head.position + ringLength - remaining) % ringLength);
    if (header === undefined) return undefined;
    remaining -= header.headerBlocks + header.blocks.length;
    chain = header.checksum;
    for (const block of header.blocks) recorded.add(block);
  }
  return remaining === 0 && chain === head.chain ? recorded : undefined;
}

/** Applies what a predecessor committed; empties a ring that cannot be read. */
function settle(journal: Journal, isRingUnreadable: boolean): void {
  try {
    journal.applyAgain();
    if (isRingUnreadable) journal.checkpoint();
  } catch (error) {
    const code = deviceErrno(error);
    // Live records unknown: nothing may be written in place, so nothing is written at all.
    if (isRingUnreadable) journal.tail.fail(ERRNO[code]);
  }
}

function opened(
  parts: OpenParts,
  journal: Journal,
  superblock: PlacedSuperblock,
  recovery: Recovery,
): OpenedJournal {
  const volumes = findVolumes(parts.wanted, superblock.volumes);
  return { journal, device: parts.device, volumes, recovery };
}

function noVolume(why: string): OsError {
  return new OsError("EUCLEAN", `open the device as one of Hako volumes: ${why}`);
}
