/**
 * The bytes of files: between a client's window and the disk with no copy in between, but for the
 * first and last block of a run that is not whole, which pass through a bounce buffer.
 *
 * A write puts the data in place first; only the transaction behind it makes new blocks part of the
 * file. Bytes of the last block beyond the end of a file are zero once they can be seen.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockAllocation, BlockRun } from "./block_allocation.ts";
import type { BlockCache } from "../disk/block_cache.ts";
import { type BlockMap, FILE_BYTES_MAX } from "./block_map.ts";
import type { DeathPoint } from "../server/death_points.ts";
import { BLOCK_BYTES, type Disk } from "../disk/disk.ts";
import type { Geometry } from "./geometry.ts";
import type { Inode } from "./inode.ts";
import { READ_ONLY_LARGE_FILE, SUPERBLOCK as SB } from "./layouts/superblock.ts";
import type { Accounts } from "./accounts.ts";

/** Blocks of the bounce buffer: a run of no more passes through it at once. */
export const BOUNCE_BLOCKS = 16;

/** Size from which on a file is large, as the feature of that name means it. */
const LARGE_FILE_BYTES = 2 ** 31;

/** What file data stands on. */
export interface FileDataParts {
  readonly disk: Disk;
  readonly cache: BlockCache;
  readonly geometry: Geometry;
  readonly accounts: Accounts;
  readonly allocation: BlockAllocation;
  readonly map: BlockMap;
  /** Shared memory of {@linkcode BOUNCE_BLOCKS} blocks. */
  readonly bounce: Uint8Array;
  readonly point: (name: DeathPoint) => void;
}

/** A run of blocks of a file on the disk. */
interface Extent {
  /** First block of the file. */
  readonly fileBlock: number;
  /** First block of the disk; 0 is a hole. */
  readonly first: number;
  count: number;
  /** Whether it was just taken, so that what the disk holds there means nothing. */
  readonly isNew: boolean;
}

/** Reads, writes and cuts files. It changes the inode in memory and does not store it. */
export class FileData {
  readonly #parts: FileDataParts;

  /** Works on data through the disk and on pointers through the cache. */
  constructor(parts: FileDataParts) {
    this.#parts = parts;
  }

  /** Reads what there is of `target.byteLength` bytes from `offset` on; answers how many. */
  read(inode: Inode, offset: number, target: Uint8Array): number {
    if (offset >= inode.size) return 0;
    const byteLength = Math.min(target.byteLength, inode.size - offset);
    const end = offset + byteLength;
    let at = offset;
    while (at < end) {
      const extent = this.#extentAt(inode, Math.floor(at / BLOCK_BYTES), end);
      const extentEnd = Math.min(end, (extent.fileBlock + extent.count) * BLOCK_BYTES);
      const part = target.subarray(at - offset, extentEnd - offset);
      if (extent.first === 0) part.fill(0);
      else this.#readExtent(extent, at, part);
      at = extentEnd;
    }
    return byteLength;
  }

  /**
   * Writes bytes from `offset` on, and lets the file grow.
   *
   * @returns How many were written: fewer if the disk is full or one transaction does not hold more.
   * @throws {OsError} `ENOSPC` if not one byte could be written, `EFBIG` beyond the largest size.
   */
  write(inode: Inode, offset: number, source: Uint8Array): number {
    if (offset >= FILE_BYTES_MAX) throw new OsError("EFBIG", `write at ${offset}`);
    const wanted = Math.min(offset + source.byteLength, FILE_BYTES_MAX);
    const firstBlock = Math.floor(offset / BLOCK_BYTES);
    const extents = this.#extentsForWrite(inode, firstBlock, Math.ceil(wanted / BLOCK_BYTES));
    const last = extents.at(-1);
    if (last === undefined) throw new OsError("ENOSPC", "write");
    const end = Math.min(wanted, (last.fileBlock + last.count) * BLOCK_BYTES);
    this.#parts.point("fs.write.before-data");
    this.#clearTail(inode, firstBlock);
    for (const extent of extents) {
      const from = Math.max(offset, extent.fileBlock * BLOCK_BYTES);
      const to = Math.min(end, (extent.fileBlock + extent.count) * BLOCK_BYTES);
      this.#writeExtent(extent, from, source.subarray(from - offset, to - offset), inode.size);
    }
    this.#parts.point("fs.write.after-data");
    this.#grow(inode, end);
    return end - offset;
  }

