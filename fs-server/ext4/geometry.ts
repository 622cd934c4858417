/**
 * What never changes while a file system is mounted: its sizes, its features, where the metadata
 * of each group lies. Read once from the superblock and the descriptors, every field checked,
 * because an image is input.
 *
 * ```
 * group:  [superblock, descriptors, room for growth]   bitmaps, inode table, data ...
 *          only in some groups                          with flex_bg those of 16 groups together
 * ```
 *
 * @module
 */

import { crc32c, OsError } from "@hako/ipc";
import { superblockChecksum } from "./crc.ts";
import { type Features, readFeatures } from "./features.ts";
import {
  GROUP_DESCRIPTOR as GD,
  GROUP_DESCRIPTOR_BYTES,
  GROUP_DESCRIPTOR_BYTES_64,
} from "./layouts/group_descriptor.ts";
import { EXTRA_BYTES, INODE_BYTES_MIN, LOST_FOUND_INODE } from "./layouts/inode.ts";
import {
  CHECKSUM_CRC32C,
  FLAG_UNSIGNED_HASH,
  SUPERBLOCK as SB,
  SUPERBLOCK_MAGIC,
  SUPERBLOCK_OFFSET,
} from "./layouts/superblock.ts";

const BLOCK_BYTES_LOG_MIN = 10;
const BLOCK_BYTES_LOG_MAX = 12;
/** As mke2fs has it; it bounds how many groups there can be. */
const BLOCKS_PER_GROUP_MIN = 256;
/** A run of metadata as one number: its first block times this, and how many. */
const ZONE_SHIFT = 2 ** 16;
const NO_UUID = new Uint8Array(16);

/** How new hash trees order names. */
export interface HashPlan {
  /** One of `HASH_VERSION`. */
  readonly version: number;
  /** Four words. */
  readonly seed: Uint32Array;
  /** Whether bytes above 0x7f are taken as positive. */
  readonly isUnsigned: boolean;
}

/** What fixes all sizes of a file system. */
export interface SizesPlan {
  /** Its features. */
  readonly features: Features;
  /** Binary logarithm of the bytes in a block: 10, 11 or 12. */
  readonly blockBytesLog: number;
  /** Blocks in the file system, at most the disk's. */
  readonly blockCount: number;
  /** Blocks in every group but the last. */
  readonly blocksPerGroup: number;
  /** Inodes in every group. */
  readonly inodesPerGroup: number;
  /** Bytes of one inode: 128 or a larger power of two. */
  readonly inodeBytes: number;
  /** The first inode that is not reserved; 11 by default. */
  readonly firstInode?: number;
  /** Bytes of one group descriptor; 64 by default with 64bit, else 32. */
  readonly descriptorBytes?: number;
  /** Blocks kept behind the table of descriptors for growth; none by default. */
  readonly descriptorBlocksReserved?: number;
  /** The first block of descriptors that meta_bg moves; 0 by default. */
  readonly firstMetaGroup?: number;
  /** Groups whose metadata lies together; 1 by default. */
  readonly flexGroups?: number;
  /** The groups with copies of the superblock, with sparse_super2. */
  readonly backupGroups?: readonly number[];
  /** Bytes that new inodes use behind their first 128; 32 by default. */
  readonly extraBytes?: number;
  /** The 16 bytes that tell this file system from all others. */
  readonly uuid?: Uint8Array;
  /** Seed of the checksums as the superblock has it, with metadata_csum_seed. */
  readonly checksumSeed?: number;
  /** How names are hashed, with dir_index; half MD4 by default. */
  readonly nameHash?: HashPlan;
}

/** The sizes and features of a file system. */
export interface Sizes extends Required<SizesPlan> {
  /** Bytes in a block: 1024, 2048 or 4096. */
  readonly blockBytes: number;
  /** Bits in one bitmap block. */
  readonly bitsPerBlock: number;
  /** The first block of group 0: 1 with blocks of 1 KiB, else 0. */
  readonly firstDataBlock: number;
  /** The block that the superblock lies in. */
  readonly superblockBlock: number;
  /** Where in that block it begins. */
  readonly superblockOffset: number;
  /** Block groups. */
  readonly groupCount: number;
  /** Inodes, those in use included. */
  readonly inodeCount: number;
  /** Inodes in a block of an inode table. */
  readonly inodesPerBlock: number;
  /** Blocks of the inode table of one group. */
  readonly inodeTableBlocks: number;
  /** Group descriptors in one block. */
  readonly descriptorsPerBlock: number;
  /** Blocks of the table of group descriptors. */
  readonly descriptorBlocks: number;
}

