/**
 * Which blocks are taken: runs near a goal for files, and their return.
 *
 * A freed block is not given out again before the next flush. Until then a power cut may bring back
 * the file that owned it, and data written in place must not have gone over that file's blocks. The
 * marks of such blocks live in memory alone: a successor flushes before it serves.
 *
 * For each group a number in memory says how long its longest free run may be, never less than it
 * is: a search goes straight to the nearest group that may serve, and each group that it searched
 * in vain is known exactly from then on.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Accounts } from "./accounts.ts";
import { clearLength, clearRun, findClearRun, isSet, setRun } from "./bitmap.ts";
import type { BlockCache } from "../disk/block_cache.ts";
import { blocksInGroup, type Geometry } from "./geometry.ts";
import { type BitmapCache, GroupBitmaps } from "./group_bitmaps.ts";
import { GroupIndex } from "./group_index.ts";
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

/** On whose authority blocks are taken. */
export interface BlockTaker {
  /** The user; 0 is root. */
  readonly uid: number;
  /** The user's group. */
  readonly gid: number;
  /** Further groups. */
  readonly groups: readonly number[];
}

/** The bitmaps of blocks. */
export class BlockAllocation {
  readonly #cache: BitmapCache & Pick<BlockCache, "flush">;
  readonly #geometry: Geometry;
  readonly #accounts: Accounts;
  readonly #bitmaps: GroupBitmaps;
  /** By group: how long its longest free run may be. Made when it is first needed. */
  #longest: GroupIndex | undefined;
  /** Whether a rollback may have made some of those numbers too small. */
  #mayUnderstate = false;
  /** By group: blocks freed since the last flush. */
  readonly #resting = new Map<number, Uint32Array>();
  /** By group: those of them that the last operation that changed its bitmap has freed. */
  readonly #restingAnew = new Map<number, Uint32Array>();
  #keptBack = false;

  /** Works on the bitmaps through `cache`. */
  constructor(
    cache: BitmapCache & Pick<BlockCache, "flush">,
    geometry: Geometry,
    accounts: Accounts,
  ) {
    this.#cache = cache;
    this.#geometry = geometry;
    this.#accounts = accounts;
    this.#bitmaps = new GroupBitmaps(cache, geometry, accounts);
  }

