/**
 * Which block of the disk holds which block of a file: 12 direct pointers in the inode, then trees
 * of one, two and three levels of indirect blocks full of pointers. Pointer 0 is a hole.
 *
 * Source: Linux `fs/ext2/inode.c`. Every pointer is checked before use: an image is input.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { CachedBlock } from "../disk/cached_block.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import type { BlockRun } from "./block_allocation.ts";
import type { Inode } from "./inode.ts";
import { POINTERS_DIRECT } from "./layouts/inode.ts";
import type { BlockMapping, MapParts, PunchRange, Stretch } from "./map_parts.ts";

/** Block pointers of inodes. */
export class BlockPointers implements BlockMapping {
  readonly #parts: MapParts;
  readonly #perBlock: number;
  readonly #sectorsPerBlock: number;
  /** The first file block under the tree of each number of levels; index 0 is the pointers. */
  readonly #treeBase: readonly number[];
  // Where `#descend` arrived: the pointers, the one meant, and how many are of use.
  #words: Uint32Array = new Uint32Array(0);
  #leaf: CachedBlock | undefined;
  #index = 0;
  #span = 0;
  #holeSpan = 0;
  // A run of blocks that `punch` will give back, still growing.
  #givenFirst = 0;
  #givenCount = 0;
  #stoppedAt = 0;

  /** Works on indirect blocks through the cache. */
  constructor(parts: MapParts) {
    const { blockBytes } = parts.cache;
    const perBlock = blockBytes / 4;
    this.#parts = parts;
    this.#perBlock = perBlock;
    this.#sectorsPerBlock = blockBytes / 512;
    const single = POINTERS_DIRECT + perBlock;
    const double = single + perBlock ** 2;
    this.#treeBase = [0, POINTERS_DIRECT, single, double, double + perBlock ** 3];
  }

  /** Most blocks that the pointers reach. */
  get reach(): number {
    return this.#treeBase[4] as number;
  }