  /**
   * Makes the file longer or shorter.
   *
   * @returns Whether it is done; if not, the file is a piece shorter, and after storing and
   *   committing that, another call goes on.
   */
  truncate(inode: Inode, size: number): boolean {
    if (size > FILE_BYTES_MAX) throw new OsError("EFBIG", `truncate to ${size}`);
    if (size >= inode.size) {
      this.#clearTail(inode, Math.ceil(size / BLOCK_BYTES));
      this.#grow(inode, size);
      return true;
    }
    const { map, cache } = this.#parts;
    const keep = Math.ceil(size / BLOCK_BYTES);
    const released = map.release(inode, keep, false);
    if (released > keep) {
      inode.size = Math.min(inode.size, released * BLOCK_BYTES);
      return false;
    }
    inode.size = size;
    const within = size % BLOCK_BYTES;
    if (within === 0) return true;
    const { first } = map.lookup(inode, keep - 1, 1);
    if (first === 0) return true;
    // The cut block goes with the transaction: cut and clearing are one.
    const cached = cache.get(first);
    cache.change(cached);
    cached.bytes.fill(0, within);
    cache.forgetAfterCommit(first);
    return true;
  }

  #grow(inode: Inode, size: number): void {
    if (size <= inode.size) return;
    inode.size = size;
    if (size < LARGE_FILE_BYTES) return;
    const { accounts } = this.#parts;
    const features = accounts.superblock(SB.featuresReadOnly);
    if ((features & READ_ONLY_LARGE_FILE) !== 0) return;
    accounts.setSuperblock(SB.featuresReadOnly, features | READ_ONLY_LARGE_FILE);
  }

  /** Zeroes the old last block beyond the end, if the file will now go on behind that block. */
  #clearTail(inode: Inode, nextBlock: number): void {
    const within = inode.size % BLOCK_BYTES;
    const block = Math.floor(inode.size / BLOCK_BYTES);
    if (within === 0 || nextBlock <= block) return;
    const { first } = this.#parts.map.lookup(inode, block, 1);
    if (first === 0) return;
    const bounce = this.#parts.bounce.subarray(0, BLOCK_BYTES);
    this.#parts.disk.read(first, 1, bounce);
    if (bounce.subarray(within).every((byte) => byte === 0)) return;
    bounce.fill(0, within);
    this.#parts.disk.write(first, 1, bounce);
  }

  /** The longest extent from a block of the file on, as far as `end` asks for it. */
  #extentAt(inode: Inode, fileBlock: number, end: number): Extent {
    const { map } = this.#parts;
    const lastBlock = Math.ceil(end / BLOCK_BYTES);
    const { first, count } = map.lookup(inode, fileBlock, lastBlock - fileBlock);
    let total = count;
    while (fileBlock + total < lastBlock) {
      const next = map.lookup(inode, fileBlock + total, lastBlock - fileBlock - total);
      if (next.first !== (first === 0 ? 0 : first + total)) break;
      total += next.count;
    }
    return { fileBlock, first, count: total, isNew: false };
  }

  #readExtent(extent: Extent, offset: number, target: Uint8Array): void {
    const { disk, bounce } = this.#parts;
    const head = offset % BLOCK_BYTES;
    const tail = (head + target.byteLength) % BLOCK_BYTES;
    const skipped = Math.floor(offset / BLOCK_BYTES) - extent.fileBlock;
    const first = extent.first + skipped;
    const count = Math.ceil((head + target.byteLength) / BLOCK_BYTES);
    if (head === 0 && tail === 0) {
      disk.read(first, count, target);
    } else if (count <= BOUNCE_BLOCKS) {
      disk.read(first, count, bounce.subarray(0, count * BLOCK_BYTES));
      target.set(bounce.subarray(head, head + target.byteLength));
    } else {
      // Long: whole blocks straight, the ends through the bounce buffer.
      const headBytes = head === 0 ? 0 : BLOCK_BYTES - head;
      const bodyEnd = target.byteLength - tail;
      if (headBytes > 0) this.#readExtent(extent, offset, target.subarray(0, headBytes));
      this.#readExtent(extent, offset + headBytes, target.subarray(headBytes, bodyEnd));
      if (tail > 0) this.#readExtent(extent, offset + bodyEnd, target.subarray(bodyEnd));
    }
  }

  /** The extents for file blocks `[fileBlock, end)`, with new ones where there were holes. */
  #extentsForWrite(inode: Inode, start: number, end: number): Extent[] {
    const { map, cache } = this.#parts;
    const extents: Extent[] = [];
    let fileBlock = start;
    while (fileBlock < end) {
      let run = map.lookup(inode, fileBlock, end - fileBlock);
      const isNew = run.first === 0;
      if (isNew) {
        if (cache.changedCount >= cache.changedSoftMax - 16) break;
        const hole = this.#extentAt(inode, fileBlock, end * BLOCK_BYTES);
        const taken = this.#fillHole(inode, fileBlock, hole.count);
        if (taken === undefined) break;
        run = taken;
      }
      const last = extents.at(-1);
      if (last !== undefined && last.isNew === isNew && last.first + last.count === run.first) {
        last.count += run.count;
      } else {
        extents.push({ fileBlock, first: run.first, count: run.count, isNew });
      }
      fileBlock += run.count;
    }
    return extents;
  }

  /** Takes blocks for a hole of `count` blocks: one run of at least one, or nothing if full. */
  #fillHole(inode: Inode, fileBlock: number, count: number): BlockRun | undefined {
    const { map, allocation, geometry } = this.#parts;
    const { freeCount } = allocation;
    let wanted = Math.min(count, 2 ** 16);
    // Indirect blocks come out of the same stock; with little left, they are counted one by one.
    if (freeCount < wanted + Math.ceil(wanted / 1024) + 4) {
      if (freeCount < 1 + map.missing(inode, fileBlock)) return undefined;
      wanted = 1;
    }
    const run = allocation.take(this.#goal(inode, fileBlock, geometry), wanted);
    map.assign(inode, fileBlock, run);
    return run;
  }

  #goal(inode: Inode, fileBlock: number, geometry: Geometry): number {
    if (fileBlock > 0) {
      const { first } = this.#parts.map.lookup(inode, fileBlock - 1, 1);
      if (first !== 0) return first + 1;
    }
    const { inodesPerGroup, blocksPerGroup } = geometry.sizes;
    return Math.floor((inode.number - 1) / inodesPerGroup) * blocksPerGroup;
  }

  /** Writes bytes that lie inside the extent. `oldSize` says which old bytes mean something. */
  #writeExtent(extent: Extent, offset: number, source: Uint8Array, oldSize: number): void {
    const { disk, bounce } = this.#parts;
    const head = offset % BLOCK_BYTES;
    const tail = (head + source.byteLength) % BLOCK_BYTES;
    const skipped = Math.floor(offset / BLOCK_BYTES) - extent.fileBlock;
    const first = extent.first + skipped;
    const count = Math.ceil((head + source.byteLength) / BLOCK_BYTES);
    if (head === 0 && tail === 0) {
      disk.write(first, count, source);
    } else if (count <= BOUNCE_BLOCKS) {
      const base = offset - head;
      const blocks = bounce.subarray(0, count * BLOCK_BYTES);
      this.#loadEnds(extent, { first, count, base, head, tail, oldSize });
      blocks.set(source, head);
      disk.write(first, count, blocks);
    } else {
      const headBytes = head === 0 ? 0 : BLOCK_BYTES - head;
      const bodyEnd = source.byteLength - tail;
      if (headBytes > 0) this.#writeExtent(extent, offset, source.subarray(0, headBytes), oldSize);
      const body = source.subarray(headBytes, bodyEnd);
      this.#writeExtent(extent, offset + headBytes, body, oldSize);
      if (tail > 0) {
        this.#writeExtent(extent, offset + bodyEnd, source.subarray(bodyEnd), oldSize);
      }
    }
  }

  /** Brings the first and last block, where they are not whole, into the bounce buffer. */
  #loadEnds(extent: Extent, ends: Ends): void {
    const { first, count, base, head, tail, oldSize } = ends;
    const load = (index: number) => {
      const block = this.#parts.bounce.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
      const valid = extent.isNew ? 0 : oldSize - (base + index * BLOCK_BYTES);
      if (valid <= 0) {
        block.fill(0);
        return;
      }
      this.#parts.disk.read(first + index, 1, block);
      if (valid < BLOCK_BYTES) block.fill(0, valid);
    };
    if (head !== 0 || count === 1) load(0);
    if (tail !== 0 && count > 1) load(count - 1);
  }
}

/** The blocks that a write in the bounce buffer touches. */
interface Ends {
  readonly first: number;
  readonly count: number;
  /** Byte offset in the file of the first block. */
  readonly base: number;
  readonly head: number;
  readonly tail: number;
  readonly oldSize: number;
}