  /** Blocks that may be taken now: not those kept for root, unless it is root who takes. */
  get freeCount(): number {
    const kept = this.#keptBack ? this.#accounts.blocksReserved : 0;
    return Math.max(0, this.#accounts.blocksFree - kept);
  }

  /** Whether blocks were freed since the last flush, and rest. */
  get hasResting(): boolean {
    return this.#resting.size > 0;
  }

  /** Says on whose authority blocks are taken from now on; at first it is root's. */
  actFor(taker: BlockTaker): void {
    this.#keptBack = !this.#isPrivileged(taker);
  }

  /**
   * Takes a run of at least one block, all of them in one group.
   *
   * @param goal The block where the run should begin.
   * @param wanted Most blocks of the run.
   * @throws {OsError} `ENOSPC` if no block is free, or only such as are kept for root.
   */
  take(goal: number, wanted: number): BlockRun {
    const most = Math.min(wanted, this.#geometry.sizes.blocksPerGroup, this.freeCount);
    if (most <= 0) throw new OsError("ENOSPC", "take a block");
    const found = this.#find(goal, most) ?? this.#findHarder(goal, most);
    if (found === undefined) throw new OsError("ENOSPC", "take a block");
    const { first, count } = found;
    const group = this.#geometry.groupOfBlock(first);
    if (!this.#geometry.areOwnable(first, count)) throw damaged(group);
    const start = first - this.#geometry.firstBlockOf(group);
    const isFirst = this.#bitmaps.changeBlocks(group, setRun, { start, count });
    if (isFirst) this.#restingAnew.delete(group);
    this.#accounts.addBlocksFree(group, -count);
    return found;
  }

  /**
   * Gives back a run of blocks.
   *
   * @throws {OsError} `EUCLEAN` if they were free already or cannot belong to a file.
   */
  give(first: number, count: number): void {
    if (!this.#geometry.areOwnable(first, count)) {
      throw new OsError("EUCLEAN", `free block ${first}`);
    }
    const { blocksPerGroup } = this.#geometry.sizes;
    for (let block = first; block < first + count;) {
      const group = this.#geometry.groupOfBlock(block);
      const groupFirst = this.#geometry.firstBlockOf(group);
      const end = Math.min(first + count, groupFirst + blocksPerGroup);
      this.#giveInGroup(group, block - groupFirst, end - block);
      block = end;
    }
  }

  /** Lets blocks freed so far be taken again: everything done before is now durable. */
  flushed(): void {
    for (const group of this.#resting.keys()) this.#wake(group);
  }

  #wake(group: number): void {
    this.#longest?.set(group, this.#accounts.blocksFreeIn(group));
    this.#resting.delete(group);
    this.#restingAnew.delete(group);
  }

  #isPrivileged({ uid, gid, groups }: BlockTaker): boolean {
    if (uid === 0 || uid === this.#accounts.superblockHalf(SB.reserveUid)) return true;
    const group = this.#accounts.superblockHalf(SB.reserveGid);
    return group !== 0 && (gid === group || groups.includes(group));
  }

  #giveInGroup(group: number, start: number, count: number): void {
    const isFirst = this.#bitmaps.changeBlocks(group, clearRun, { start, count });
    if (isFirst) this.#restingAnew.delete(group);
    this.#accounts.addBlocksFree(group, count);
    setRun(this.#marksOf(group, this.#resting), start, count);
    setRun(this.#marksOf(group, this.#restingAnew), start, count);
  }

  #marksOf(group: number, all: Map<number, Uint32Array>): Uint32Array {
    let marks = all.get(group);
    if (marks === undefined) {
      marks = new Uint32Array(this.#geometry.sizes.blockBytes / 4);
      all.set(group, marks);
    }
    return marks;
  }

  /** A run where `#find` saw none: in blocks that rested, or in groups that it thought full. */
  #findHarder(goal: number, wanted: number): BlockRun | undefined {
    if (this.#mayUnderstate) {
      this.#fillIndex(this.#index());
      const found = this.#find(goal, wanted);
      if (found !== undefined) return found;
    }
    if (!this.hasResting) return undefined;
    this.#cache.flush();
    for (const group of [...this.#resting.keys()]) {
      // What the running operation itself has freed rests on: it was not committed.
      const anew = this.#restingAnew.get(group);
      const isOwn = anew !== undefined && this.#bitmaps.isChanging(group);
      this.#wake(group);
      if (!isOwn) continue;
      this.#resting.set(group, anew.slice());
      this.#restingAnew.set(group, anew);
    }
    return this.#find(goal, wanted);
  }

  #index(): GroupIndex {
    if (this.#longest === undefined) {
      this.#longest = new GroupIndex(this.#geometry.sizes.groupCount);
      this.#fillIndex(this.#longest);
    }
    return this.#longest;
  }

  #fillIndex(index: GroupIndex): void {
    for (let group = 0; group < index.count; group++) {
      index.set(group, this.#accounts.blocksFreeIn(group));
    }
    this.#mayUnderstate = false;
  }

  #find(goal: number, wanted: number): BlockRun | undefined {
    const { sizes } = this.#geometry;
    const index = this.#index();
    const isInside = goal >= sizes.firstDataBlock && goal < sizes.blockCount;
    const start = isInside ? goal : sizes.firstDataBlock;
    const group = this.#geometry.groupOfBlock(start);
    const atGoal = this.#findAtGoal(group, start, wanted);
    if (atGoal !== undefined) return atGoal;
    let best: BlockRun | undefined;
    // Full length near by, then half of it, and so on: near counts for more than long.
    for (let length = wanted, searched = 0; length >= 1;) {
      const next = searched++ < GROUPS_SEARCHED_MAX || best === undefined
        ? index.next(group, length)
        : -1;
      if (next < 0) {
        if (best !== undefined && best.count >= length >>> 1) return best;
        length >>>= 1;
        continue;
      }
      const found = this.#findInGroup(next, wanted);
      if (found !== undefined && found.count >= length) return found;
      if (found !== undefined && found.count > (best?.count ?? 0)) best = found;
    }
    return best;
  }

  /** A run at the goal itself, else one of full length behind it in its group. */
  #findAtGoal(group: number, goal: number, wanted: number): BlockRun | undefined {
    if (this.#index().get(group) === 0) return undefined;
    const { sizes } = this.#geometry;
    const base = this.#geometry.firstBlockOf(group);
    const end = blocksInGroup(sizes, group);
    const words = this.#bitmaps.blocks(group);
    const resting = this.#resting.get(group);
    const bit = goal - base;
    if (!isSet(words, bit)) {
      const count = clearLength(words, bit, end, wanted, resting);
      if (count > 0) return { first: goal, count };
    }
    if (this.#index().get(group) < wanted) return undefined;
    const found = findClearRun(words, bit, end, wanted, resting);
    return found.count === wanted ? { first: base + found.start, count: wanted } : undefined;
  }

  /** The first run of full length in a group, else its longest, whose length is then known. */
  #findInGroup(group: number, wanted: number): BlockRun | undefined {
    const end = blocksInGroup(this.#geometry.sizes, group);
    const words = this.#bitmaps.blocks(group);
    const { start, count } = findClearRun(words, 0, end, wanted, this.#resting.get(group));
    if (count < wanted) {
      this.#index().set(group, count);
      this.#mayUnderstate = true;
    }
    if (count === 0) return undefined;
    return { first: this.#geometry.firstBlockOf(group) + start, count };
  }
}

function damaged(group: number): OsError {
  return new OsError("EUCLEAN", `bitmap of group ${group}`);
}
