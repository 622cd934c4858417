/**
 * Descriptors and bitmaps of a new file system.
 *
 * @module
 */

import { BLOCK_KIND, type CachedBlock } from "../../disk/cached_block.ts";
import { setRun } from "../bitmap.ts";
import type { MetadataChecksums } from "../checksums.ts";
import { blocksInGroup, headBlocks, type Sizes } from "../geometry.ts";
import { GROUP_DESCRIPTOR as GD, GROUP_FLAG } from "../layouts/group_descriptor.ts";
import { LOST_FOUND_INODE } from "../layouts/inode.ts";
import type { BlockWriter } from "./block_writer.ts";
import { asCached } from "./first_files.ts";
import type { Placement, Run } from "./placement.ts";

/** The table of descriptors of a new file system, in memory until all of it is known. */
export class GroupTable {
  /** Blocks that are free in all groups. */
  blocksFree = 0;
  readonly #sizes: Sizes;
  readonly #placement: Placement;
  readonly #checksums: MetadataChecksums;
  readonly #blocks: CachedBlock[] = [];

  constructor(sizes: Sizes, placement: Placement, checksums: MetadataChecksums) {
    this.#sizes = sizes;
    this.#placement = placement;
    this.#checksums = checksums;
    for (let index = 0; index < sizes.descriptorBlocks; index++) {
      const bytes = new Uint8Array(sizes.blockBytes);
      const owner = index * sizes.descriptorsPerBlock;
      this.#blocks.push(asCached(bytes, { block: -1, kind: BLOCK_KIND.descriptors, owner }));
    }
  }

  /** Writes the bitmaps of all groups that need one, and fills the descriptors. */
  writeBitmaps(writer: BlockWriter): void {
    for (const { group, runs } of this.#placement.byGroup()) {
      this.#fillDescriptor(group, runs);
      const { blockBitmaps, inodeBitmaps } = this.#placement;
      const flags = this.#flagsOf(group, runs);
      if ((flags & GROUP_FLAG.blocksUninitialised) === 0) {
        const bytes = writer.block(blockBitmaps[group]!);
        fillBitmap(bytes, runs, blocksInGroup(this.#sizes, group));
        this.#seal(bytes, group, false);
      }
      if ((flags & GROUP_FLAG.inodesUninitialised) === 0) {
        const bytes = writer.block(inodeBitmaps[group]!);
        const used = group === 0 ? [{ first: 0, count: LOST_FOUND_INODE }] : [];
        fillBitmap(bytes, used, this.#sizes.inodesPerGroup);
        this.#seal(bytes, group, true);
      }
    }
    this.#checksums.seal(this.#blocks);
  }

  /** One block of the table, sealed. */
  block(index: number): Uint8Array {
    return this.#blocks[index]!.bytes;
  }

  /** Bitmaps that can be told from the rest need not be written where descriptors have checksums. */
  #flagsOf(group: number, runs: readonly Run[]): number {
    const { features, groupCount } = this.#sizes;
    if (!features.hasUninitGroups) return 0;
    const used = runs.reduce((total, { count }) => total + count, 0);
    const isOnlyHead = used === headBlocks(this.#sizes, group) && group < groupCount - 1;
    return GROUP_FLAG.tableZeroed |
      (isOnlyHead ? GROUP_FLAG.blocksUninitialised : 0) |
      (group > 0 ? GROUP_FLAG.inodesUninitialised : 0);
  }

  #fillDescriptor(group: number, runs: readonly Run[]): void {
    const { descriptorsPerBlock, descriptorBytes, features, inodesPerGroup } = this.#sizes;
    const { blockBitmaps, inodeBitmaps, inodeTables } = this.#placement;
    const { view } = this.#blocks[Math.floor(group / descriptorsPerBlock)]!;
    const at = (group % descriptorsPerBlock) * descriptorBytes;
    const blockAt = (low: number, high: number, block: number) => {
      view.setUint32(at + low, block >>> 0, true);
      if (features.has64Bit) view.setUint32(at + high, Math.floor(block / 2 ** 32), true);
    };
    const count = (low: number, high: number, value: number) => {
      view.setUint16(at + low, value & 0xffff, true);
      if (features.has64Bit) view.setUint16(at + high, value >>> 16, true);
    };
    const used = runs.reduce((total, run) => total + run.count, 0);
    const blocksFree = blocksInGroup(this.#sizes, group) - used;
    const inodesFree = inodesPerGroup - (group === 0 ? LOST_FOUND_INODE : 0);
    this.blocksFree += blocksFree;
    blockAt(GD.blockBitmap, GD.blockBitmapHigh, blockBitmaps[group]!);
    blockAt(GD.inodeBitmap, GD.inodeBitmapHigh, inodeBitmaps[group]!);
    blockAt(GD.inodeTable, GD.inodeTableHigh, inodeTables[group]!);
    count(GD.blocksFree, GD.blocksFreeHigh, blocksFree);
    count(GD.inodesFree, GD.inodesFreeHigh, inodesFree);
    count(GD.directories, GD.directoriesHigh, group === 0 ? 2 : 0);
    view.setUint16(at + GD.flags, this.#flagsOf(group, runs), true);
    if (features.hasUninitGroups) count(GD.inodesUnused, GD.inodesUnusedHigh, inodesFree);
  }

  #seal(bytes: Uint8Array, group: number, isOfInodes: boolean): void {
    const { features, descriptorsPerBlock, descriptorBytes } = this.#sizes;
    if (!features.hasChecksums) return;
    const bitmaps = isOfInodes ? this.#placement.inodeBitmaps : this.#placement.blockBitmaps;
    const kind = isOfInodes ? BLOCK_KIND.inodeBitmap : BLOCK_KIND.blockBitmap;
    const bitmap = asCached(bytes, { block: bitmaps[group]!, kind, owner: group });
    const descriptors = this.#blocks[Math.floor(group / descriptorsPerBlock)]!;
    const at = (group % descriptorsPerBlock) * descriptorBytes;
    this.#checksums.sealBitmap(bitmap, descriptors, at);
  }
}

/** Takes the bits of all runs, and those beyond `end`, which stand for nothing. */
function fillBitmap(bytes: Uint8Array, runs: readonly Run[], end: number): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  for (const { first, count } of runs) setRun(words, first, count);
  const bits = bytes.byteLength * 8;
  if (end < bits) setRun(words, end, bits - end);
}