/** Works out all sizes. Nothing is checked. */
export function sizesOf(plan: SizesPlan): Sizes {
  const { features, blockBytesLog, blockCount, blocksPerGroup, inodesPerGroup, inodeBytes } = plan;
  const blockBytes = 1 << blockBytesLog;
  const firstDataBlock = blockBytes === 1024 && !features.hasClusters ? 1 : 0;
  const groupCount = Math.max(1, Math.ceil((blockCount - firstDataBlock) / blocksPerGroup));
  const descriptorBytes = plan.descriptorBytes ??
    (features.has64Bit ? GROUP_DESCRIPTOR_BYTES_64 : GROUP_DESCRIPTOR_BYTES);
  const descriptorsPerBlock = blockBytes / descriptorBytes;
  const superblockBlock = Math.floor(SUPERBLOCK_OFFSET / blockBytes);
  const uuid = plan.uuid ?? NO_UUID;
  return {
    features,
    blockBytesLog,
    blockBytes,
    bitsPerBlock: blockBytes * 8,
    blockCount,
    firstDataBlock,
    superblockBlock,
    superblockOffset: SUPERBLOCK_OFFSET - superblockBlock * blockBytes,
    blocksPerGroup,
    groupCount,
    inodesPerGroup,
    inodeCount: inodesPerGroup * groupCount,
    inodeBytes,
    inodesPerBlock: blockBytes / inodeBytes,
    inodeTableBlocks: Math.ceil((inodesPerGroup * inodeBytes) / blockBytes),
    firstInode: plan.firstInode ?? LOST_FOUND_INODE,
    extraBytes: Math.min(plan.extraBytes ?? EXTRA_BYTES, inodeBytes - INODE_BYTES_MIN),
    descriptorBytes,
    descriptorsPerBlock,
    descriptorBlocks: Math.ceil(groupCount / descriptorsPerBlock),
    descriptorBlocksReserved: plan.descriptorBlocksReserved ?? 0,
    firstMetaGroup: plan.firstMetaGroup ?? 0,
    flexGroups: plan.flexGroups ?? 1,
    backupGroups: plan.backupGroups ?? [],
    uuid,
    checksumSeed: plan.checksumSeed ?? uuidSeed(uuid),
    nameHash: plan.nameHash ?? { version: 1, seed: new Uint32Array(4), isUnsigned: false },
  };
}

function uuidSeed(uuid: Uint8Array): number {
  return ~crc32c(new Uint32Array(uuid.slice().buffer), 0, 4, 0) >>> 0;
}

/**
 * Reads and checks a superblock.
 *
 * @param view The superblock's 1024 bytes, aligned to words.
 * @param diskBytes Bytes of the disk that it lies on.
 * @throws {OsError} `EUCLEAN` no ext2, ext3 or ext4, or damaged; `EBADMSG` its checksum is wrong;
 *   `EOPNOTSUPP` a feature that we lack; `EINVAL` a block size that we lack.
 */
export function readSizes(view: DataView, diskBytes: number): Sizes {
  const u32 = (offset: number) => view.getUint32(offset, true);
  const u16 = (offset: number) => view.getUint16(offset, true);
  if (u16(SB.magic) !== SUPERBLOCK_MAGIC) refuse("EUCLEAN", "no ext2, ext3 or ext4 file system");
  if (u32(SB.revision) > 1) refuse("EOPNOTSUPP", `revision ${u32(SB.revision)} is unknown`);
  const features = readFeatures(view);
  checkChecksum(view, features);
  const blockBytesLog = BLOCK_BYTES_LOG_MIN + u32(SB.blockSizeLog);
  if (blockBytesLog > BLOCK_BYTES_LOG_MAX) {
    refuse("EINVAL", `block size is 1024 << ${u32(SB.blockSizeLog)}, 4096 is the largest we have`);
  }
  const isDynamic = u32(SB.revision) === 1;
  const blocks = (low: number, high: number) => {
    return u32(low) + (features.has64Bit ? u32(high) * 2 ** 32 : 0);
  };
  const flexLog = features.hasFlexGroups ? view.getUint8(SB.flexGroupsLog) : 0;
  const wantsExtra = isDynamic && features.hasExtraInodeBytes;
  const sizes = sizesOf({
    features,
    blockBytesLog,
    blockCount: blocks(SB.blockCount, SB.blockCountHigh),
    blocksPerGroup: u32(SB.blocksPerGroup),
    inodesPerGroup: u32(SB.inodesPerGroup),
    inodeBytes: isDynamic ? u16(SB.inodeBytes) : INODE_BYTES_MIN,
    firstInode: isDynamic ? u32(SB.firstInode) : LOST_FOUND_INODE,
    descriptorBytes: features.has64Bit ? u16(SB.descriptorBytes) : GROUP_DESCRIPTOR_BYTES,
    descriptorBlocksReserved: isDynamic ? u16(SB.descriptorBlocksReserved) : 0,
    firstMetaGroup: features.hasMetaGroups ? u32(SB.firstMetaGroup) : 0,
    flexGroups: flexLog < 31 ? 2 ** flexLog : 1,
    backupGroups: [u32(SB.backupGroups), u32(SB.backupGroups + 4)],
    extraBytes: wantsExtra ? extraBytesOf(u16(SB.extraBytesWanted), u16(SB.extraBytesMin)) : 32,
    uuid: new Uint8Array(view.buffer, view.byteOffset + SB.uuid, 16).slice(),
    nameHash: {
      version: view.getUint8(SB.hashVersion),
      seed: Uint32Array.of(...[0, 4, 8, 12].map((at) => u32(SB.hashSeed + at))),
      isUnsigned: (u32(SB.flags) & FLAG_UNSIGNED_HASH) !== 0,
    },
    ...(features.hasChecksumSeed ? { checksumSeed: u32(SB.checksumSeed) } : {}),
  });
  checkSizes(sizes, view, diskBytes);
  return sizes;
}

