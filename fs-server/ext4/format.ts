/**
 * Makes an empty ext2 file system: revision 1, blocks of 4 KiB, inodes of 256 bytes.
 *
 * ```
 * group:  [superblock, descriptors]  bitmap of blocks, bitmap of inodes, inode table, data ...
 *          only in groups 0, 1 and powers of 3, 5, 7
 * ```
 * The first {@linkcode HEAD_BLOCKS} blocks, the superblock among them, are written last and in one
 * transaction: a volume whose head is blank was never formatted, whoever died meanwhile.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { setRun } from "./bitmap.ts";
import { clearDirBlock, type NewEntry, writeEntry } from "./dir_block.ts";
import { BLOCK_BYTES, type Disk, NO_REQUEST } from "../disk/disk.ts";
import {
  BITS_PER_BLOCK,
  blocksInGroup,
  DESCRIPTORS_PER_BLOCK,
  hasSuperblock,
  type Sizes,
} from "./geometry.ts";
import { type DiskTime, toDiskTime } from "./inode.ts";
import { dirEntryBytes, ENTRY_TYPE } from "./layouts/dir_entry.ts";
import { GROUP_DESCRIPTOR as GD, GROUP_DESCRIPTOR_BYTES } from "./layouts/group_descriptor.ts";
import {
  EXTRA_BYTES,
  INODE,
  LOST_FOUND_INODE,
  MODE_DIRECTORY,
  ROOT_INODE,
} from "./layouts/inode.ts";
import {
  INCOMPAT_FILETYPE,
  ON_ERRORS_CONTINUE,
  READ_ONLY_LARGE_FILE,
  READ_ONLY_SPARSE_SUPER,
  STATE_CLEAN,
  SUPERBLOCK as SB,
  SUPERBLOCK_MAGIC,
  SUPERBLOCK_OFFSET,
} from "./layouts/superblock.ts";

/** Blocks at the head of a volume by which a blank one is told: 64 KiB. */
export const HEAD_BLOCKS = 16;

const INODE_BYTES = 256;
const INODES_PER_BLOCK = BLOCK_BYTES / INODE_BYTES;
const ROOT_BLOCKS = 1;
const LOST_FOUND_BLOCKS = 4; // So that e2fsck finds room there without allocating.
const DATA_BLOCKS_MIN = 50; // A last group with less room than this is left out, as mke2fs does.
const RATIO_BYTES_DEFAULT = 16_384;

