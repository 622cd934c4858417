/**
 * The shape of files: shorter, longer, with blocks kept ready, with holes; and where their data is.
 *
 * What may take more than one transaction answers whether it is done. If not, each piece is whole:
 * the caller stores the inode, commits, and calls again with the same arguments, also in a later
 * life.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockRun } from "./block_allocation.ts";
import type { FileBlocks, FileBlocksParts } from "./file_blocks.ts";
import type { Inode } from "./inode.ts";

/** A range of bytes of a file, and whether the file keeps its size. */
export interface FileRange {
  /** Where it begins. */
  readonly offset: number;
  /** How long it is. */
  readonly byteLength: number;
  /** Whether the file stays as long as it is if the range goes on behind its end. */
  readonly keepSize: boolean;
}

/** Cuts, fills and empties ranges of files. It changes the inode in memory and does not store it. */
export class FileSpace {
  readonly #parts: FileBlocksParts;
  readonly #blocks: FileBlocks;
  readonly #blockBytes: number;

  /** Works on data and maps through the cache. */
  constructor(parts: FileBlocksParts, blocks: FileBlocks) {
    this.#parts = parts;
    this.#blocks = blocks;
    this.#blockBytes = parts.cache.blockBytes;
  }

  /** See `FileData.truncate`. */
  truncate(inode: Inode, size: number): boolean {
    this.#requireReach(inode, size, "truncate");
    const blocks = this.#blocks;
    const keep = Math.ceil(size / this.#blockBytes);
    if (size >= inode.size) {
      blocks.clearTail(inode, keep);
      blocks.grow(inode, size);
      return true;
    }
    const released = this.#parts.map.release(inode, keep, false);
    if (released > keep) {
      inode.size = Math.min(inode.size, released * this.#blockBytes);
      return false;
    }
    inode.size = size;
    const within = size % this.#blockBytes;
    // The cut block goes with the transaction: cut and clearing are one.
    if (within > 0) blocks.clear(inode, size, this.#blockBytes - within);
    return true;
  }

  /** Gives back what lies beyond the end of a file, as a truncation left half done must. */
  finishTruncation(inode: Inode): boolean {
    const keep = Math.ceil(inode.size / this.#blockBytes);
    return this.#parts.map.release(inode, keep, false) <= keep;
  }

  /** See `FileData.allocate`. */
  allocate(inode: Inode, range: FileRange): boolean {
    const end = range.offset + range.byteLength;
    this.#requireReach(inode, end, "allocate");
    const hasExtents = this.#parts.map.hasExtents(inode);
    if (!hasExtents && range.keepSize && end > inode.size) {
      throw new OsError("EOPNOTSUPP", "keep blocks ready beyond the end without extents");
    }
    const lastBlock = Math.ceil(end / this.#blockBytes);
    const firstBlock = Math.floor(range.offset / this.#blockBytes);
    const { sectors } = inode;
    const ownCount = (sectors * 512) / this.#blockBytes;
    if (lastBlock - firstBlock - ownCount > this.#parts.allocation.freeCount) {
      throw new OsError("ENOSPC", "allocate more than there is");
    }
    if (!range.keepSize) this.#blocks.clearTail(inode, lastBlock);
    let at = firstBlock;
    while (at < lastBlock && !(at > firstBlock && this.#blocks.isTransactionFull)) {
      at += this.#ready(inode, at, lastBlock);
    }
    const isDone = at >= lastBlock;
    // The zeros of new blocks must be durable before these are the file's.
    if (!hasExtents && inode.sectors > sectors) this.#parts.cache.flush();
    // Without extents, no block may lie beyond the end.
    if (isDone && !range.keepSize) this.#blocks.grow(inode, end);
    else if (!isDone && !hasExtents) this.#blocks.grow(inode, Math.min(at * this.#blockBytes, end));
    return isDone;
  }

  /** See `FileData.punch`. */
  punch(inode: Inode, offset: number, byteLength: number): boolean {
    const { map } = this.#parts;
    const blockBytes = this.#blockBytes;
    if (offset >= inode.size) return true;
    // As Linux has it: blocks kept ready behind the last one stay.
    const end = Math.min(offset + byteLength, Math.ceil(inode.size / blockBytes) * blockBytes);
    this.#clearEnds(inode, offset, end);
    const from = Math.ceil(offset / blockBytes);
    const to = Math.floor(end / blockBytes);
    return to <= from || map.punch(inode, from, to) <= from;
  }

  /** See `FileData.zeroRange`. */
  zeroRange(inode: Inode, range: FileRange): boolean {
    const { map } = this.#parts;
    const end = range.offset + range.byteLength;
    if (!this.allocate(inode, range)) return false;
    this.#clearEnds(inode, range.offset, end);
    const to = Math.floor(end / this.#blockBytes);
    for (let at = Math.ceil(range.offset / this.#blockBytes); at < to;) {
      if (this.#blocks.isTransactionFull) return false;
      const { first, count, isUnwritten } = map.lookup(inode, at, to - at);
      if (!isUnwritten) this.#empty(inode, at, { first, count });
      at += count;
    }
    return true;
  }

  /** See `FileData.seek`. */
  seek(inode: Inode, offset: number, isHole: boolean): number {
    if (offset >= inode.size) throw new OsError("ENXIO", `seek from ${offset}`);
    const lastBlock = Math.ceil(inode.size / this.#blockBytes);
    let at = Math.floor(offset / this.#blockBytes);
    while (at < lastBlock) {
      const { first, count, isUnwritten } = this.#parts.map.lookup(inode, at, lastBlock - at);
      if ((first === 0 || isUnwritten) === isHole) return Math.max(offset, at * this.#blockBytes);
      at += count;
    }
    // Every file ends with a hole.
    if (isHole) return inode.size;
    throw new OsError("ENXIO", `seek data from ${offset}`);
  }

  /** Sees to it that a file block, and some behind it, are the file's; answers how many. */
  #ready(inode: Inode, fileBlock: number, end: number): number {
    const { map, cache } = this.#parts;
    const { first, count } = map.lookup(inode, fileBlock, end - fileBlock);
    if (first !== 0) return count;
    const hole = this.#blocks.holeAt(inode, fileBlock, end - fileBlock);
    const hasExtents = map.hasExtents(inode);
    const run = this.#blocks.fill(inode, fileBlock, hole, hasExtents);
    if (run === undefined) throw new OsError("ENOSPC", "allocate");
    if (!hasExtents) cache.zeroData(run.first, run.count);
    return run.count;
  }

  /** Lets a run of blocks of a file read as zeros. */
  #empty(inode: Inode, fileBlock: number, run: BlockRun): void {
    const { map, cache, allocation } = this.#parts;
    const isMarked = map.hasExtents(inode) &&
      map.missing(inode, fileBlock, 2) <= allocation.freeCount;
    if (isMarked) map.markUnwritten(inode, fileBlock, run.count);
    else cache.zeroData(run.first, run.count);
  }

  /** Zeroes what of a range lies in blocks that are not whole in it. */
  #clearEnds(inode: Inode, offset: number, end: number): void {
    const blockBytes = this.#blockBytes;
    const head = (blockBytes - offset % blockBytes) % blockBytes;
    const tail = end % blockBytes;
    if (offset + head > end) {
      this.#blocks.clear(inode, offset, end - offset);
      return;
    }
    if (head > 0) this.#blocks.clear(inode, offset, head);
    if (tail > 0) this.#blocks.clear(inode, end - tail, tail);
  }

  #requireReach(inode: Inode, end: number, what: string): void {
    const bytesMax = this.#parts.map.blocksMax(inode) * this.#blockBytes;
    if (end > bytesMax) throw new OsError("EFBIG", `${what} to ${end}`);
  }
}
