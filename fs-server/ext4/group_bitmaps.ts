/**
 * The two bitmaps of each group: read and checked, or made up where they were never written, and
 * changed together with the descriptor that holds their checksum.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND, type CachedBlock } from "../disk/cached_block.ts";
import type { Accounts } from "./accounts.ts";
import { type BitRun, isSet, setRun } from "./bitmap.ts";
import { MetadataChecksums } from "./checksums.ts";
import { blocksInGroup, type Geometry } from "./geometry.ts";
import { GROUP_FLAG } from "./layouts/group_descriptor.ts";

/** What bitmaps need of the cache. */
export type BitmapCache = Pick<BlockCache, "get" | "fresh" | "change">;

/** What is done with a run of bits: `setRun` or `clearRun`, which say whether it could be done. */
export type RunChange = (words: Uint32Array, start: number, count: number) => boolean;

/** The bitmaps of all groups. */
export class GroupBitmaps {
  readonly #cache: BitmapCache;
  readonly #geometry: Geometry;
  readonly #accounts: Accounts;
  readonly #checksums: MetadataChecksums;
  /** A bitmap that is on no disk. */
  readonly #made: Uint32Array;

  /** Works on the bitmaps through `cache`. */
  constructor(cache: BitmapCache, geometry: Geometry, accounts: Accounts) {
    this.#cache = cache;
    this.#geometry = geometry;
    this.#accounts = accounts;
    this.#checksums = new MetadataChecksums(geometry.sizes);
    this.#made = new Uint32Array(geometry.sizes.blockBytes / 4);
  }

  /**
   * Which blocks of a group are taken. The words are of use until the next call.
   *
   * @throws {OsError} `EBADMSG` if the checksum is wrong, `EUCLEAN` if metadata is said to be free.
   */
  blocks(group: number): Uint32Array {
    if (!this.#accounts.hasFlag(group, GROUP_FLAG.blocksUninitialised)) {
      return this.#readBlocks(group).words;
    }
    this.#fillBlocks(group, this.#made);
    return this.#made;
  }

  /** Which inodes of a group are taken, as {@linkcode blocks} tells it of blocks. */
  inodes(group: number): Uint32Array {
    if (!this.#accounts.hasFlag(group, GROUP_FLAG.inodesUninitialised)) {
      return this.#readInodes(group).words;
    }
    return this.#made.fill(0);
  }

  /**
   * Changes a run in the bitmap of a group's blocks.
   *
   * @param change What is to be done with the run: `setRun` or `clearRun`.
   * @returns Whether this is the first change of it in the running operation.
   * @throws {OsError} `EUCLEAN` if the bits were not all the other way round.
   */
  changeBlocks(group: number, change: RunChange, run: BitRun): boolean {
    const isNew = this.#accounts.hasFlag(group, GROUP_FLAG.blocksUninitialised);
    const bitmap = isNew ? this.#newBlocks(group) : this.#readBlocks(group);
    const isFirst = isNew || !bitmap.changed;
    this.#change(group, bitmap, change, run);
    return isFirst;
  }

  /** Changes a run in the bitmap of a group's inodes, as {@linkcode changeBlocks} that of blocks. */
  changeInodes(group: number, change: RunChange, run: BitRun): void {
    const isNew = this.#accounts.hasFlag(group, GROUP_FLAG.inodesUninitialised);
    this.#change(group, isNew ? this.#newInodes(group) : this.#readInodes(group), change, run);
  }

  /** Whether the running operation has changed the bitmap of a group's blocks. */
  isChanging(group: number): boolean {
    const isNew = this.#accounts.hasFlag(group, GROUP_FLAG.blocksUninitialised);
    return !isNew && this.#readBlocks(group).changed;
  }

  #change(group: number, bitmap: CachedBlock, change: RunChange, run: BitRun): void {
    this.#cache.change(bitmap);
    if (!change(bitmap.words, run.start, run.count)) throw damaged(group);
    const descriptor = this.#accounts.descriptor(group);
    this.#cache.change(descriptor);
    this.#checksums.sealFlipped(bitmap, descriptor, this.#accounts.offsetOf(group), run);
  }

  /** Makes a bitmap that was made up one that counts. */
  #begin(group: number, bitmap: CachedBlock, flag: number): void {
    bitmap.mark = 1;
    this.#accounts.clearFlag(group, flag);
    const descriptor = this.#accounts.descriptor(group);
    this.#checksums.sealBitmap(bitmap, descriptor, this.#accounts.offsetOf(group));
  }

  #readBlocks(group: number): CachedBlock {
    const block = this.#geometry.blockBitmap(group);
    const bitmap = this.#cache.get(block, BLOCK_KIND.blockBitmap, group);
    if (bitmap.mark !== 0) return bitmap;
    const start = this.#geometry.firstBlockOf(group);
    this.#verify(group, bitmap);
    this.#geometry.eachZone(group, (first, count) => {
      if (!areSet(bitmap.words, first - start, count)) throw damaged(group);
    });
    bitmap.mark = 1;
    return bitmap;
  }

  #readInodes(group: number): CachedBlock {
    const block = this.#geometry.inodeBitmap(group);
    const bitmap = this.#cache.get(block, BLOCK_KIND.inodeBitmap, group);
    if (bitmap.mark !== 0) return bitmap;
    this.#verify(group, bitmap);
    bitmap.mark = 1;
    return bitmap;
  }

  #verify(group: number, bitmap: CachedBlock): void {
    const descriptor = this.#accounts.descriptor(group);
    this.#checksums.verifyBitmap(bitmap, descriptor, this.#accounts.offsetOf(group));
  }

  #newBlocks(group: number): CachedBlock {
    const block = this.#geometry.blockBitmap(group);
    const bitmap = this.#cache.fresh(block, BLOCK_KIND.blockBitmap, group);
    const free = this.#fillBlocks(group, bitmap.words);
    if (free !== this.#accounts.blocksFreeIn(group)) throw damaged(group);
    this.#begin(group, bitmap, GROUP_FLAG.blocksUninitialised);
    return bitmap;
  }

  #newInodes(group: number): CachedBlock {
    const { inodesPerGroup, bitsPerBlock } = this.#geometry.sizes;
    if (this.#accounts.inodesFreeIn(group) !== inodesPerGroup) throw damaged(group);
    const block = this.#geometry.inodeBitmap(group);
    const bitmap = this.#cache.fresh(block, BLOCK_KIND.inodeBitmap, group);
    setRun(bitmap.words, inodesPerGroup, bitsPerBlock - inodesPerGroup);
    this.#begin(group, bitmap, GROUP_FLAG.inodesUninitialised);
    this.#accounts.setInodesUnusedIn(group, inodesPerGroup);
    return bitmap;
  }

  /** What the bitmap of a group without any file's blocks holds; answers how many are free. */
  #fillBlocks(group: number, words: Uint32Array): number {
    const { sizes } = this.#geometry;
    const start = this.#geometry.firstBlockOf(group);
    const count = blocksInGroup(sizes, group);
    let free = count;
    words.fill(0);
    this.#geometry.eachZone(group, (first, length) => {
      setRun(words, first - start, length);
      free -= length;
    });
    setRun(words, count, sizes.bitsPerBlock - count);
    return free;
  }
}

function areSet(words: Uint32Array, start: number, count: number): boolean {
  for (let bit = start; bit < start + count; bit++) {
    if (!isSet(words, bit)) return false;
  }
  return true;
}

function damaged(group: number): OsError {
  return new OsError("EUCLEAN", `bitmap of group ${group}`);
}
