/**
 * Which block of the disk holds which block of a file: a tree of extents, whose root lies in the
 * inode.
 *
 * Between any two steps the tree is one that Linux takes: no node but the root is empty, every
 * index entry says with which file block its child begins, extents are in order and apart. A node
 * is split by moving half of it, or just its last entry where a file grows at its end, so that
 * files written in order fill their nodes.
 *
 * An image is input: a node is checked where it is entered, an extent where it is used, with the
 * bounds that the nodes above it set.
 *
 * Source: Linux `fs/ext4/extents.c`.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import type { CachedBlock } from "../disk/cached_block.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import type { BlockRun } from "./block_allocation.ts";
import {
  appendEntries,
  beginNode,
  childOf,
  closeEntry,
  depthOf,
  entriesFitting,
  entriesMax,
  entryCount,
  type Extent,
  extentCountMax,
  extentOf,
  isNode,
  joined,
  keyOf,
  openEntry,
  searchNode,
  setChild,
  setDepth,
  setEntryCount,
  setExtent,
  setKey,
} from "./extent_node.ts";
import type { Inode } from "./inode.ts";
import { EXTENT_DEPTH_MAX, EXTENT_FILE_BLOCKS_MAX, EXTENTS_IN_INODE } from "./layouts/extent.ts";
import type { BlockMapping, MapParts, PunchRange, Stretch } from "./map_parts.ts";

/** Splits after which an extent must have found its place. */
const SPLITS_MAX = 2 * EXTENT_DEPTH_MAX + 4;

/** Extent trees of inodes. */
export class Extents implements BlockMapping {
  readonly #parts: MapParts;
  readonly #fitting: number;
  readonly #sectorsPerBlock: number;
  // The way that `#locate` went, root first: nodes, their blocks, the entry taken in each.
  readonly #nodes: Uint32Array[] = [];
  readonly #blocks: (CachedBlock | undefined)[] = [];
  readonly #positions: number[] = [];
  #depth = 0;
  // What the leaf answers for.
  #low = 0;
  #high = 0;

  /** Works on nodes through the cache. */
  constructor(parts: MapParts) {
    this.#parts = parts;
    this.#fitting = entriesFitting(parts.cache.blockBytes);
    this.#sectorsPerBlock = parts.cache.blockBytes / 512;
  }

  /** Makes the words of an inode's pointers the root of an empty tree. */
  begin(inode: Inode): void {
    inode.pointers.fill(0);
    beginNode(inode.pointers, 0, EXTENTS_IN_INODE);
  }

