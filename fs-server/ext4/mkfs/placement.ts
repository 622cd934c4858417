/**
 * Which blocks of a new file system are in use, and by what: metadata of groups first, then what
 * the first files need.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { firstBlockOf, headBlocks, type Sizes } from "../geometry.ts";

/** A run of blocks. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

/** Where the metadata of all groups lies, and what else is taken. */
export class Placement {
  /** By group: the block of its bitmap of blocks. */
  readonly blockBitmaps: Float64Array;
  /** By group: the block of its bitmap of inodes. */
  readonly inodeBitmaps: Float64Array;
  /** By group: the first block of its inode table. */
  readonly inodeTables: Float64Array;
  readonly #sizes: Sizes;
  /** Runs in use, in order; they do not touch. */
  #runs: { first: number; count: number }[] = [];

  /**
   * Places the metadata of all groups.
   *
   * @throws {OsError} `ENOSPC` if it does not fit.
   */
  constructor(sizes: Sizes) {
    this.#sizes = sizes;
    this.blockBitmaps = new Float64Array(sizes.groupCount);
    this.inodeBitmaps = new Float64Array(sizes.groupCount);
    this.inodeTables = new Float64Array(sizes.groupCount);
    const metadata: Run[] = [];
    for (let first = 0; first < sizes.groupCount; first += sizes.flexGroups) {
      const end = Math.min(sizes.groupCount, first + sizes.flexGroups);
      this.#placeFlexGroup(first, end, metadata);
    }
    this.#take(metadata);
  }

  /** Places the metadata of some groups together, from the beginning of the first one on. */
  #placeFlexGroup(first: number, end: number, metadata: Run[]): void {
    const sizes = this.#sizes;
    for (let group = first; group < end; group++) {
      const count = headBlocks(sizes, group);
      if (count > 0) metadata.push({ first: firstBlockOf(sizes, group), count });
    }
    let cursor = firstBlockOf(sizes, first);
    const endBlock = firstBlockOf(sizes, first) + sizes.flexGroups * sizes.blocksPerGroup;
    const place = (count: number): number => {
      const at = this.#behindHeads(cursor, count);
      if (at + count > Math.min(endBlock, sizes.blockCount)) {
        throw new OsError("ENOSPC", "format: no room for the tables of inodes");
      }
      metadata.push({ first: at, count });
      cursor = at + count;
      return at;
    };
    for (let group = first; group < end; group++) this.blockBitmaps[group] = place(1);
    for (let group = first; group < end; group++) this.inodeBitmaps[group] = place(1);
    for (let group = first; group < end; group++) {
      this.inodeTables[group] = place(sizes.inodeTableBlocks);
    }
  }

  /** Where at or behind a block a run can lie that touches no group's head. */
  #behindHeads(block: number, count: number): number {
    const sizes = this.#sizes;
    const { firstDataBlock, blocksPerGroup } = sizes;
    let at = block;
    let group = Math.floor((at - firstDataBlock) / blocksPerGroup);
    while (group < sizes.groupCount && firstBlockOf(sizes, group) < at + count) {
      const head = headBlocks(sizes, group);
      const headEnd = firstBlockOf(sizes, group) + head;
      if (head > 0 && at < headEnd) at = headEnd;
      group++;
    }
    return at;
  }

  /** Runs in use, in order. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /**
   * Takes blocks for a file, as many together as there are from a goal on.
   *
   * @throws {OsError} `ENOSPC` if there are not so many.
   */
  takeBlocks(goal: number, count: number): Run[] {
    const taken: Run[] = [];
    let left = count;
    let cursor = Math.max(goal, this.#sizes.firstDataBlock);
    for (const run of [...this.#runs, { first: this.#sizes.blockCount, count: 0 }]) {
      const room = Math.min(left, run.first - cursor);
      if (room > 0) {
        taken.push({ first: cursor, count: room });
        left -= room;
      }
      cursor = Math.max(cursor, run.first + run.count);
      if (left === 0) break;
    }
    if (left > 0) throw new OsError("ENOSPC", "format: no room for the first files");
    this.#take(taken);
    return taken;
  }

  /** The runs in use in each group, one group after the other, as bits of its bitmap. */
  *byGroup(): Generator<{ readonly group: number; readonly runs: readonly Run[] }> {
    const { groupCount, blocksPerGroup } = this.#sizes;
    let index = 0;
    for (let group = 0; group < groupCount; group++) {
      const start = firstBlockOf(this.#sizes, group);
      const end = start + blocksPerGroup;
      const runs: Run[] = [];
      while (index < this.#runs.length) {
        const run = this.#runs[index]!;
        if (run.first >= end) break;
        const first = Math.max(start, run.first);
        const last = Math.min(end, run.first + run.count);
        runs.push({ first: first - start, count: last - first });
        if (run.first + run.count > end) break;
        index++;
      }
      yield { group, runs };
    }
  }

  #take(runs: readonly Run[]): void {
    const all = [...this.#runs, ...runs].sort((a, b) => a.first - b.first);
    const merged: { first: number; count: number }[] = [];
    for (const { first, count } of all) {
      const last = merged.at(-1);
      if (last !== undefined && first < last.first + last.count) {
        throw new OsError("ENOSPC", "format: metadata of groups overlaps");
      }
      if (last !== undefined && first === last.first + last.count) last.count += count;
      else merged.push({ first, count });
    }
    this.#runs = merged;
  }
}