/** How a file system shall be made. */
export interface FormatOptions {
  /** Up to 16 bytes of UTF-8. */
  readonly label?: string;
  /** 16 bytes that tell this file system from all others. */
  readonly uuid: Uint8Array;
  /** One inode for so many bytes; 16,384 by default. */
  readonly inodeRatioBytes?: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Makes a file system on the whole disk.
 *
 * @param window Shared memory of at least 32 blocks; what stands there is lost.
 * @throws {OsError} `ENOSPC` if the disk is too small, `EINVAL` if an option is out of range.
 */
export function format(disk: Disk, window: Uint8Array, options: FormatOptions): void {
  const sizes = planSizes(disk.blockCount, options);
  const now = toDiskTime(options.nowMs);
  const label = new TextEncoder().encode(options.label ?? "");
  if (label.byteLength > 16) throw new OsError("EINVAL", "format: label of more than 16 bytes");
  if (options.uuid.byteLength !== 16) throw new OsError("EINVAL", "format: uuid of 16 bytes");
  const head = window.subarray(0, HEAD_BLOCKS * BLOCK_BYTES);
  const writer = new BlockWriter(disk, head, window.subarray(head.byteLength));
  for (let group = 0; group < sizes.groupCount; group++) {
    writeGroup(writer, sizes, group, (view) => fillSuperblock(view, sizes, options, label));
  }
  fillFirstInodes(viewOf(writer.block(overhead(sizes, 0) - sizes.inodeTableBlocks)), sizes, now);
  writeDirectories(writer, sizes);
  writer.finish(sizes.blockCount);
}

/** Whether the head of a disk was never written: no file system of any kind. */
export function isBlank(disk: Disk, window: Uint8Array): boolean {
  const count = Math.min(HEAD_BLOCKS, disk.blockCount);
  const head = window.subarray(0, count * BLOCK_BYTES);
  disk.read(0, count, head);
  return head.every((byte) => byte === 0);
}

function planSizes(diskBlockCount: number, options: FormatOptions): Sizes {
  const ratio = options.inodeRatioBytes ?? RATIO_BYTES_DEFAULT;
  if (!(ratio >= BLOCK_BYTES && ratio <= 2 ** 26)) {
    throw new OsError("EINVAL", `format: inode ratio of ${ratio} bytes`);
  }
  let blockCount = Math.min(diskBlockCount, 2 ** 32 - 1);
  while (true) {
    const sizes = sizesFor(blockCount, ratio);
    const last = sizes.groupCount - 1;
    const room = blocksInGroup(sizes, last) - overhead(sizes, last);
    if (room >= DATA_BLOCKS_MIN) return sizes;
    if (last === 0) throw new OsError("ENOSPC", `format: ${diskBlockCount} blocks are too few`);
    blockCount = last * sizes.blocksPerGroup;
  }
}

function sizesFor(blockCount: number, ratio: number): Sizes {
  const groupCount = Math.max(1, Math.ceil(blockCount / BITS_PER_BLOCK));
  const wanted = Math.ceil((blockCount * BLOCK_BYTES) / ratio / groupCount);
  const tableBlocks = Math.max(1, Math.ceil(wanted / INODES_PER_BLOCK));
  const inodesPerGroup = Math.min(BITS_PER_BLOCK, tableBlocks * INODES_PER_BLOCK);
  return {
    blockCount,
    inodeCount: inodesPerGroup * groupCount,
    blocksPerGroup: BITS_PER_BLOCK,
    inodesPerGroup,
    inodeBytes: INODE_BYTES,
    firstInode: LOST_FOUND_INODE,
    groupCount,
    descriptorBlocks: Math.ceil(groupCount / DESCRIPTORS_PER_BLOCK),
    descriptorBlocksReserved: 0,
    inodeTableBlocks: inodesPerGroup / INODES_PER_BLOCK,
    hasTypes: true,
    isSparse: true,
    hasBackupsElsewhere: false,
  };
}

/** Blocks of a group before its data. */
function overhead(sizes: Sizes, group: number): number {
  return headBlocks(sizes, group) + 2 + sizes.inodeTableBlocks;
}

function headBlocks(sizes: Sizes, group: number): number {
  return hasSuperblock(sizes, group) ? 1 + sizes.descriptorBlocks : 0;
}

/** Blocks of a group in use at first. */
function blocksUsed(sizes: Sizes, group: number): number {
  return overhead(sizes, group) + (group === 0 ? ROOT_BLOCKS + LOST_FOUND_BLOCKS : 0);
}

function inodesUsed(group: number): number {
  return group === 0 ? LOST_FOUND_INODE : 0; // The reserved ones, root among them, and lost+found.
}

function writeGroup(
  writer: BlockWriter,
  sizes: Sizes,
  group: number,
  fillSuperblockOf: (view: DataView) => void,
): void {
  let block = group * sizes.blocksPerGroup;
  if (hasSuperblock(sizes, group)) {
    const first = writer.block(block++);
    // Only the first group leaves room for a boot loader before its copy.
    const copy = viewOf(first.subarray(group === 0 ? SUPERBLOCK_OFFSET : 0));
    fillSuperblockOf(copy);
    copy.setUint16(SB.ownGroup, group, true);
    for (let index = 0; index < sizes.descriptorBlocks; index++) {
      fillDescriptors(viewOf(writer.block(block++)), sizes, index);
    }
  }
  const used = blocksUsed(sizes, group);
  fillBitmap(writer.block(block++), used, blocksInGroup(sizes, group));
  fillBitmap(writer.block(block++), inodesUsed(group), sizes.inodesPerGroup);
  for (let index = 0; index < sizes.inodeTableBlocks; index++) {
    writer.block(block++);
  }
}

/** The first `used` bits taken, and those beyond `end`, which stand for nothing. */
function fillBitmap(bytes: Uint8Array, used: number, end: number): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, BLOCK_BYTES / 4);
  setRun(words, 0, used);
  setRun(words, end, BITS_PER_BLOCK - end);
}