  /**
   * Finds the extent or the hole around a file block.
   *
   * @throws {OsError} `EUCLEAN` if the tree is none, or leads where no file's data can be.
   */
  find(inode: Inode, fileBlock: number, found: Stretch): void {
    this.#locate(inode, fileBlock);
    const position = this.#leafPosition;
    found.isUnwritten = false;
    found.first = 0;
    found.from = this.#low;
    found.to = this.#keyAfter(inode, position);
    if (position < 0) return;
    const extent = this.#extentAt(inode, position);
    const end = extent.fileBlock + extent.count;
    if (fileBlock >= end) {
      found.from = end;
      return;
    }
    if (!this.#parts.geometry.areOwnable(extent.first, extent.count)) throw damaged(inode);
    found.from = extent.fileBlock;
    found.to = end;
    found.first = extent.first;
    found.isUnwritten = extent.isUnwritten;
  }

  /** How many nodes more it takes at most to put so many entries in at a file block. */
  missing(inode: Inode, fileBlock: number, entries: number): number {
    this.#locate(inode, fileBlock);
    let wanted = entries;
    for (let level = this.#depth; level >= 0; level--) {
      const words = this.#node(level);
      if (entryCount(words) + wanted <= entriesMax(words)) return this.#depth - level;
      wanted = 1;
    }
    return this.#depth + 1;
  }

  /** Lets a run of blocks hold a file from `fileBlock` on, where it has a hole. */
  assign(inode: Inode, fileBlock: number, run: BlockRun, isUnwritten: boolean): void {
    const countMax = extentCountMax(isUnwritten);
    for (let done = 0; done < run.count;) {
      const count = Math.min(run.count - done, countMax);
      const first = run.first + done;
      this.#insert(inode, { fileBlock: fileBlock + done, first, count, isUnwritten });
      done += count;
    }
    inode.sectors += run.count * this.#sectorsPerBlock;
  }

  /** Says of all blocks of a range that has no holes whether they were written. */
  mark(inode: Inode, from: number, to: number, isUnwritten: boolean): void {
    for (let at = from; at < to;) {
      this.#locate(inode, at);
      assert(this.#leafPosition >= 0, "only blocks that are there are marked");
      const extent = this.#extentAt(inode, this.#leafPosition);
      const extentEnd = extent.fileBlock + extent.count;
      assert(at < extentEnd, "no hole is marked");
      let end = Math.min(to, extentEnd);
      if (extent.isUnwritten !== isUnwritten) {
        end = Math.min(end, at + extentCountMax(isUnwritten));
        this.#markPiece(inode, extent, at, end);
      }
      at = end;
    }
  }

  /** See `FileMap.punch`. */
  punch(inode: Inode, range: PunchRange): number {
    const { cache } = this.#parts;
    let end = Math.min(range.to, EXTENT_FILE_BLOCKS_MAX);
    while (end > range.from) {
      this.#locate(inode, end - 1);
      const position = this.#leafPosition;
      if (position < 0) {
        end = this.#low;
        continue;
      }
      const extent = this.#extentAt(inode, position);
      const extentEnd = Math.min(extent.fileBlock + extent.count, end);
      if (extentEnd <= range.from) break;
      if (cache.changedCount >= cache.changedSoftMax) return extentEnd;
      const cutFrom = Math.max(extent.fileBlock, range.from);
      this.#cut(inode, extent, cutFrom, extentEnd);
      this.#give(inode, extent, { ...range, from: cutFrom, to: extentEnd });
      end = cutFrom;
    }
    this.#flatten(inode);
    return range.from;
  }

  /** Goes from the root to the leaf that answers for a file block. */
  #locate(inode: Inode, fileBlock: number): void {
    let words = inode.pointers;
    if (!isNode(words, EXTENTS_IN_INODE)) throw damaged(inode);
    const depth = depthOf(words);
    if (depth > EXTENT_DEPTH_MAX) throw damaged(inode);
    let low = 0;
    let high = EXTENT_FILE_BLOCKS_MAX;
    this.#nodes[0] = words;
    this.#blocks[0] = undefined;
    for (let level = 0; level < depth; level++) {
      const count = entryCount(words);
      if (count === 0) throw damaged(inode);
      const position = Math.max(searchNode(words, fileBlock), 0);
      const key = keyOf(words, position);
      const next = position + 1 < count ? keyOf(words, position + 1) : high;
      if (key < low || next <= key || next > high) throw damaged(inode);
      if (position > 0) low = key;
      high = next;
      this.#positions[level] = position;
      const cached = this.#getNode(inode, childOf(words, position));
      words = cached.words;
      if (depthOf(words) !== depth - level - 1 || entryCount(words) === 0) throw damaged(inode);
      this.#nodes[level + 1] = words;
      this.#blocks[level + 1] = cached;
    }
    this.#depth = depth;
    this.#positions[depth] = searchNode(words, fileBlock);
    this.#low = low;
    this.#high = high;
  }

  #getNode(inode: Inode, block: number): CachedBlock {
    const { cache, geometry } = this.#parts;
    if (!geometry.isOwnable(block)) throw damaged(inode);
    const cached = cache.get(block, BLOCK_KIND.extentNode, inode.seed);
    if (!isNode(cached.words, this.#fitting)) throw damaged(inode);
    return cached;
  }

  get #leafPosition(): number {
    return this.#positions[this.#depth] as number;
  }

  #node(level: number): Uint32Array {
    return this.#nodes[level] as Uint32Array;
  }

