/**
 * What never changes while a file system is mounted: its sizes, its features, where the metadata
 * of each group lies. Read once from the superblock and the descriptors, every field checked,
 * because an image is input.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { BLOCK_BYTES } from "../disk/disk.ts";
import { GROUP_DESCRIPTOR as GD, GROUP_DESCRIPTOR_BYTES } from "./layouts/group_descriptor.ts";
import { INODE_BYTES_MIN } from "./layouts/inode.ts";
import {
  COMPAT_HAS_JOURNAL,
  COMPAT_SPARSE_SUPER2,
  INCOMPAT_FILETYPE,
  INCOMPAT_NAMES,
  READ_ONLY_EXTRA_ISIZE,
  READ_ONLY_LARGE_FILE,
  READ_ONLY_NAMES,
  READ_ONLY_SPARSE_SUPER,
  SUPERBLOCK as SB,
  SUPERBLOCK_MAGIC,
} from "./layouts/superblock.ts";

const INCOMPAT_KNOWN = INCOMPAT_FILETYPE;
const READ_ONLY_KNOWN = READ_ONLY_SPARSE_SUPER | READ_ONLY_LARGE_FILE | READ_ONLY_EXTRA_ISIZE;

/** Bits in one bitmap block: a group cannot have more blocks, nor more inodes. */
export const BITS_PER_BLOCK = BLOCK_BYTES * 8;

/** Group descriptors in one block. */
export const DESCRIPTORS_PER_BLOCK: number = BLOCK_BYTES / GROUP_DESCRIPTOR_BYTES;

/** The sizes and features of a file system. */
export interface Sizes {
  /** Blocks in the file system, at most the disk's. */
  readonly blockCount: number;
  /** Inodes, those in use included. */
  readonly inodeCount: number;
  /** Blocks in every group but the last. */
  readonly blocksPerGroup: number;
  /** Inodes in every group. */
  readonly inodesPerGroup: number;
  /** Bytes of one inode: 128 or a larger power of two. */
  readonly inodeBytes: number;
  /** The first inode that is not reserved. */
  readonly firstInode: number;
  /** Block groups. */
  readonly groupCount: number;
  /** Blocks of the table of group descriptors. */
  readonly descriptorBlocks: number;
  /** Blocks kept behind that table for growth. */
  readonly descriptorBlocksReserved: number;
  /** Blocks of the inode table of one group. */
  readonly inodeTableBlocks: number;
  /** Whether directory entries carry types. */
  readonly hasTypes: boolean;
  /** Whether only some groups have copies of the superblock. */
  readonly isSparse: boolean;
  /** Whether it is unknown which groups have copies of the superblock. */
  readonly hasBackupsElsewhere: boolean;
}

/**
 * Reads and checks a superblock.
 *
 * @param view The superblock's 1024 bytes.
 * @param diskBlockCount Blocks of the disk that it lies on.
 * @throws {OsError} `EUCLEAN` no ext2, or damaged; `EOPNOTSUPP` or `EROFS` a feature we lack;
 *   `EINVAL` a block size we lack.
 */
export function readSizes(view: DataView, diskBlockCount: number): Sizes {
  const u32 = (offset: number) => view.getUint32(offset, true);
  const u16 = (offset: number) => view.getUint16(offset, true);
  if (u16(SB.magic) !== SUPERBLOCK_MAGIC) refuse("EUCLEAN", "not an ext2 file system");
  if (u32(SB.revision) > 1) refuse("EOPNOTSUPP", `revision ${u32(SB.revision)} is unknown`);
  const isDynamic = u32(SB.revision) === 1;
  if (isDynamic) refuseFeatures(u32(SB.featuresCompat), u32(SB.featuresIncompat), view);
  if (u32(SB.blockSizeLog) !== 2) {
    refuse("EINVAL", `block size is 1024 << ${u32(SB.blockSizeLog)}, only 4096 is supported`);
  }
  const blockCount = u32(SB.blockCount);
  const blocksPerGroup = u32(SB.blocksPerGroup);
  const inodesPerGroup = u32(SB.inodesPerGroup);
  const inodeBytes = isDynamic ? u16(SB.inodeBytes) : INODE_BYTES_MIN;
  const firstInode = isDynamic ? u32(SB.firstInode) : 11;
  check(u32(SB.firstDataBlock) === 0, "first data block is not 0");
  check(blockCount > 0 && blockCount <= diskBlockCount, "more blocks than the volume has");
  check(blocksPerGroup >= 8 && blocksPerGroup <= BITS_PER_BLOCK, "blocks per group");
  check(inodesPerGroup >= 8 && inodesPerGroup <= BITS_PER_BLOCK, "inodes per group");
  check(inodeBytes >= INODE_BYTES_MIN && inodeBytes <= BLOCK_BYTES, "inode size");
  check((inodeBytes & (inodeBytes - 1)) === 0, "inode size is not a power of two");
  const groupCount = Math.ceil(blockCount / blocksPerGroup);
  const inodeCount = u32(SB.inodeCount);
  check(inodeCount === groupCount * inodesPerGroup, "inode count");
  check(firstInode >= 11 && firstInode <= inodeCount, "first inode");
  const reserved = isDynamic ? u16(SB.descriptorBlocksReserved) : 0;
  check(reserved <= BLOCK_BYTES / 4, "reserved descriptor blocks");
  return {
    blockCount,
    inodeCount,
    blocksPerGroup,
    inodesPerGroup,
    inodeBytes,
    firstInode,
    groupCount,
    descriptorBlocks: Math.ceil(groupCount / DESCRIPTORS_PER_BLOCK),
    descriptorBlocksReserved: reserved,
    inodeTableBlocks: Math.ceil((inodesPerGroup * inodeBytes) / BLOCK_BYTES),
    hasTypes: isDynamic && (u32(SB.featuresIncompat) & INCOMPAT_FILETYPE) !== 0,
    isSparse: isDynamic && (u32(SB.featuresReadOnly) & READ_ONLY_SPARSE_SUPER) !== 0,
    hasBackupsElsewhere: isDynamic && (u32(SB.featuresCompat) & COMPAT_SPARSE_SUPER2) !== 0,
  };
}