function fillDescriptors(view: DataView, sizes: Sizes, index: number): void {
  const first = index * DESCRIPTORS_PER_BLOCK;
  const end = Math.min(sizes.groupCount, first + DESCRIPTORS_PER_BLOCK);
  for (let group = first; group < end; group++) {
    const at = (group - first) * GROUP_DESCRIPTOR_BYTES;
    const bitmap = group * sizes.blocksPerGroup + headBlocks(sizes, group);
    view.setUint32(at + GD.blockBitmap, bitmap, true);
    view.setUint32(at + GD.inodeBitmap, bitmap + 1, true);
    view.setUint32(at + GD.inodeTable, bitmap + 2, true);
    view.setUint16(
      at + GD.blocksFree,
      blocksInGroup(sizes, group) - blocksUsed(sizes, group),
      true,
    );
    view.setUint16(at + GD.inodesFree, sizes.inodesPerGroup - inodesUsed(group), true);
    view.setUint16(at + GD.directories, group === 0 ? 2 : 0, true);
  }
}

function fillSuperblock(
  view: DataView,
  sizes: Sizes,
  options: FormatOptions,
  label: Uint8Array,
): void {
  const seconds = Math.floor(options.nowMs / 1000);
  let blocksFree = 0;
  for (let group = 0; group < sizes.groupCount; group++) {
    blocksFree += blocksInGroup(sizes, group) - blocksUsed(sizes, group);
  }
  const u32 = (offset: number, value: number) => view.setUint32(offset, value, true);
  const u16 = (offset: number, value: number) => view.setUint16(offset, value, true);
  u32(SB.inodeCount, sizes.inodeCount);
  u32(SB.blockCount, sizes.blockCount);
  u32(SB.blocksFree, blocksFree);
  u32(SB.inodesFree, sizes.inodeCount - inodesUsed(0));
  u32(SB.blockSizeLog, 2);
  u32(SB.fragmentSizeLog, 2);
  u32(SB.blocksPerGroup, sizes.blocksPerGroup);
  u32(SB.fragmentsPerGroup, sizes.blocksPerGroup);
  u32(SB.inodesPerGroup, sizes.inodesPerGroup);
  u32(SB.writeTime, seconds);
  u16(SB.mountCountMax, 0xffff); // Never ask for a check because of mounts.
  u16(SB.magic, SUPERBLOCK_MAGIC);
  u16(SB.state, STATE_CLEAN);
  u16(SB.onErrors, ON_ERRORS_CONTINUE);
  u32(SB.checkTime, seconds);
  u32(SB.revision, 1);
  u32(SB.firstInode, sizes.firstInode);
  u16(SB.inodeBytes, sizes.inodeBytes);
  u32(SB.featuresIncompat, INCOMPAT_FILETYPE);
  u32(SB.featuresReadOnly, READ_ONLY_SPARSE_SUPER | READ_ONLY_LARGE_FILE);
  u32(SB.mkfsTime, seconds);
  u16(SB.extraBytesMin, EXTRA_BYTES);
  u16(SB.extraBytesWanted, EXTRA_BYTES);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  bytes.set(options.uuid, SB.uuid);
  bytes.set(label, SB.label);
}

function fillFirstInodes(view: DataView, sizes: Sizes, time: DiskTime): void {
  const data = overhead(sizes, 0);
  fillDirectoryInode(view, ROOT_INODE, {
    first: data,
    count: ROOT_BLOCKS,
    links: 3,
    mode: 0o755,
    time,
  });
  fillDirectoryInode(view, LOST_FOUND_INODE, {
    first: data + ROOT_BLOCKS,
    count: LOST_FOUND_BLOCKS,
    links: 2,
    mode: 0o700,
    time,
  });
}

/** A directory that exists from the beginning. */
interface FirstDirectory {
  readonly first: number;
  readonly count: number;
  readonly links: number;
  readonly mode: number;
  readonly time: DiskTime;
}

