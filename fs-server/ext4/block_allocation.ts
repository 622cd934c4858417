/**
 * Which blocks are taken: runs near a goal for files, and their return.
 *
 * A freed block is not given out again before the next flush. Until then a power cut may bring back
 * the file that owned it, and data written in place must not have gone over that file's blocks. The
 * marks of such blocks live in memory alone: a successor flushes before it serves.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Accounts } from "./accounts.ts";
import { clearLength, clearRun, findClearRun, isSet, setRun } from "./bitmap.ts";
import type { BlockCache, CachedBlock } from "../disk/block_cache.ts";
import { BLOCK_BYTES, type Disk } from "../disk/disk.ts";
import { blocksInGroup, type Geometry } from "./geometry.ts";
import { SUPERBLOCK as SB } from "./layouts/superblock.ts";

/** Groups looked at for a run of full length before a shorter one is taken. */
const GROUPS_SEARCHED_MAX = 16;

/** A run of blocks. */
export interface BlockRun {
  /** The first block. */
  readonly first: number;
  /** How many. */
  readonly count: number;
}

/** The bitmaps of blocks. */
export class BlockAllocation {
  readonly #disk: Disk;
  readonly #cache: BlockCache;
  readonly #geometry: Geometry;
  readonly #accounts: Accounts;
  /** By group: blocks freed since the last flush. */
  readonly #resting = new Map<number, Uint32Array>();

  /** Works on the bitmaps through `cache`. */
  constructor(disk: Disk, cache: BlockCache, geometry: Geometry, accounts: Accounts) {
    this.#disk = disk;
    this.#cache = cache;
    this.#geometry = geometry;
    this.#accounts = accounts;
  }

  /** Blocks that can be taken. */
  get freeCount(): number {
    return this.#accounts.superblock(SB.blocksFree);
  }

  /**
   * Takes a run of at least one block.
   *
   * @param goal The block where the run should begin.
   * @param wanted Most blocks of the run.
   * @throws {OsError} `ENOSPC` if no block is free.
   */
  take(goal: number, wanted: number): BlockRun {
    const found = this.#find(goal, wanted) ?? this.#findAfterFlush(goal, wanted);
    if (found === undefined) throw new OsError("ENOSPC", "take a block");
    const { blocksPerGroup } = this.#geometry.sizes;
    const group = Math.floor(found.first / blocksPerGroup);
    const bitmap = this.#bitmap(group);
    for (let block = found.first; block < found.first + found.count; block++) {
      if (!this.#geometry.isOwnable(block)) throw new OsError("EUCLEAN", `bitmap of ${group}`);
    }
    this.#accounts.addBlocksFree(group, -found.count);
    this.#cache.change(bitmap);
    setRun(bitmap.words, found.first - group * blocksPerGroup, found.count);
    return found;
  }

  /**
   * Gives back a run of blocks.
   *
   * @throws {OsError} `EUCLEAN` if they were free already or cannot belong to a file.
   */
  give(first: number, count: number): void {
    const { blocksPerGroup } = this.#geometry.sizes;
    for (let block = first; block < first + count;) {
      const group = Math.floor(block / blocksPerGroup);
      const end = Math.min(first + count, (group + 1) * blocksPerGroup);
      this.#giveInGroup(group, block, end - block);
      block = end;
    }
  }

  /** Lets blocks freed so far be taken again: everything done before is now durable. */
  flushed(): void {
    this.#resting.clear();
  }

  #giveInGroup(group: number, first: number, count: number): void {
    const start = first - group * this.#geometry.sizes.blocksPerGroup;
    for (let block = first; block < first + count; block++) {
      if (!this.#geometry.isOwnable(block)) throw new OsError("EUCLEAN", `free block ${block}`);
    }
    const bitmap = this.#bitmap(group);
    this.#cache.change(bitmap);
    if (!clearRun(bitmap.words, start, count)) {
      throw new OsError("EUCLEAN", `free block ${first} twice`);
    }
    this.#accounts.addBlocksFree(group, count);
    let resting = this.#resting.get(group);
    if (resting === undefined) {
      resting = new Uint32Array(BLOCK_BYTES / 4);
      this.#resting.set(group, resting);
    }
    setRun(resting, start, count);
  }

  #bitmap(group: number): CachedBlock {
    return this.#cache.get(this.#geometry.blockBitmap(group));
  }

  #findAfterFlush(goal: number, wanted: number): BlockRun | undefined {
    if (this.#resting.size === 0) return undefined;
    this.#disk.flush();
    this.flushed();
    return this.#find(goal, wanted);
  }

  #find(goal: number, wanted: number): BlockRun | undefined {
    const { sizes } = this.#geometry;
    const start = goal < sizes.blockCount ? goal : 0;
    const first = Math.floor(start / sizes.blocksPerGroup);
    const atGoal = this.#findAtGoal(first, start, wanted);
    if (atGoal !== undefined) return atGoal;
    let best: BlockRun | undefined;
    let searched = 0;
    for (let step = 0; step < sizes.groupCount; step++) {
      const group = (first + step) % sizes.groupCount;
      const free = this.#accounts.blocksFree(group);
      if (free === 0 || (best !== undefined && free <= best.count)) continue;
      const found = this.#findInGroup(group, wanted);
      if (found !== undefined && found.count > (best?.count ?? 0)) best = found;
      if (best !== undefined && (best.count === wanted || ++searched >= GROUPS_SEARCHED_MAX)) break;
    }
    return best;
  }

  /** A run at the goal itself, else one of full length behind it in its group. */
  #findAtGoal(group: number, goal: number, wanted: number): BlockRun | undefined {
    if (this.#accounts.blocksFree(group) === 0) return undefined;
    const { sizes } = this.#geometry;
    const base = group * sizes.blocksPerGroup;
    const end = blocksInGroup(sizes, group);
    const { words } = this.#bitmap(group);
    const resting = this.#resting.get(group);
    const bit = goal - base;
    if (!isSet(words, bit)) {
      const count = clearLength(words, bit, end, wanted, resting);
      if (count > 0) return { first: goal, count };
    }
    const found = findClearRun(words, bit, end, wanted, resting);
    return found.count === wanted ? { first: base + found.start, count: wanted } : undefined;
  }

  #findInGroup(group: number, wanted: number): BlockRun | undefined {
    const { sizes } = this.#geometry;
    const end = blocksInGroup(sizes, group);
    const { words } = this.#bitmap(group);
    const found = findClearRun(words, 0, end, wanted, this.#resting.get(group));
    if (found.count === 0) return undefined;
    return { first: group * sizes.blocksPerGroup + found.start, count: found.count };
  }
}
