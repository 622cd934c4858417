/**
 * The superblock of a new file system, and its copies.
 *
 * @module
 */

import { superblockChecksum } from "../crc.ts";
import type { Inode } from "../inode.ts";
import { INODE_BYTES_MIN, JOURNAL_INODE } from "../layouts/inode.ts";
import {
  CHECKSUM_CRC32C,
  FLAG_SIGNED_HASH,
  ON_ERRORS_CONTINUE,
  STATE_CLEAN,
  SUPERBLOCK as SB,
  SUPERBLOCK_MAGIC,
} from "../layouts/superblock.ts";
import type { FormatOptions, FormatPlan } from "./plan.ts";

const HASH_HALF_MD4 = 1;
/** Extended attributes and access control lists. */
const MOUNT_OPTIONS = 0xc;
const JOURNAL_BACKUP = 1;

/** What a superblock counts. */
export interface Counts {
  readonly blocksFree: number;
  readonly inodesFree: number;
}

/** The parts of a superblock that are not sizes. */
export interface SuperblockParts {
  readonly plan: FormatPlan;
  readonly options: FormatOptions;
  readonly counts: Counts;
  /** The journal's inode, if there is one. */
  readonly journal: Pick<Inode, "pointers" | "size"> | undefined;
}

/** Fills the superblock's 1024 bytes, which are zero, as its copy in a group. */
export function fillSuperblock(view: DataView, group: number, parts: SuperblockParts): void {
  const { plan: { sizes, blocksReserved }, options, counts, journal } = parts;
  const { features } = sizes;
  const u32 = (offset: number, value: number) => view.setUint32(offset, value, true);
  const u16 = (offset: number, value: number) => view.setUint16(offset, value, true);
  const wide = (low: number, high: number, value: number) => {
    u32(low, value >>> 0);
    if (features.has64Bit) u32(high, Math.floor(value / 2 ** 32));
  };
  u32(SB.inodeCount, sizes.inodeCount);
  wide(SB.blockCount, SB.blockCountHigh, sizes.blockCount);
  wide(SB.blocksReserved, SB.blocksReservedHigh, blocksReserved);
  wide(SB.blocksFree, SB.blocksFreeHigh, counts.blocksFree);
  u32(SB.inodesFree, counts.inodesFree);
  u32(SB.firstDataBlock, sizes.firstDataBlock);
  u32(SB.blockSizeLog, sizes.blockBytesLog - 10);
  u32(SB.fragmentSizeLog, sizes.blockBytesLog - 10);
  u32(SB.blocksPerGroup, sizes.blocksPerGroup);
  u32(SB.fragmentsPerGroup, sizes.blocksPerGroup);
  u32(SB.inodesPerGroup, sizes.inodesPerGroup);
  u16(SB.mountCountMax, 0xffff); // Never ask for a check because of mounts.
  u16(SB.magic, SUPERBLOCK_MAGIC);
  u16(SB.state, STATE_CLEAN);
  u16(SB.onErrors, ON_ERRORS_CONTINUE);
  u32(SB.revision, 1);
  u32(SB.firstInode, sizes.firstInode);
  u16(SB.inodeBytes, sizes.inodeBytes);
  u16(SB.ownGroup, group);
  u32(SB.featuresCompat, features.compat);
  u32(SB.featuresIncompat, features.incompat);
  u32(SB.featuresReadOnly, features.readOnly);
  u16(SB.descriptorBlocksReserved, sizes.descriptorBlocksReserved);
  if (features.has64Bit) u16(SB.descriptorBytes, sizes.descriptorBytes);
  u32(SB.defaultMountOptions, MOUNT_OPTIONS);
  if (features.hasFlexGroups) view.setUint8(SB.flexGroupsLog, Math.log2(sizes.flexGroups));
  if (sizes.inodeBytes > INODE_BYTES_MIN) {
    u16(SB.extraBytesMin, sizes.extraBytes);
    u16(SB.extraBytesWanted, sizes.extraBytes);
  }
  fillTimes(view, options.nowMs);
  fillNames(view, options);
  if (journal !== undefined) fillJournal(view, journal);
  if (!features.hasChecksums) return;
  view.setUint8(SB.checksumType, CHECKSUM_CRC32C);
  u32(SB.checksum, superblockChecksum(view));
}

function fillTimes(view: DataView, nowMs: number): void {
  const seconds = Math.floor(nowMs / 1000);
  const high = Math.floor(seconds / 2 ** 32);
  view.setUint32(SB.writeTime, seconds >>> 0, true);
  view.setUint32(SB.checkTime, seconds >>> 0, true);
  view.setUint32(SB.mkfsTime, seconds >>> 0, true);
  view.setUint8(SB.writeTimeHigh, high);
  view.setUint8(SB.checkTimeHigh, high);
  view.setUint8(SB.mkfsTimeHigh, high);
}

function fillNames(view: DataView, options: FormatOptions): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const label = new TextEncoder().encode(options.label ?? "");
  const hashSeed = options.hashSeed ?? options.uuid.map((byte, index) => byte ^ (index * 37 + 11));
  bytes.set(options.uuid, SB.uuid);
  bytes.set(label, SB.label);
  bytes.set(hashSeed, SB.hashSeed);
  view.setUint8(SB.hashVersion, HASH_HALF_MD4);
  view.setUint32(SB.flags, FLAG_SIGNED_HASH, true);
}

/** Where the journal is, and a copy of its map for the day on which its inode is damaged. */
function fillJournal(view: DataView, { pointers, size }: Pick<Inode, "pointers" | "size">): void {
  view.setUint32(SB.journalInode, JOURNAL_INODE, true);
  view.setUint8(SB.journalBackupType, JOURNAL_BACKUP);
  pointers.forEach((word, index) => view.setUint32(SB.journalBlocks + index * 4, word, true));
  view.setUint32(SB.journalBlocks + 15 * 4, Math.floor(size / 2 ** 32), true);
  view.setUint32(SB.journalBlocks + 16 * 4, size >>> 0, true);
}
