/**
 * Makes an empty file system, as mke2fs makes ext2, ext3 and ext4.
 *
 * ```
 * group:  [superblock, descriptors, room to grow]   bitmaps, inode table, data ...
 *          only in groups 0, 1 and powers of 3, 5, 7  ext4: those of 16 groups together
 * ```
 * The first 64 KiB, the superblock among them, are written last and in one transaction: a volume
 * whose head is blank was never formatted, whoever died meanwhile.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Disk } from "../disk/disk.ts";
import { MetadataChecksums } from "./checksums.ts";
import { firstBlockOf, hasSuperblock, type Sizes } from "./geometry.ts";
import { LOST_FOUND_INODE } from "./layouts/inode.ts";
import { SUPERBLOCK_BYTES } from "./layouts/superblock.ts";
import { BlockWriter, HEAD_BYTES } from "./mkfs/block_writer.ts";
import { placeFirstFiles, writeFirstFiles, writeFirstInodes } from "./mkfs/first_files.ts";
import { GroupTable } from "./mkfs/groups.ts";
import { Placement } from "./mkfs/placement.ts";
import { type FormatOptions, type FormatPlan, planFormat } from "./mkfs/plan.ts";
import { fillSuperblock, type SuperblockParts } from "./mkfs/superblock.ts";

/** Bytes of shared memory that formatting takes. */
export const FORMAT_WINDOW_BYTES_MIN: number = 2 * HEAD_BYTES;

/**
 * Makes a file system on the whole disk.
 *
 * @param window Shared memory of at least {@linkcode FORMAT_WINDOW_BYTES_MIN}; what stands there is
 *   lost.
 * @returns What was made.
 * @throws {OsError} `ENOSPC` if the disk is too small, `EINVAL` if an option is out of range.
 */
export function format(disk: Disk, window: Uint8Array, options: FormatOptions): FormatPlan {
  const plan = planFormat(disk.byteLength, options);
  const { sizes } = plan;
  const checksums = new MetadataChecksums(sizes);
  const placement = new Placement(sizes);
  const files = placeFirstFiles(plan, placement);
  const table = new GroupTable(sizes, placement, checksums);
  const writer = new BlockWriter(disk, window, sizes.blockBytes, options.isBlank ?? false);
  for (const first of placement.inodeTables) writer.zero(first, sizes.inodeTableBlocks);
  table.writeBitmaps(writer);
  const counts = {
    blocksFree: table.blocksFree,
    inodesFree: sizes.inodeCount - LOST_FOUND_INODE,
  };
  writeFirstInodes(writer, files, placement.inodeTables[0]!, sizes, checksums, options.nowMs);
  writeFirstFiles(writer, files, plan, checksums);
  writeHeads(writer, table, sizes, { plan, options, counts, journal: files.journal });
  writer.finish();
  return plan;
}

/** The superblock and the table of descriptors, and their copies. */
function writeHeads(
  writer: BlockWriter,
  table: GroupTable,
  sizes: Sizes,
  parts: SuperblockParts,
): void {
  for (let group = 0; group < sizes.groupCount; group++) {
    if (!hasSuperblock(sizes, group)) continue;
    const first = group === 0 ? sizes.superblockBlock : firstBlockOf(sizes, group);
    const offset = group === 0 ? sizes.superblockOffset : 0;
    const bytes = writer.block(first);
    fillSuperblock(
      new DataView(bytes.buffer, bytes.byteOffset + offset, SUPERBLOCK_BYTES),
      group,
      parts,
    );
    for (let index = 0; index < sizes.descriptorBlocks; index++) {
      writer.block(first + 1 + index).set(table.block(index));
    }
  }
}

/** Whether the head of a disk was never written: no file system of any kind. */
export function isBlank(disk: Disk, window: Uint8Array): boolean {
  if (window.byteLength < HEAD_BYTES) throw new OsError("ENOMEM", "format: window too small");
  const head = window.subarray(0, Math.min(HEAD_BYTES, disk.byteLength));
  disk.read(0, head);
  return head.every((byte) => byte === 0);
}
