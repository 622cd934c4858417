/**
 * What maps from file blocks to blocks of the disk stand on, and what they answer.
 *
 * @module
 */

import type { BlockCache } from "../disk/block_cache.ts";
import type { BlockAllocation, BlockRun } from "./block_allocation.ts";
import type { Geometry } from "./geometry.ts";
import type { Inode } from "./inode.ts";

/** What both maps work on. */
export interface MapParts {
  /** Holds the blocks that hold the maps. */
  readonly cache: Pick<
    BlockCache,
    "blockBytes" | "get" | "fresh" | "change" | "forget" | "changedCount" | "changedSoftMax"
  >;
  /** Tells which blocks a file may own. */
  readonly geometry: Pick<Geometry, "isOwnable" | "areOwnable">;
  /** Where blocks come from and go to. */
  readonly allocation: Pick<BlockAllocation, "take" | "give">;
}

/** A run of blocks of a file on the disk; with `first` 0 a hole. */
export interface FileRun extends BlockRun {
  /** Whether the blocks are the file's, but read as zeros. */
  readonly isUnwritten: boolean;
}

/** A stretch of file blocks that lies together on the disk, or is one hole. */
export interface Stretch {
  /** The first file block. */
  from: number;
  /** One more than the last. */
  to: number;
  /** The block of the disk that holds the first; 0 for a hole. */
  first: number;
  /** Whether the blocks are the file's, but read as zeros. */
  isUnwritten: boolean;
}

/** A map of one kind: block pointers or extents. */
export interface BlockMapping {
  /** Finds the stretch around a file block, as far as that costs little. */
  find(inode: Inode, fileBlock: number, found: Stretch): void;
  /** See `FileMap.missing`. */
  missing(inode: Inode, fileBlock: number, entries: number): number;
  /** See `FileMap.assign`. */
  assign(inode: Inode, fileBlock: number, run: BlockRun, isUnwritten: boolean): void;
  /** See `FileMap.punch`. */
  punch(inode: Inode, range: PunchRange): number;
}

/** File blocks that are to be given back. */
export interface PunchRange {
  /** The first. */
  readonly from: number;
  /** One more than the last. */
  readonly to: number;
  /** Whether the file's own blocks may be in the cache: those of a directory. */
  readonly isMetadata: boolean;
}