function extraBytesOf(wanted: number, least: number): number {
  return Math.max(EXTRA_BYTES, wanted, least) & ~3;
}

function checkChecksum(view: DataView, features: Features): void {
  if (!features.hasChecksums) return;
  if (view.getUint8(SB.checksumType) !== CHECKSUM_CRC32C) {
    refuse("EOPNOTSUPP", `checksums of type ${view.getUint8(SB.checksumType)}`);
  }
  if (superblockChecksum(view) !== view.getUint32(SB.checksum, true)) {
    refuse("EBADMSG", "checksum of the superblock");
  }
}

function checkSizes(sizes: Sizes, view: DataView, diskBytes: number): void {
  const { blockBytes, blockCount, blocksPerGroup, inodesPerGroup, inodeBytes } = sizes;
  const clusterLog = view.getUint32(SB.fragmentSizeLog, true) + BLOCK_BYTES_LOG_MIN;
  const ratio = sizes.features.hasClusters ? 2 ** (clusterLog - sizes.blockBytesLog) : 1;
  check(ratio >= 1 && ratio <= 2 ** 16, "cluster size");
  check(view.getUint32(SB.firstDataBlock, true) === sizes.firstDataBlock, "first data block");
  check(blockCount > sizes.firstDataBlock, "block count");
  check(blockCount <= Math.floor(diskBytes / blockBytes), "more blocks than the volume has");
  check(blocksPerGroup >= BLOCKS_PER_GROUP_MIN && blocksPerGroup % 8 === 0, "blocks per group");
  check(blocksPerGroup <= sizes.bitsPerBlock * ratio, "blocks per group");
  check(inodeBytes >= INODE_BYTES_MIN && inodeBytes <= blockBytes, "inode size");
  check((inodeBytes & (inodeBytes - 1)) === 0, "inode size is not a power of two");
  check(inodesPerGroup >= 8 && inodesPerGroup % 8 === 0, "inodes per group");
  check(inodesPerGroup <= sizes.bitsPerBlock, "inodes per group");
  check(view.getUint32(SB.inodeCount, true) === sizes.inodeCount, "inode count");
  check(sizes.firstInode >= 11 && sizes.firstInode <= sizes.inodeCount, "first inode");
  const { descriptorBytes } = sizes;
  check(descriptorBytes >= GROUP_DESCRIPTOR_BYTES && descriptorBytes <= 1024, "descriptor size");
  check((descriptorBytes & (descriptorBytes - 1)) === 0, "descriptor size");
  check(
    !sizes.features.has64Bit || descriptorBytes >= GROUP_DESCRIPTOR_BYTES_64,
    "descriptor size",
  );
  check(sizes.descriptorBlocksReserved <= blockBytes / 4, "reserved descriptor blocks");
  check(sizes.firstMetaGroup <= sizes.descriptorBlocks, "first meta block group");
  const last = descriptorBlock(sizes, sizes.descriptorBlocks - 1);
  check(last < blockCount, "the table of descriptors ends outside");
  check(headBlocks(sizes, 0) <= blocksInGroup(sizes, 0), "the table of descriptors ends outside");
}