/** Whether a group begins with a copy of the superblock and the descriptors. */
export function hasSuperblock(sizes: Sizes, group: number): boolean {
  if (group === 0) return true;
  if (sizes.hasBackupsElsewhere) return false;
  if (!sizes.isSparse || group === 1) return true;
  return isPower(group, 3) || isPower(group, 5) || isPower(group, 7);
}

function isPower(value: number, base: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}

/** Blocks of a group: fewer in the last one. */
export function blocksInGroup(sizes: Sizes, group: number): number {
  return Math.min(sizes.blocksPerGroup, sizes.blockCount - group * sizes.blocksPerGroup);
}

/** Where the metadata of every group lies. */
export class Geometry {
  /** Sizes and features. */
  readonly sizes: Sizes;
  readonly #blockBitmaps: Uint32Array;
  readonly #inodeBitmaps: Uint32Array;
  readonly #inodeTables: Uint32Array;

  /**
   * Reads and checks every group descriptor.
   *
   * @param sizes From {@linkcode readSizes}.
   * @param descriptorBlock Gives the view of one block of the descriptor table, by index.
   * @throws {OsError} `EUCLEAN` if metadata of a group lies outside it.
   */
  constructor(sizes: Sizes, descriptorBlock: (index: number) => DataView) {
    this.sizes = sizes;
    this.#blockBitmaps = new Uint32Array(sizes.groupCount);
    this.#inodeBitmaps = new Uint32Array(sizes.groupCount);
    this.#inodeTables = new Uint32Array(sizes.groupCount);
    for (let group = 0; group < sizes.groupCount; group++) {
      const view = descriptorBlock(Math.floor(group / DESCRIPTORS_PER_BLOCK));
      const at = (group % DESCRIPTORS_PER_BLOCK) * GROUP_DESCRIPTOR_BYTES;
      const blockBitmap = view.getUint32(at + GD.blockBitmap, true);
      const inodeBitmap = view.getUint32(at + GD.inodeBitmap, true);
      const inodeTable = view.getUint32(at + GD.inodeTable, true);
      this.#checkRun(group, blockBitmap, 1);
      this.#checkRun(group, inodeBitmap, 1);
      this.#checkRun(group, inodeTable, sizes.inodeTableBlocks);
      this.#blockBitmaps[group] = blockBitmap;
      this.#inodeBitmaps[group] = inodeBitmap;
      this.#inodeTables[group] = inodeTable;
    }
  }

  #checkRun(group: number, first: number, count: number): void {
    const { sizes } = this;
    const start = group * sizes.blocksPerGroup;
    const head = hasSuperblock(sizes, group) ? 1 + sizes.descriptorBlocks : 0;
    const end = start + blocksInGroup(sizes, group);
    check(first >= start + head && first <= end - count, "metadata of a group lies outside it");
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

  /** Whether a file may own the block: inside the file system and no metadata of a group. */
  isOwnable(block: number): boolean {
    const { sizes } = this;
    if (block === 0 || block >= sizes.blockCount) return false;
    const group = Math.floor(block / sizes.blocksPerGroup);
    if (block === this.#blockBitmaps[group] || block === this.#inodeBitmaps[group]) return false;
    const table = this.inodeTable(group);
    if (block >= table && block < table + sizes.inodeTableBlocks) return false;
    const within = block - group * sizes.blocksPerGroup;
    if (within > sizes.descriptorBlocks + sizes.descriptorBlocksReserved) return true;
    // Blocks kept for growth belong to the resize inode; nobody else may name them.
    return !hasSuperblock(sizes, group);
  }
}

function refuseFeatures(compat: number, incompat: number, view: DataView): void {
  const readOnly = view.getUint32(SB.featuresReadOnly, true);
  const unknown = (incompat & ~INCOMPAT_KNOWN) >>> 0;
  if (unknown !== 0) {
    refuse("EOPNOTSUPP", `unsupported feature ${nameBits(unknown, INCOMPAT_NAMES)}`);
  }
  if ((compat & COMPAT_HAS_JOURNAL) !== 0) refuse("EOPNOTSUPP", "unsupported feature has_journal");
  const unwritable = (readOnly & ~READ_ONLY_KNOWN) >>> 0;
  if (unwritable !== 0) {
    refuse("EROFS", `feature only fit for reading: ${nameBits(unwritable, READ_ONLY_NAMES)}`);
  }
}

function nameBits(bits: number, names: ReadonlyMap<number, string>): string {
  const found: string[] = [];
  for (let shift = 0; shift < 32; shift++) {
    const bit = (1 << shift) >>> 0;
    if ((bits & bit) !== 0) found.push(names.get(bit) ?? `0x${bit.toString(16)}`);
  }
  return found.join(" ");
}

function check(condition: boolean, what: string): void {
  if (!condition) refuse("EUCLEAN", `damaged superblock: ${what}`);
}

function refuse(code: "EUCLEAN" | "EOPNOTSUPP" | "EROFS" | "EINVAL", what: string): never {
  throw new OsError(code, what);
}
