/**
 * Which block of the disk holds which block of a file: 12 direct pointers in the inode, then trees
 * of one, two and three levels of indirect blocks with 1,024 pointers each. Pointer 0 is a hole.
 *
 * Source: Linux `fs/ext2/inode.c`. Every pointer is checked before use: an image is input.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockAllocation, BlockRun } from "./block_allocation.ts";
import type { BlockCache, CachedBlock } from "../disk/block_cache.ts";
import { BLOCK_BYTES } from "../disk/disk.ts";
import type { Geometry } from "./geometry.ts";
import type { Inode } from "./inode.ts";
import { POINTERS_DIRECT } from "./layouts/inode.ts";

const POINTERS_PER_BLOCK = BLOCK_BYTES / 4;

/** Units of `Inode.sectors` in a block. */
export const SECTORS_PER_BLOCK: number = BLOCK_BYTES / 512;

/**
 * Most blocks of a file: `sectors` has 32 bits and counts indirect blocks too, so that a file of
 * 2 TiB without holes would just not fit.
 */
export const FILE_BLOCKS_MAX = 536_346_000;

/** Largest size of a file, in bytes. */
export const FILE_BYTES_MAX: number = FILE_BLOCKS_MAX * BLOCK_BYTES;

/** The first file block under the tree of each number of levels; index 0 is the direct pointers. */
const TREE_BASE: readonly number[] = [
  0,
  POINTERS_DIRECT,
  POINTERS_DIRECT + POINTERS_PER_BLOCK,
  POINTERS_DIRECT + POINTERS_PER_BLOCK + POINTERS_PER_BLOCK ** 2,
  POINTERS_DIRECT + POINTERS_PER_BLOCK + POINTERS_PER_BLOCK ** 2 + POINTERS_PER_BLOCK ** 3,
];

/** Block pointers of inodes. */
export class BlockMap {
  readonly #cache: BlockCache;
  readonly #geometry: Geometry;
  readonly #allocation: BlockAllocation;
  // Where `#descend` arrived: the pointers, the first of them, and how many are of use.
  #words: Uint32Array = new Uint32Array(0);
  #leaf: CachedBlock | undefined;
  #index = 0;
  #span = 0;
  // A run of blocks that `release` will give back, still growing.
  #givenFirst = 0;
  #givenCount = 0;
  #stoppedAt = 0;

  /** Works on indirect blocks through `cache`. */
  constructor(cache: BlockCache, geometry: Geometry, allocation: BlockAllocation) {
    this.#cache = cache;
    this.#geometry = geometry;
    this.#allocation = allocation;
  }