function fillDirectoryInode(view: DataView, number: number, directory: FirstDirectory): void {
  const { time } = directory;
  const at = (number - 1) * INODE_BYTES;
  view.setUint16(at + INODE.mode, MODE_DIRECTORY | directory.mode, true);
  view.setUint32(at + INODE.sizeLow, directory.count * BLOCK_BYTES, true);
  view.setUint16(at + INODE.links, directory.links, true);
  view.setUint32(at + INODE.sectors, directory.count * (BLOCK_BYTES / 512), true);
  view.setUint16(at + INODE.extraBytes, EXTRA_BYTES, true);
  for (const field of [INODE.atime, INODE.ctime, INODE.mtime, INODE.birthTime]) {
    view.setInt32(at + field, time.seconds, true);
  }
  const { atimeExtra, ctimeExtra, mtimeExtra, birthTimeExtra } = INODE;
  for (const field of [atimeExtra, ctimeExtra, mtimeExtra, birthTimeExtra]) {
    view.setUint32(at + field, time.extra, true);
  }
  for (let index = 0; index < directory.count; index++) {
    view.setUint32(at + INODE.pointers + index * 4, directory.first + index, true);
  }
}

function writeDirectories(writer: BlockWriter, sizes: Sizes): void {
  const root = overhead(sizes, 0);
  fillDirBlock(writer.block(root), [
    entry(".", ROOT_INODE),
    entry("..", ROOT_INODE),
    entry("lost+found", LOST_FOUND_INODE),
  ]);
  const lostFound = root + ROOT_BLOCKS;
  fillDirBlock(writer.block(lostFound), [entry(".", LOST_FOUND_INODE), entry("..", ROOT_INODE)]);
  for (let index = 1; index < LOST_FOUND_BLOCKS; index++) {
    const bytes = writer.block(lostFound + index);
    clearDirBlock({ bytes, view: viewOf(bytes) });
  }
}

function entry(name: string, inode: number): NewEntry {
  return { name, inode, type: ENTRY_TYPE.directory };
}

function fillDirBlock(bytes: Uint8Array, entries: readonly NewEntry[]): void {
  const block = { bytes, view: viewOf(bytes) };
  let offset = 0;
  entries.forEach((one, index) => {
    const isLast = index === entries.length - 1;
    const recordBytes = isLast ? BLOCK_BYTES - offset : dirEntryBytes(one.name.length);
    writeEntry(block, offset, recordBytes, one);
    offset += recordBytes;
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Gathers blocks into runs; keeps those of the head back until the end. */
class BlockWriter {
  readonly #disk: Disk;
  readonly #head: Uint8Array;
  readonly #buffer: Uint8Array;
  readonly #capacity: number;
  #first = 0;
  #count = 0;

  constructor(disk: Disk, head: Uint8Array, buffer: Uint8Array) {
    this.#disk = disk;
    this.#head = head;
    this.#buffer = buffer;
    this.#capacity = Math.min(256, Math.floor(buffer.byteLength / BLOCK_BYTES));
    head.fill(0);
  }

  /** The bytes of a block, zeroed, to be filled before the next block is asked for. */
  block(block: number): Uint8Array {
    if (block < HEAD_BLOCKS) {
      return this.#head.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    }
    if (block !== this.#first + this.#count || this.#count === this.#capacity) this.#write();
    if (this.#count === 0) this.#first = block;
    const offset = this.#count++ * BLOCK_BYTES;
    const bytes = this.#buffer.subarray(offset, offset + BLOCK_BYTES);
    bytes.fill(0);
    return bytes;
  }

  /** Writes the rest, then the head in one transaction, and makes it all durable. */
  finish(blockCount: number): void {
    this.#write();
    this.#disk.flush();
    const images = [];
    for (let block = 0; block < Math.min(HEAD_BLOCKS, blockCount); block++) {
      images.push({ block, image: this.block(block) });
    }
    this.#disk.transact(images, NO_REQUEST, 0);
    this.#disk.flush();
  }

  #write(): void {
    if (this.#count === 0) return;
    this.#disk.write(this.#first, this.#count, this.#buffer.subarray(0, this.#count * BLOCK_BYTES));
    this.#count = 0;
  }
}
