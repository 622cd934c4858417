/**
 * How the first files of a new file system are mapped: what stands in their inodes, and in blocks
 * of extents or pointers.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  EXTENT_COUNT_MAX,
  EXTENT_ENTRY_WORDS,
  EXTENT_HEADER_WORDS,
  EXTENT_MAGIC,
  EXTENTS_IN_INODE,
} from "../layouts/extent.ts";
import { POINTERS_DIRECT, POINTERS_IN_INODE } from "../layouts/inode.ts";
import type { Run } from "./placement.ts";

const CHECKSUM_BYTES = 4;

/** A block that holds a part of a map. */
export interface MapBlock {
  readonly block: number;
  readonly words: Uint32Array;
}

/** The map of a file. */
export interface MadeMap {
  /** What stands in the inode. */
  readonly pointers: Uint32Array;
  /** What stands in blocks. */
  readonly blocks: readonly MapBlock[];
}

/** Blocks that a map by pointers takes for a file of so many blocks. */
export function pointerBlocksFor(count: number, blockBytes: number): number {
  const perBlock = blockBytes / 4;
  let left = count - POINTERS_DIRECT;
  let total = 0;
  for (let depth = 1; left > 0; depth++) {
    let units = Math.min(left, perBlock ** depth);
    left -= units;
    for (let level = 0; level < depth; level++) {
      units = Math.ceil(units / perBlock);
      total += units;
    }
  }
  return total;
}

/**
 * Maps a file by pointers.
 *
 * @param runs Its blocks, in order.
 * @param spare Blocks for the map: as many as `pointerBlocksFor` says.
 */
export function mapByPointers(
  runs: readonly Run[],
  spare: readonly number[],
  blockBytes: number,
): MadeMap {
  const data = blocksOf(runs);
  const free = spare[Symbol.iterator]();
  const blocks: MapBlock[] = [];
  const pointers = new Uint32Array(POINTERS_IN_INODE);
  const fill = (depth: number): number => {
    if (depth === 0) return data.next().value ?? 0;
    const block = free.next().value;
    if (block === undefined) throw new OsError("ENOSPC", "format: no room for a map");
    const words = new Uint32Array(blockBytes / 4);
    blocks.push({ block, words });
    for (let index = 0; index < words.length && left > 0; index++) {
      if (depth === 1) left--;
      words[index] = fill(depth - 1);
    }
    return block;
  };
  let left = runs.reduce((total, { count }) => total + count, 0);
  for (let index = 0; index < POINTERS_IN_INODE && left > 0; index++) {
    const depth = Math.max(0, index - POINTERS_DIRECT + 1);
    if (depth === 0) left--;
    pointers[index] = fill(depth);
  }
  return { pointers, blocks };
}

/** Whether the extents of a file fit in its inode. */
export function fitsInode(runs: readonly Run[]): boolean {
  return extentsOf(runs).length <= EXTENTS_IN_INODE;
}

/**
 * Maps a file by extents.
 *
 * @param spare A block for those that do not fit in the inode.
 * @throws {OsError} `ENOSPC` if they do not fit there either.
 */
export function mapByExtents(
  runs: readonly Run[],
  spare: number | undefined,
  blockBytes: number,
): MadeMap {
  const extents = extentsOf(runs);
  const pointers = new Uint32Array(POINTERS_IN_INODE);
  if (extents.length <= EXTENTS_IN_INODE) {
    fillLeaf(pointers, extents, EXTENTS_IN_INODE);
    return { pointers, blocks: [] };
  }
  const words = new Uint32Array(blockBytes / 4);
  const max = Math.floor((blockBytes - CHECKSUM_BYTES) / 4 / EXTENT_ENTRY_WORDS) - 1;
  if (spare === undefined || extents.length > max) {
    throw new OsError("ENOSPC", "format: free space is in too many pieces");
  }
  fillLeaf(words, extents, max);
  pointers[0] = EXTENT_MAGIC | (1 << 16);
  pointers[1] = EXTENTS_IN_INODE | (1 << 16);
  pointers[EXTENT_HEADER_WORDS + 1] = spare >>> 0;
  pointers[EXTENT_HEADER_WORDS + 2] = Math.floor(spare / 2 ** 32);
  return { pointers, blocks: [{ block: spare, words }] };
}

function fillLeaf(words: Uint32Array, extents: readonly Run[], max: number): void {
  words[0] = EXTENT_MAGIC | (extents.length << 16);
  words[1] = max;
  let fileBlock = 0;
  extents.forEach(({ first, count }, index) => {
    const at = EXTENT_HEADER_WORDS + index * EXTENT_ENTRY_WORDS;
    words[at] = fileBlock;
    words[at + 1] = count | (Math.floor(first / 2 ** 32) << 16);
    words[at + 2] = first >>> 0;
    fileBlock += count;
  });
}

function extentsOf(runs: readonly Run[]): Run[] {
  const extents: Run[] = [];
  for (const { first, count } of runs) {
    for (let at = 0; at < count; at += EXTENT_COUNT_MAX) {
      extents.push({ first: first + at, count: Math.min(EXTENT_COUNT_MAX, count - at) });
    }
  }
  return extents;
}

function* blocksOf(runs: readonly Run[]): Generator<number, undefined> {
  for (const { first, count } of runs) {
    for (let index = 0; index < count; index++) yield first + index;
  }
}