/** The block of the table of descriptors with a given index. */
export function descriptorBlock(sizes: Sizes, index: number): number {
  if (!sizes.features.hasMetaGroups || index < sizes.firstMetaGroup) {
    return sizes.superblockBlock + 1 + index;
  }
  const group = index * sizes.descriptorsPerBlock;
  return firstBlockOf(sizes, group) + (hasSuperblock(sizes, group) ? 1 : 0);
}

/** Blocks at the beginning of a group that hold superblock, descriptors and room for growth. */
export function headBlocks(sizes: Sizes, group: number): number {
  // With bigalloc and blocks of 1 KiB, a boot loader's block is part of group 0.
  const bootCount = group === 0 ? sizes.superblockBlock - sizes.firstDataBlock : 0;
  const ownCount = hasSuperblock(sizes, group) ? 1 + bootCount : 0;
  const { hasMetaGroups } = sizes.features;
  if (hasMetaGroups && group >= sizes.firstMetaGroup * sizes.descriptorsPerBlock) {
    const place = group % sizes.descriptorsPerBlock;
    return ownCount + (place < 2 || place === sizes.descriptorsPerBlock - 1 ? 1 : 0);
  }
  if (ownCount === 0) return 0;
  const tableBlocks = hasMetaGroups ? sizes.firstMetaGroup : sizes.descriptorBlocks;
  return ownCount + tableBlocks + sizes.descriptorBlocksReserved;
}

/** Whether a group begins with a copy of the superblock. */
export function hasSuperblock(sizes: Sizes, group: number): boolean {
  if (group === 0) return true;
  if (sizes.features.hasSparseSuper2) return sizes.backupGroups.includes(group);
  if (!sizes.features.hasSparseSuper || group === 1) return true;
  return isPower(group, 3) || isPower(group, 5) || isPower(group, 7);
}

function isPower(value: number, base: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}

/** The first block of a group. */
export function firstBlockOf(sizes: Sizes, group: number): number {
  return sizes.firstDataBlock + group * sizes.blocksPerGroup;
}

/** Blocks of a group: fewer in the last one. */
export function blocksInGroup(sizes: Sizes, group: number): number {
  return Math.min(sizes.blocksPerGroup, sizes.blockCount - firstBlockOf(sizes, group));
}

/** Where the metadata of every group lies. */
export class Geometry {
  /** Sizes and features. */
  readonly sizes: Sizes;
  readonly #blockBitmaps: Float64Array;
  readonly #inodeBitmaps: Float64Array;
  readonly #inodeTables: Float64Array;
  /** Runs of metadata in order: block `#starts[i]` up to before `#ends[i]`. They do not touch. */
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  // The run of blocks without metadata that was last looked at.
  #gapStart = 0;
  #gapEnd = 0;

  /**
   * Reads and checks every group descriptor.
   *
   * @param sizes From {@linkcode readSizes}.
   * @param readDescriptors Gives the view of one block of the descriptor table, by index.
   * @throws {OsError} `EUCLEAN` if metadata of a group lies where it cannot be.
   */
  constructor(sizes: Sizes, readDescriptors: (index: number) => DataView) {
    this.sizes = sizes;
    this.#blockBitmaps = new Float64Array(sizes.groupCount);
    this.#inodeBitmaps = new Float64Array(sizes.groupCount);
    this.#inodeTables = new Float64Array(sizes.groupCount);
    const zones = new Float64Array(1 + 4 * sizes.groupCount);
    let zoneCount = 0;
    const addZone = (first: number, count: number) => {
      check(count < ZONE_SHIFT, "a group has too much metadata");
      if (count > 0) zones[zoneCount++] = first * ZONE_SHIFT + count;
    };
    addZone(0, sizes.firstDataBlock);
    for (let group = 0; group < sizes.groupCount; group++) {
      const view = readDescriptors(Math.floor(group / sizes.descriptorsPerBlock));
      const at = (group % sizes.descriptorsPerBlock) * sizes.descriptorBytes;
      const block = (low: number, high: number) => {
        const upper = sizes.features.has64Bit ? view.getUint32(at + high, true) * 2 ** 32 : 0;
        return view.getUint32(at + low, true) + upper;
      };
      addZone(firstBlockOf(sizes, group), headBlocks(sizes, group));
      const place = (low: number, high: number, count: number) => {
        const first = block(low, high);
        checkZone(sizes, group, first, count);
        addZone(first, count);
        return first;
      };
      this.#blockBitmaps[group] = place(GD.blockBitmap, GD.blockBitmapHigh, 1);
      this.#inodeBitmaps[group] = place(GD.inodeBitmap, GD.inodeBitmapHigh, 1);
      this.#inodeTables[group] = place(GD.inodeTable, GD.inodeTableHigh, sizes.inodeTableBlocks);
    }
    const merged = mergeZones(zones.subarray(0, zoneCount));
    this.#starts = merged.starts;
    this.#ends = merged.ends;
  }