  /**
   * The run of blocks that holds a file from `fileBlock` on, or with `first` 0 a hole there. It may
   * end where the pointers' block ends although the file goes on in the next block of the disk.
   *
   * @param countMax Most blocks of the run.
   * @throws {OsError} `EUCLEAN` if a pointer leads where no file's data can be.
   */
  lookup(inode: Inode, fileBlock: number, countMax: number): BlockRun {
    const exists = this.#descend(inode, fileBlock);
    const last = Math.min(this.#span, countMax);
    if (!exists) return { first: 0, count: last };
    const words = this.#words;
    const index = this.#index;
    const first = words[index] ?? 0;
    let count = 1;
    if (first === 0) {
      while (count < last && words[index + count] === 0) count++;
      return { first, count };
    }
    if (!this.#geometry.isOwnable(first)) throw damaged(inode);
    while (count < last && words[index + count] === first + count) {
      if (!this.#geometry.isOwnable(first + count)) throw damaged(inode);
      count++;
    }
    return { first, count };
  }

  /** How many indirect blocks are missing on the way to a block of a file. */
  missing(inode: Inode, fileBlock: number): number {
    if (this.#descend(inode, fileBlock)) return 0;
    let levels = 1;
    while (POINTERS_PER_BLOCK ** levels < this.#holeSpan) levels++;
    return levels;
  }

  #holeSpan = 0;

  /** Lets a run of blocks, just taken, hold a file from `fileBlock` on; changes `inode`. */
  assign(inode: Inode, fileBlock: number, run: BlockRun): void {
    let done = 0;
    while (done < run.count) {
      while (!this.#descend(inode, fileBlock + done)) {
        this.#grow(inode, fileBlock + done, run.first + run.count);
      }
      if (this.#leaf !== undefined) this.#cache.change(this.#leaf);
      const count = Math.min(this.#span, run.count - done);
      for (let step = 0; step < count; step++) {
        this.#words[this.#index + step] = run.first + done + step;
      }
      done += count;
    }
    inode.sectors += run.count * SECTORS_PER_BLOCK;
  }

  /**
   * Gives back the blocks of a file from file block `from` to its end, last ones first; changes
   * `inode`. It stops early when the transaction would become too large.
   *
   * @param isMetadata Whether the file's own blocks may be in the cache: those of a directory.
   * @returns The first file block that was given back; `from` when all are.
   */
  release(inode: Inode, from: number, isMetadata: boolean): number {
    this.#stoppedAt = from;
    for (let level = 3; level >= 1; level--) {
      const base = TREE_BASE[level] as number;
      const pointer = inode.pointers[POINTERS_DIRECT - 1 + level] ?? 0;
      if (pointer === 0 || (TREE_BASE[level + 1] as number) <= from) continue;
      const isDone = this.#releaseTree(inode, { pointer, level, base, from, isMetadata });
      if (isDone && from <= base) {
        this.#giveIndirect(inode, pointer);
        inode.pointers[POINTERS_DIRECT - 1 + level] = 0;
      }
      if (!isDone) {
        this.#giveRun();
        return this.#stoppedAt;
      }
    }
    for (let index = POINTERS_DIRECT - 1; index >= from; index--) {
      const pointer = inode.pointers[index] ?? 0;
      if (pointer !== 0) this.#giveData(inode, pointer, isMetadata);
      inode.pointers[index] = 0;
    }
    this.#giveRun();
    return from;
  }

  #releaseTree(inode: Inode, tree: Tree): boolean {
    const { pointer, level, base, from, isMetadata } = tree;
    if (!this.#geometry.isOwnable(pointer)) throw damaged(inode);
    const childSpan = POINTERS_PER_BLOCK ** (level - 1);
    const indexMin = Math.max(0, Math.floor((from - base) / childSpan));
    for (let index = POINTERS_PER_BLOCK - 1; index >= indexMin; index--) {
      const child = this.#cache.get(pointer).words[index] ?? 0;
      if (child === 0) continue;
      const childBase = base + index * childSpan;
      if (this.#cache.changedCount >= this.#cache.changedSoftMax) {
        this.#stoppedAt = childBase + childSpan;
        return false;
      }
      if (level > 1) {
        const subtree = { pointer: child, level: level - 1, base: childBase, from, isMetadata };
        if (!this.#releaseTree(inode, subtree)) return false;
        if (from > childBase) continue;
        this.#giveIndirect(inode, child);
      } else {
        this.#giveData(inode, child, isMetadata);
      }
      const parent = this.#cache.get(pointer);
      this.#cache.change(parent);
      parent.words[index] = 0;
    }
    return true;
  }

  #giveIndirect(inode: Inode, block: number): void {
    this.#cache.forget(block);
    this.#giveData(inode, block, false);
  }

  #giveData(inode: Inode, block: number, isMetadata: boolean): void {
    if (!this.#geometry.isOwnable(block)) throw damaged(inode);
    if (isMetadata) this.#cache.forget(block);
    inode.sectors -= SECTORS_PER_BLOCK;
    if (inode.sectors < 0) throw damaged(inode);
    if (this.#givenCount > 0 && block === this.#givenFirst - 1) {
      this.#givenFirst = block;
      this.#givenCount++;
    } else if (this.#givenCount > 0 && block === this.#givenFirst + this.#givenCount) {
      this.#givenCount++;
    } else {
      this.#giveRun();
      this.#givenFirst = block;
      this.#givenCount = 1;
    }
  }

  #giveRun(): void {
    const count = this.#givenCount;
    this.#givenCount = 0;
    if (count > 0) this.#allocation.give(this.#givenFirst, count);
  }

  /** Forgets a half-done release: the operation is rolled back. */
  abandon(): void {
    this.#givenCount = 0;
  }

  /**
   * Goes to the pointer of a file block: then `#words[#index]` is it, and `#span` pointers from it
   * on stand together. Answers false at a hole in the tree, whose rest has `#span` blocks.
   */
  #descend(inode: Inode, fileBlock: number): boolean {
    this.#leaf = undefined;
    if (fileBlock < POINTERS_DIRECT) {
      this.#words = inode.pointers;
      this.#index = fileBlock;
      this.#span = POINTERS_DIRECT - fileBlock;
      return true;
    }
    let level = 1;
    while (fileBlock >= (TREE_BASE[level + 1] as number)) level++;
    const within = fileBlock - (TREE_BASE[level] as number);
    let span = POINTERS_PER_BLOCK ** level;
    let words = inode.pointers;
    let index = POINTERS_DIRECT - 1 + level;
    while (span > 1) {
      const pointer = words[index] ?? 0;
      this.#words = words;
      this.#index = index;
      if (pointer === 0) {
        this.#holeSpan = span;
        this.#span = span - (within % span);
        return false;
      }
      if (!this.#geometry.isOwnable(pointer)) throw damaged(inode);
      this.#leaf = this.#cache.get(pointer);
      words = this.#leaf.words;
      span /= POINTERS_PER_BLOCK;
      index = Math.floor(within / span) % POINTERS_PER_BLOCK;
    }
    this.#words = words;
    this.#index = index;
    this.#span = POINTERS_PER_BLOCK - index;
    return true;
  }

  /** Adds the one indirect block at which `#descend` just found a hole. */
  #grow(inode: Inode, fileBlock: number, goal: number): void {
    const { first } = this.#allocation.take(goal, 1);
    this.#descend(inode, fileBlock);
    if (this.#leaf !== undefined) this.#cache.change(this.#leaf);
    this.#words[this.#index] = first;
    this.#cache.fresh(first);
    inode.sectors += SECTORS_PER_BLOCK;
  }
}

/** A tree of indirect blocks: its top, its height, its first file block, what to free of it. */
interface Tree {
  readonly pointer: number;
  readonly level: number;
  readonly base: number;
  readonly from: number;
  readonly isMetadata: boolean;
}

function damaged(inode: Inode): OsError {
  return new OsError("EUCLEAN", `block pointers of inode ${inode.number}`);
}