  /** The node, declared to be changed. */
  #changing(level: number): Uint32Array {
    const cached = this.#blocks[level];
    if (cached !== undefined) this.#parts.cache.change(cached);
    return this.#node(level);
  }

  /** Where the leaf's next extent begins, or the leaf ends. */
  #keyAfter(inode: Inode, position: number): number {
    const words = this.#node(this.#depth);
    if (position + 1 >= entryCount(words)) return this.#high;
    const key = keyOf(words, position + 1);
    if (key > this.#high || key < this.#low) throw damaged(inode);
    return key;
  }

  #extentAt(inode: Inode, position: number): Extent {
    const extent = extentOf(this.#node(this.#depth), position);
    const { fileBlock, count } = extent;
    if (count === 0 || fileBlock < this.#low) throw damaged(inode);
    if (fileBlock + count > this.#keyAfter(inode, position)) throw damaged(inode);
    return extent;
  }

  #insert(inode: Inode, extent: Extent): void {
    for (let splits = 0; splits <= SPLITS_MAX; splits++) {
      this.#locate(inode, extent.fileBlock);
      if (this.#tryInsert(inode, extent)) return;
      this.#makeRoom(inode, extent);
    }
    throw damaged(inode);
  }

  /** Puts an extent in; answers false if the leaf has no room. */
  #tryInsert(inode: Inode, extent: Extent): boolean {
    const level = this.#depth;
    const words = this.#node(level);
    const position = this.#leafPosition;
    const end = extent.fileBlock + extent.count;
    const left = position < 0 ? undefined : this.#extentAt(inode, position);
    if (left !== undefined && left.fileBlock + left.count > extent.fileBlock) throw damaged(inode);
    if (this.#keyAfter(inode, position) < end) throw damaged(inode);
    const right = position + 1 < entryCount(words)
      ? this.#extentAt(inode, position + 1)
      : undefined;
    const withLeft = left && joined(left, extent);
    if (withLeft !== undefined) {
      setExtent(this.#changing(level), position, withLeft);
      this.#joinRight(position, withLeft, right);
      return true;
    }
    const withRight = right && joined(extent, right);
    if (withRight === undefined) {
      if (entryCount(words) >= entriesMax(words)) return false;
      openEntry(this.#changing(level), position + 1);
    }
    setExtent(this.#changing(level), position + 1, withRight ?? extent);
    if (position < 0) this.#correctKeys(level);
    return true;
  }

  /** Joins the extent at a position with the one behind it, if that can be. */
  #joinRight(position: number, extent: Extent, right: Extent | undefined): void {
    const both = right && joined(extent, right);
    if (both === undefined) return;
    const words = this.#changing(this.#depth);
    setExtent(words, position, both);
    closeEntry(words, position + 1);
  }

  /** Tells the nodes above one on the way that it begins with another file block. */
  #correctKeys(from: number): void {
    const key = keyOf(this.#node(from), 0);
    for (let level = from - 1; level >= 0; level--) {
      const position = this.#positions[level] as number;
      setKey(this.#changing(level), position, key);
      if (position > 0) return;
    }
  }

  /** Adds one node, so that there is room where an extent is to go, or a step nearer to it. */
  #makeRoom(inode: Inode, extent: Extent): void {
    // Taken first: looking for a block may push the nodes of the way out of the cache.
    const { first } = this.#parts.allocation.take(extent.first + extent.count, 1);
    this.#locate(inode, extent.fileBlock);
    let level = this.#depth;
    while (level >= 0 && entryCount(this.#node(level)) >= entriesMax(this.#node(level))) level--;
    if (level < 0) this.#deepen(inode, first);
    else this.#split(inode, { level: level + 1, key: extent.fileBlock, block: first });
    inode.sectors += this.#sectorsPerBlock;
  }

  /** Moves what the root holds into a new node under it. */
  #deepen(inode: Inode, block: number): void {
    const root = inode.pointers;
    const depth = depthOf(root);
    if (depth >= EXTENT_DEPTH_MAX) throw damaged(inode);
    const { words } = this.#parts.cache.fresh(block, BLOCK_KIND.extentNode, inode.seed);
    beginNode(words, depth, this.#fitting);
    appendEntries(words, root, 0);
    beginNode(root, depth + 1, EXTENTS_IN_INODE);
    setEntryCount(root, 1);
    setChild(root, 0, keyOf(words, 0), block);
  }

  /** Moves a part of a node into a new one behind it. */
  #split(inode: Inode, place: SplitPlace): void {
    const { level, key, block } = place;
    const full = this.#changing(level);
    const parent = this.#changing(level - 1);
    const count = entryCount(full);
    const from = key > keyOf(full, count - 1) ? count - 1 : count >> 1;
    const { words } = this.#parts.cache.fresh(block, BLOCK_KIND.extentNode, inode.seed);
    beginNode(words, depthOf(full), this.#fitting);
    appendEntries(words, full, from);
    setEntryCount(full, from);
    const position = (this.#positions[level - 1] as number) + 1;
    openEntry(parent, position);
    setChild(parent, position, keyOf(words, 0), block);
  }

  /** Marks a piece of the extent where `#locate` arrived. */
  #markPiece(inode: Inode, extent: Extent, from: number, to: number): void {
    const level = this.#depth;
    const position = this.#leafPosition;
    const isUnwritten = !extent.isUnwritten;
    const piece = { ...sliceOf(extent, from, to), isUnwritten };
    const extentEnd = extent.fileBlock + extent.count;
    if (from === extent.fileBlock && this.#joinLeft(inode, extent, piece)) return;
    if (from > extent.fileBlock) {
      setExtent(this.#changing(level), position, sliceOf(extent, extent.fileBlock, from));
      if (to < extentEnd) this.#insert(inode, sliceOf(extent, to, extentEnd));
      this.#insert(inode, piece);
      return;
    }
    setExtent(this.#changing(level), position, piece);
    if (to < extentEnd) this.#insert(inode, sliceOf(extent, to, extentEnd));
    else if (position + 1 < entryCount(this.#node(level))) {
      this.#joinRight(position, piece, this.#extentAt(inode, position + 1));
    }
  }

  /** Moves the head of the extent where `#locate` arrived over to the one before it, if that can be. */
  #joinLeft(inode: Inode, extent: Extent, head: Extent): boolean {
    const position = this.#leafPosition;
    if (position < 1) return false;
    const both = joined(this.#extentAt(inode, position - 1), head);
    if (both === undefined) return false;
    const words = this.#changing(this.#depth);
    setExtent(words, position - 1, both);
    if (head.count < extent.count) {
      const end = extent.fileBlock + extent.count;
      setExtent(words, position, sliceOf(extent, head.fileBlock + head.count, end));
      return true;
    }
    closeEntry(words, position);
    if (position >= entryCount(words)) return true;
    this.#joinRight(position - 1, both, this.#extentAt(inode, position));
    return true;
  }

  /** Takes file blocks out of the extent where `#locate` arrived. */
  #cut(inode: Inode, extent: Extent, from: number, to: number): void {
    const position = this.#leafPosition;
    const words = this.#changing(this.#depth);
    const extentEnd = extent.fileBlock + extent.count;
    if (from > extent.fileBlock) {
      setExtent(words, position, sliceOf(extent, extent.fileBlock, from));
      if (to < extentEnd) this.#insert(inode, sliceOf(extent, to, extentEnd));
    } else if (to < extentEnd) {
      setExtent(words, position, sliceOf(extent, to, extentEnd));
      if (position === 0) this.#correctKeys(this.#depth);
    } else {
      this.#removeEntry(inode);
    }
  }

  /** Takes the entry out where `#locate` arrived, and the nodes that this leaves empty. */
  #removeEntry(inode: Inode): void {
    const emptied: number[] = [];
    let level = this.#depth;
    for (; level > 0 && entryCount(this.#node(level)) === 1; level--) {
      emptied.push((this.#blocks[level] as CachedBlock).block);
    }
    const words = this.#changing(level);
    const position = this.#positions[level] as number;
    closeEntry(words, position);
    if (entryCount(words) === 0) {
      setDepth(words, 0);
    } else if (position === 0) {
      this.#correctKeys(level);
    }
    // Given last: that may push the nodes of the way out of the cache.
    for (const block of emptied) this.#giveNode(inode, block);
  }

  /** Draws the only node under the root up into it, while it fits. */
  #flatten(inode: Inode): void {
    const root = inode.pointers;
    while (depthOf(root) > 0 && entryCount(root) === 1) {
      const cached = this.#getNode(inode, childOf(root, 0));
      const { words } = cached;
      if (depthOf(words) !== depthOf(root) - 1) throw damaged(inode);
      if (entryCount(words) > EXTENTS_IN_INODE) return;
      beginNode(root, depthOf(words), EXTENTS_IN_INODE);
      appendEntries(root, words, 0);
      this.#giveNode(inode, cached.block);
    }
  }

  #giveNode(inode: Inode, block: number): void {
    this.#parts.cache.forget(block);
    this.#parts.allocation.give(block, 1);
    this.#uncount(inode, 1);
  }

  #give(inode: Inode, extent: Extent, range: PunchRange): void {
    const { cache, geometry, allocation } = this.#parts;
    const { first, count } = sliceOf(extent, range.from, range.to);
    if (!geometry.areOwnable(first, count)) throw damaged(inode);
    for (let step = 0; range.isMetadata && step < count; step++) cache.forget(first + step);
    allocation.give(first, count);
    this.#uncount(inode, count);
  }

  #uncount(inode: Inode, count: number): void {
    inode.sectors -= count * this.#sectorsPerBlock;
    if (inode.sectors < 0) throw damaged(inode);
  }
}

/** Where a node is split: its level, for the sake of which file block, into which new block. */
interface SplitPlace {
  readonly level: number;
  readonly key: number;
  readonly block: number;
}

function sliceOf(extent: Extent, from: number, to: number): Extent {
  const first = extent.first + from - extent.fileBlock;
  return { fileBlock: from, first, count: to - from, isUnwritten: extent.isUnwritten };
}

function damaged(inode: Inode): OsError {
  return new OsError("EUCLEAN", `extents of inode ${inode.number}`);
}