  /** The features of the file system. */
  get features(): Features {
    return this.sizes.features;
  }

  /** Blocks of superblocks, descriptors, bitmaps and inode tables in all. */
  get metadataBlocks(): number {
    let count = 0;
    for (let index = 0; index < this.#starts.length; index++) {
      count += (this.#ends[index] ?? 0) - (this.#starts[index] ?? 0);
    }
    return count;
  }

  /** The block of a group's bitmap of blocks. */
  blockBitmap(group: number): number {
    return this.#blockBitmaps[group] ?? 0;
  }

  /** The block of a group's bitmap of inodes. */
  inodeBitmap(group: number): number {
    return this.#inodeBitmaps[group] ?? 0;
  }

  /** The first block of a group's inode table. */
  inodeTable(group: number): number {
    return this.#inodeTables[group] ?? 0;
  }

  /** The first block of a group. */
  firstBlockOf(group: number): number {
    return this.sizes.firstDataBlock + group * this.sizes.blocksPerGroup;
  }

  /** The group that a block lies in. */
  groupOfBlock(block: number): number {
    return Math.floor((block - this.sizes.firstDataBlock) / this.sizes.blocksPerGroup);
  }

  /** The group whose table holds an inode. */
  groupOfInode(inode: number): number {
    return Math.floor((inode - 1) / this.sizes.inodesPerGroup);
  }

  /** The block where the data of an inode should begin. */
  goalFor(inode: number): number {
    return this.firstBlockOf(this.groupOfInode(inode));
  }

  /** Whether a file may own the block: inside the file system and no metadata of a group. */
  isOwnable(block: number): boolean {
    return this.areOwnable(block, 1);
  }

  /** Whether a file may own all blocks of a run. Hot path. */
  areOwnable(first: number, count: number): boolean {
    if (first >= this.#gapStart && first < this.#gapEnd) return count <= this.#gapEnd - first;
    if (!(first >= 0 && first < this.sizes.blockCount)) return false;
    const index = this.#zonesUpTo(first);
    if (index > 0 && first < (this.#ends[index - 1] ?? 0)) return false;
    this.#gapStart = this.#ends[index - 1] ?? 0;
    this.#gapEnd = Math.min(this.sizes.blockCount, this.#starts[index] ?? Infinity);
    return count <= this.#gapEnd - first;
  }

  /** Calls `visit` for each run of metadata in a group, in order. */
  eachZone(group: number, visit: (first: number, count: number) => void): void {
    const start = this.firstBlockOf(group);
    const end = start + blocksInGroup(this.sizes, group);
    for (
      let index = Math.max(0, this.#zonesUpTo(start) - 1);
      index < this.#starts.length;
      index++
    ) {
      const first = Math.max(start, this.#starts[index] ?? 0);
      if (first >= end) break;
      const last = Math.min(end, this.#ends[index] ?? 0);
      if (last > first) visit(first, last - first);
    }
  }

  /** How many runs of metadata begin at or before a block. */
  #zonesUpTo(block: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= block) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function checkZone(sizes: Sizes, group: number, first: number, count: number): void {
  const { hasFlexGroups } = sizes.features;
  const start = hasFlexGroups ? sizes.firstDataBlock : firstBlockOf(sizes, group);
  const end = hasFlexGroups ? sizes.blockCount : start + blocksInGroup(sizes, group);
  check(first >= start && first < end && count <= end - first, "metadata lies outside its group");
}

/** Puts runs in order, and makes one of those that touch. */
function mergeZones(zones: Float64Array): { starts: Float64Array; ends: Float64Array } {
  zones.sort();
  const starts = new Float64Array(zones.length);
  const ends = new Float64Array(zones.length);
  let merged = 0;
  for (const zone of zones) {
    const first = Math.floor(zone / ZONE_SHIFT);
    const end = first + (zone % ZONE_SHIFT);
    const before = merged === 0 ? -1 : ends[merged - 1] ?? 0;
    check(first >= before, "metadata of groups overlaps");
    if (first > before) starts[merged++] = first;
    ends[merged - 1] = end;
  }
  return { starts: starts.slice(0, merged), ends: ends.slice(0, merged) };
}

function check(condition: boolean, what: string): void {
  if (!condition) refuse("EUCLEAN", `damaged superblock: ${what}`);
}

function refuse(code: "EUCLEAN" | "EBADMSG" | "EOPNOTSUPP" | "EINVAL", what: string): never {
  throw new OsError(code, `mount: ${what}`);
}