  /** Finds the run or the hole that goes on from a file block. */
  find(inode: Inode, fileBlock: number, found: Stretch): void {
    found.from = fileBlock;
    found.first = 0;
    found.isUnwritten = false;
    if (!this.#descend(inode, fileBlock)) {
      found.to = fileBlock + this.#span;
      return;
    }
    const words = this.#words;
    const index = this.#index;
    const last = this.#span;
    const first = words[index] as number;
    let count = 1;
    if (first === 0) { while (count < last && words[index + count] === 0) count++; }
    else while (count < last && words[index + count] === first + count) count++;
    if (first !== 0 && !this.#parts.geometry.areOwnable(first, count)) throw damaged(inode);
    found.first = first;
    found.to = fileBlock + count;
  }

  /** How many indirect blocks are missing on the way to a block of a file. */
  missing(inode: Inode, fileBlock: number): number {
    if (this.#descend(inode, fileBlock)) return 0;
    let levels = 1;
    while (this.#perBlock ** levels < this.#holeSpan) levels++;
    return levels;
  }

  /** Lets a run of blocks, just taken, hold a file from `fileBlock` on; changes `inode`. */
  assign(inode: Inode, fileBlock: number, run: BlockRun): void {
    if (run.first + run.count > 2 ** 32) {
      throw new OsError("ENOSPC", "a block that a pointer names");
    }
    let done = 0;
    while (done < run.count) {
      while (!this.#descend(inode, fileBlock + done)) {
        this.#grow(inode, fileBlock + done, run.first + run.count);
      }
      if (this.#leaf !== undefined) this.#parts.cache.change(this.#leaf);
      const count = Math.min(this.#span, run.count - done);
      for (let step = 0; step < count; step++) {
        this.#words[this.#index + step] = run.first + done + step;
      }
      done += count;
    }
    inode.sectors += run.count * this.#sectorsPerBlock;
  }

  /** See `FileMap.punch`. */
  punch(inode: Inode, range: PunchRange): number {
    const { from, to } = range;
    for (let level = 3; level >= 1; level--) {
      const base = this.#treeBase[level] as number;
      const pointer = inode.pointers[POINTERS_DIRECT - 1 + level] as number;
      const span = this.#perBlock ** level;
      if (pointer === 0 || base + span <= from || base >= to) continue;
      const outcome = this.#punchTree(inode, { pointer, base, span }, range);
      if (outcome === "stopped") {
        this.#giveRun();
        return this.#stoppedAt;
      }
      if (outcome === "emptied") {
        inode.pointers[POINTERS_DIRECT - 1 + level] = 0;
        this.#giveIndirect(inode, pointer);
      }
    }
    for (let index = Math.min(POINTERS_DIRECT, to) - 1; index >= from; index--) {
      const pointer = inode.pointers[index] as number;
      inode.pointers[index] = 0;
      if (pointer !== 0) this.#giveData(inode, pointer, range.isMetadata);
    }
    this.#giveRun();
    return from;
  }

  /** Forgets a half-done `punch`: the operation is rolled back. */
  abandon(): void {
    this.#givenCount = 0;
  }

  #punchTree(inode: Inode, tree: Tree, range: PunchRange): "stopped" | "kept" | "emptied" {
    const { cache, geometry } = this.#parts;
    const { pointer, base, span } = tree;
    if (!geometry.isOwnable(pointer)) throw damaged(inode);
    const childSpan = span / this.#perBlock;
    const indexMin = Math.max(0, Math.floor((range.from - base) / childSpan));
    const indexEnd = Math.min(this.#perBlock, Math.ceil((range.to - base) / childSpan));
    for (let index = indexEnd - 1; index >= indexMin; index--) {
      const child = this.#get(pointer).words[index] as number;
      if (child === 0) continue;
      const childBase = base + index * childSpan;
      if (cache.changedCount >= cache.changedSoftMax) {
        this.#stoppedAt = Math.min(childBase + childSpan, range.to);
        return "stopped";
      }
      if (childSpan > 1) {
        const subtree = { pointer: child, base: childBase, span: childSpan };
        const outcome = this.#punchTree(inode, subtree, range);
        if (outcome === "stopped") return outcome;
        if (outcome === "kept") continue;
        this.#giveIndirect(inode, child);
      } else {
        this.#giveData(inode, child, range.isMetadata);
      }
      const parent = this.#get(pointer);
      cache.change(parent);
      parent.words[index] = 0;
    }
    if (range.from <= base && range.to >= base + span) return "emptied";
    const isEmpty = this.#get(pointer).words.every((word) => word === 0);
    return isEmpty ? "emptied" : "kept";
  }

  #giveIndirect(inode: Inode, block: number): void {
    this.#parts.cache.forget(block);
    this.#giveData(inode, block, false);
  }

  #giveData(inode: Inode, block: number, isMetadata: boolean): void {
    if (!this.#parts.geometry.isOwnable(block)) throw damaged(inode);
    if (isMetadata) this.#parts.cache.forget(block);
    inode.sectors -= this.#sectorsPerBlock;
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
    if (count > 0) this.#parts.allocation.give(this.#givenFirst, count);
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
    while (fileBlock >= (this.#treeBase[level + 1] as number)) level++;
    const within = fileBlock - (this.#treeBase[level] as number);
    let span = this.#perBlock ** level;
    let words = inode.pointers;
    let index = POINTERS_DIRECT - 1 + level;
    while (span > 1) {
      const pointer = words[index] as number;
      this.#words = words;
      this.#index = index;
      if (pointer === 0) {
        this.#holeSpan = span;
        this.#span = span - (within % span);
        return false;
      }
      if (!this.#parts.geometry.isOwnable(pointer)) throw damaged(inode);
      this.#leaf = this.#get(pointer);
      words = this.#leaf.words;
      span /= this.#perBlock;
      index = Math.floor(within / span) % this.#perBlock;
    }
    this.#words = words;
    this.#index = index;
    this.#span = this.#perBlock - index;
    return true;
  }

  /** Adds the one indirect block at which `#descend` just found a hole. */
  #grow(inode: Inode, fileBlock: number, goal: number): void {
    const { first } = this.#parts.allocation.take(goal, 1);
    this.#descend(inode, fileBlock);
    if (this.#leaf !== undefined) this.#parts.cache.change(this.#leaf);
    this.#words[this.#index] = first;
    this.#parts.cache.fresh(first, BLOCK_KIND.indirect);
    inode.sectors += this.#sectorsPerBlock;
  }

  #get(block: number): CachedBlock {
    return this.#parts.cache.get(block, BLOCK_KIND.indirect);
  }
}

/** A tree of indirect blocks: its top, its first file block, how many it can hold. */
interface Tree {
  readonly pointer: number;
  readonly base: number;
  readonly span: number;
}

function damaged(inode: Inode): OsError {
  return new OsError("EUCLEAN", `block pointers of inode ${inode.number}`);
}
