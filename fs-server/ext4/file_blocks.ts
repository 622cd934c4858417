/**
 * Blocks for files: taken for holes, claimed where they were only kept ready, zeroed in part; and
 * the size that goes with them.
 *
 * @module
 */

import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import type { Accounts } from "./accounts.ts";
import type { BlockAllocation, BlockRun } from "./block_allocation.ts";
import type { FileMap } from "./file_map.ts";
import type { Inode } from "./inode.ts";
import { READ_ONLY, SUPERBLOCK as SB } from "./layouts/superblock.ts";

/** Size from which on a file is large, as the feature of that name means it. */
const LARGE_FILE_BYTES = 2 ** 31;

/** Most blocks that are taken at once. */
const TAKEN_MAX = 2 ** 16;

/** Changed blocks that one more piece of an operation adds, if not in the worst case. */
const PIECE_CHANGES_MAX = 16;

/** What file data stands on. */
export interface FileBlocksParts {
  readonly cache: BlockCache;
  readonly map: FileMap;
  readonly allocation: BlockAllocation;
  readonly accounts: Accounts;
  /** Shared memory of two blocks, through which the ends of a read pass. */
  readonly bounce: Uint8Array;
}

/** The blocks of files. It changes the inode in memory and does not store it. */
export class FileBlocks {
  readonly #parts: FileBlocksParts;
  readonly #blockBytes: number;

  /** Works on data and maps through the cache. */
  constructor(parts: FileBlocksParts) {
    this.#parts = parts;
    this.#blockBytes = parts.cache.blockBytes;
  }

  /** Whether the running transaction has no room for another piece. */
  get isTransactionFull(): boolean {
    const { cache } = this.#parts;
    return cache.changedCount >= cache.changedSoftMax - PIECE_CHANGES_MAX;
  }

  /** How long a hole goes on, at most `countMax` blocks. */
  holeAt(inode: Inode, fileBlock: number, countMax: number): number {
    const { map } = this.#parts;
    let total = 0;
    while (total < countMax) {
      const { first, count } = map.lookup(inode, fileBlock + total, countMax - total);
      if (first !== 0) break;
      total += count;
    }
    return total;
  }

  /**
   * Takes blocks for a hole of `count` blocks.
   *
   * @returns One run of at least one block, or nothing if the disk is full.
   */
  fill(inode: Inode, fileBlock: number, count: number, isUnwritten: boolean): BlockRun | undefined {
    const { map, allocation } = this.#parts;
    const { freeCount } = allocation;
    let wanted = Math.min(count, TAKEN_MAX);
    // The map's own blocks come out of the same stock; with little left, each is counted.
    if (freeCount < wanted + Math.ceil((wanted * 4) / this.#blockBytes) + 8) {
      if (freeCount < 1 + map.missing(inode, fileBlock)) return undefined;
      wanted = 1;
    }
    const run = allocation.take(map.goal(inode, fileBlock), wanted);
    map.assign(inode, fileBlock, run, isUnwritten);
    return run;
  }

  /**
   * Lets unwritten blocks be the file's with what they hold.
   *
   * @returns Whether that can be: if their run must become two and there is no block to note that,
   *   the rest of the run is zeroed and claimed too, unless it reaches beyond `size`.
   */
  claim(inode: Inode, fileBlock: number, count: number, size: number): boolean {
    const { cache, map, allocation } = this.#parts;
    const missing = map.missing(inode, fileBlock, 2);
    if (missing === 0 || missing <= allocation.freeCount) {
      map.markWritten(inode, fileBlock, count);
      return true;
    }
    const { from, to, first } = map.stretch(inode, fileBlock);
    const end = fileBlock + count;
    if (to > Math.ceil(Math.max(size, inode.size) / this.#blockBytes)) return false;
    if (from < fileBlock) cache.zeroData(first, fileBlock - from);
    if (end < to) cache.zeroData(first + end - from, to - end);
    // The zeros must be durable before they are the file's.
    cache.flush();
    map.markWritten(inode, from, to - from);
    return true;
  }

  /** Lets the file be longer, if it is not. */
  grow(inode: Inode, size: number): void {
    if (size <= inode.size) return;
    inode.size = size;
    if (size < LARGE_FILE_BYTES) return;
    this.#parts.accounts.addFeature(SB.featuresReadOnly, READ_ONLY.largeFile);
  }

  /**
   * Zeroes the old last block beyond the end, if the file will now go on behind that block. Zeros
   * are there, unless another system wrote the file.
   */
  clearTail(inode: Inode, nextBlock: number): void {
    const { cache, map, bounce } = this.#parts;
    const within = inode.size % this.#blockBytes;
    const fileBlock = Math.floor(inode.size / this.#blockBytes);
    if (within === 0 || nextBlock <= fileBlock) return;
    const { first, isUnwritten } = map.lookup(inode, fileBlock, 1);
    if (first === 0 || isUnwritten) return;
    const block = bounce.subarray(0, this.#blockBytes);
    cache.readData(first, 1, block);
    if (block.subarray(within).every((byte) => byte === 0)) return;
    this.clear(inode, inode.size, this.#blockBytes - within);
  }

  /** Zeroes bytes of one block of a file with the running transaction. */
  clear(inode: Inode, offset: number, byteLength: number): void {
    if (byteLength === 0) return;
    const { cache, map } = this.#parts;
    const { first, isUnwritten } = map.lookup(inode, Math.floor(offset / this.#blockBytes), 1);
    if (first === 0 || isUnwritten) return;
    const within = offset % this.#blockBytes;
    const cached = cache.get(first, BLOCK_KIND.plain);
    cache.change(cached);
    cached.bytes.fill(0, within, within + byteLength);
  }
}
