/**
 * One node of an extent tree as words: see `layouts/extent.ts`. Nothing here knows of trees.
 *
 * @module
 */

import {
  EXTENT_COUNT_MAX,
  EXTENT_ENTRY_WORDS,
  EXTENT_HEADER_WORDS,
  EXTENT_MAGIC,
  UNWRITTEN_COUNT_MAX,
} from "./layouts/extent.ts";

/** A run of file blocks that lies together on the disk. */
export interface Extent {
  /** Its first block of the file. */
  readonly fileBlock: number;
  /** Its first block of the disk. */
  readonly first: number;
  /** How many blocks. */
  readonly count: number;
  /** Whether it reads as zeros. */
  readonly isUnwritten: boolean;
}

/** How many entries fit into a node of so many bytes, with room for a checksum. */
export function entriesFitting(byteLength: number): number {
  return Math.floor((byteLength / 4 - EXTENT_HEADER_WORDS) / EXTENT_ENTRY_WORDS);
}

/** Makes words an empty node. */
export function beginNode(words: Uint32Array, depth: number, entriesMax: number): void {
  words[0] = EXTENT_MAGIC;
  words[1] = entriesMax | (depth << 16);
  words[2] = 0;
}

/** Whether the header is one, and its entries fit into `fitting`. */
export function isNode(words: Uint32Array, fitting: number): boolean {
  const most = entriesMax(words);
  return ((words[0] as number) & 0xffff) === EXTENT_MAGIC && most >= 2 && most <= fitting &&
    entryCount(words) <= most;
}

/** Entries in use. */
export function entryCount(words: Uint32Array): number {
  return (words[0] as number) >>> 16;
}

/** Entries that there is room for. */
export function entriesMax(words: Uint32Array): number {
  return (words[1] as number) & 0xffff;
}

/** Levels below the node: 0 for a leaf. */
export function depthOf(words: Uint32Array): number {
  return (words[1] as number) >>> 16;
}

/** Sets the levels below the node. */
export function setDepth(words: Uint32Array, depth: number): void {
  words[1] = entriesMax(words) | (depth << 16);
}

/** Sets how many entries are in use. */
export function setEntryCount(words: Uint32Array, count: number): void {
  words[0] = (EXTENT_MAGIC | (count << 16)) >>> 0;
}

/** The first file block of an entry. */
export function keyOf(words: Uint32Array, position: number): number {
  return words[wordOf(position)] as number;
}

/** Sets the first file block of an entry. */
export function setKey(words: Uint32Array, position: number, fileBlock: number): void {
  words[wordOf(position)] = fileBlock;
}

/** The position of the last entry that begins at or before a file block, or -1. */
export function searchNode(words: Uint32Array, fileBlock: number): number {
  let low = 0;
  let high = entryCount(words);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyOf(words, middle) <= fileBlock) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The block of the node that an index entry points at. */
export function childOf(words: Uint32Array, position: number): number {
  const at = wordOf(position);
  return (words[at + 1] as number) + ((words[at + 2] as number) & 0xffff) * 2 ** 32;
}

/** Sets an index entry. */
export function setChild(words: Uint32Array, position: number, key: number, child: number): void {
  const at = wordOf(position);
  words[at] = key;
  words[at + 1] = child;
  words[at + 2] = Math.floor(child / 2 ** 32);
}

/** Reads a leaf's entry. */
export function extentOf(words: Uint32Array, position: number): Extent {
  const at = wordOf(position);
  const second = words[at + 1] as number;
  const length = second & 0xffff;
  const isUnwritten = length > EXTENT_COUNT_MAX;
  return {
    fileBlock: words[at] as number,
    first: (words[at + 2] as number) + (second >>> 16) * 2 ** 32,
    count: isUnwritten ? length - EXTENT_COUNT_MAX : length,
    isUnwritten,
  };
}

/** Sets a leaf's entry. */
export function setExtent(words: Uint32Array, position: number, extent: Extent): void {
  const at = wordOf(position);
  const length = extent.isUnwritten ? extent.count + EXTENT_COUNT_MAX : extent.count;
  words[at] = extent.fileBlock;
  words[at + 1] = length | (Math.floor(extent.first / 2 ** 32) << 16);
  words[at + 2] = extent.first;
}

/** Makes room for an entry, whose words are then those of the one before, or of none. */
export function openEntry(words: Uint32Array, position: number): void {
  const count = entryCount(words);
  words.copyWithin(wordOf(position + 1), wordOf(position), wordOf(count));
  setEntryCount(words, count + 1);
}

/** Takes an entry out. */
export function closeEntry(words: Uint32Array, position: number): void {
  const count = entryCount(words);
  words.copyWithin(wordOf(position), wordOf(position + 1), wordOf(count));
  setEntryCount(words, count - 1);
}

/** Appends the entries of one node, from a position on, to another. */
export function appendEntries(target: Uint32Array, source: Uint32Array, from: number): void {
  const count = entryCount(target);
  const more = entryCount(source) - from;
  target.set(source.subarray(wordOf(from), wordOf(from + more)), wordOf(count));
  setEntryCount(target, count + more);
}

/** Both as one extent, if they lie together in file and on disk and one can hold them. */
export function joined(left: Extent, right: Extent): Extent | undefined {
  const { fileBlock, first, isUnwritten } = left;
  const count = left.count + right.count;
  const isOne = isUnwritten === right.isUnwritten && count <= extentCountMax(isUnwritten) &&
    fileBlock + left.count === right.fileBlock && first + left.count === right.first;
  return isOne ? { fileBlock, first, count, isUnwritten } : undefined;
}

/** Most blocks of one extent. */
export function extentCountMax(isUnwritten: boolean): number {
  return isUnwritten ? UNWRITTEN_COUNT_MAX : EXTENT_COUNT_MAX;
}

function wordOf(position: number): number {
  return EXTENT_HEADER_WORDS + position * EXTENT_ENTRY_WORDS;
}
