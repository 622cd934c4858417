/**
 * The bytes of files: between a client's window and the disk with no copy in between, but for the
 * first and last block of a transfer that it does not cover: a read takes them through a bounce
 * buffer, a write puts them into the transaction. Blocks that are scattered on the disk go in one
 * call.
 *
 * A write puts whole blocks in place first; only the transaction behind it makes new blocks, and
 * those that were kept ready, part of the file. Bytes of the last block beyond the end of a file
 * are zero once they can be seen.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockRun } from "./block_allocation.ts";
import { FileBlocks, type FileBlocksParts } from "./file_blocks.ts";
import { type FileRange, FileSpace } from "./file_space.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import type { DeathPoint } from "../server/death_points.ts";
import type { Inode } from "./inode.ts";

/** Blocks of the bounce buffer: the first and the last of a read pass through it. */
export const BOUNCE_BLOCKS = 2;

/** What file data stands on, and where it may die. */
export interface FileDataParts extends FileBlocksParts {
  readonly point: (name: DeathPoint) => void;
}

/** Reads, writes and shapes files. It changes the inode in memory and does not store it. */
export class FileData {
  readonly #parts: FileDataParts;
  readonly #blocks: FileBlocks;
  readonly #space: FileSpace;
  readonly #blockBytes: number;

  /** Works on data and maps through the cache. */
  constructor(parts: FileDataParts) {
    this.#parts = parts;
    this.#blocks = new FileBlocks(parts);
    this.#space = new FileSpace(parts, this.#blocks);
    this.#blockBytes = parts.cache.blockBytes;
  }

  /**
   * Reads what there is of `target.byteLength` bytes from `offset` on; answers how many. Hot path.
   */
  read(inode: Inode, offset: number, target: Uint8Array): number {
    if (offset >= inode.size) return 0;
    const { map } = this.#parts;
    const blockBytes = this.#blockBytes;
    const byteLength = Math.min(target.byteLength, inode.size - offset);
    const end = offset + byteLength;
    const lastBlock = Math.ceil(end / blockBytes);
    let at = offset;
    while (at < end) {
      const fileBlock = Math.floor(at / blockBytes);
      const run = map.lookup(inode, fileBlock, lastBlock - fileBlock);
      const isZero = run.first === 0 || run.isUnwritten;
      const runs = isZero ? [run] : this.#gather(inode, fileBlock, run, lastBlock);
      let count = 0;
      for (let index = 0; index < runs.length; index++) count += (runs[index] as BlockRun).count;
      const stop = Math.min(end, (fileBlock + count) * blockBytes);
      const part = target.subarray(at - offset, stop - offset);
      if (isZero) part.fill(0);
      else this.#readRuns(runs, at - fileBlock * blockBytes, part);
      at = stop;
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
    const { map, point } = this.#parts;
    const blockBytes = this.#blockBytes;
    const bytesMax = map.blocksMax(inode) * blockBytes;
    if (offset >= bytesMax) throw new OsError("EFBIG", `write at ${offset}`);
    const wanted = Math.min(offset + source.byteLength, bytesMax);
    const firstBlock = Math.floor(offset / blockBytes);
    const place = this.#placeFor(inode, firstBlock, wanted);
    if (place.count === 0) throw new OsError("ENOSPC", "write");
    const end = Math.min(wanted, (firstBlock + place.count) * blockBytes);
    point("fs.write.before-data");
    this.#blocks.clearTail(inode, firstBlock);
    const oldBytes = inode.size - firstBlock * blockBytes;
    const skip = offset - firstBlock * blockBytes;
    this.#writeRuns(place, { skip, oldBytes }, source.subarray(0, end - offset));
    point("fs.write.after-data");
    this.#blocks.grow(inode, end);
    return end - offset;
  }

  /**
   * Makes the file longer or shorter.
   *
   * @returns Whether it is done; if not, the file is a piece shorter, and after storing and
   *   committing that, another call goes on.
   */
  truncate(inode: Inode, size: number): boolean {
    return this.#space.truncate(inode, size);
  }

  /**
   * Gives back what lies beyond the end of a file, as a truncation left half done must.
   *
   * @returns Whether it is done, as `truncate` does.
   */
  finishTruncation(inode: Inode): boolean {
    return this.#space.finishTruncation(inode);
  }

  /**
   * Takes blocks for all of a range, which reads as before, zeros where there was nothing.
   *
   * @returns Whether it is done, as `truncate` does.
   * @throws {OsError} `ENOSPC`, with what earlier calls took still there; `EFBIG`; `EOPNOTSUPP` if a
   *   file without extents would have blocks beyond its end.
   */
  allocate(inode: Inode, range: FileRange): boolean {
    return this.#space.allocate(inode, range);
  }

  /**
   * Lets a range read as zeros, and gives back the blocks that are whole in it. The size stays.
   *
   * @returns Whether it is done, as `truncate` does.
   */
  punch(inode: Inode, offset: number, byteLength: number): boolean {
    return this.#space.punch(inode, offset, byteLength);
  }

  /**
   * Lets a range read as zeros, and takes blocks for all of it. Errors as `allocate`.
   *
   * @returns Whether it is done, as `truncate` does.
   */
  zeroRange(inode: Inode, range: FileRange): boolean {
    return this.#space.zeroRange(inode, range);
  }

  /**
   * The first byte at or behind `offset` that lies in a hole, or that does not. A hole is also what
   * was never written, and begins at the end of a file.
   *
   * @throws {OsError} `ENXIO` if there is none, or `offset` is not inside the file.
   */
  seek(inode: Inode, offset: number, isHole: boolean): number {
    return this.#space.seek(inode, offset, isHole);
  }

  /** The runs from a first one on, until a block has nothing to be read. */
  #gather(inode: Inode, fileBlock: number, run: BlockRun, end: number): BlockRun[] {
    const runs: BlockRun[] = [run];
    for (let at = fileBlock + run.count; at < end;) {
      const next = this.#parts.map.lookup(inode, at, end - at);
      if (next.first === 0 || next.isUnwritten) break;
      append(runs, next);
      at += next.count;
    }
    return runs;
  }

  /** Reads from runs of blocks, `skip` bytes behind the beginning of the first. */
  #readRuns(runs: readonly BlockRun[], skip: number, target: Uint8Array): void {
    const { bounce } = this.#parts;
    const ends = endsOf(skip, target.byteLength, this.#blockBytes);
    const { head, tail } = ends;
    if (head > 0 || tail > 0) {
      const blocks = endRuns(runs, ends);
      this.#readAll(blocks, bounce.subarray(0, blocks.length * this.#blockBytes));
      const tailAt = (blocks.length - 1) * this.#blockBytes;
      if (head > 0) target.set(bounce.subarray(skip, skip + head));
      if (tail > 0) target.set(bounce.subarray(tailAt, tailAt + tail), target.byteLength - tail);
    }
    const body = target.subarray(head, target.byteLength - tail);
    if (body.byteLength > 0) this.#readAll(bodyRuns(runs, ends), body);
  }

  #readAll(runs: readonly BlockRun[], target: Uint8Array): void {
    const { cache } = this.#parts;
    const { first, count } = runs[0] as BlockRun;
    if (runs.length === 1) cache.readData(first, count, target);
    else cache.readDataVector(runs, target);
  }

  #writeAll(runs: readonly BlockRun[], source: Uint8Array): void {
    const { cache } = this.#parts;
    const { first, count } = runs[0] as BlockRun;
    if (runs.length === 1) cache.writeData(first, count, source);
    else cache.writeDataVector(runs, source);
  }

  /** Sees to it that file blocks up to byte `end` are the file's, as far as can be. */
  #placeFor(inode: Inode, start: number, end: number): Place {
    const { map } = this.#parts;
    const blocks = this.#blocks;
    const lastBlock = Math.ceil(end / this.#blockBytes);
    const runs: BlockRun[] = [];
    let firstIsNew = false;
    let lastIsNew = false;
    let at = start;
    while (at < lastBlock) {
      let run: BlockRun = map.lookup(inode, at, lastBlock - at);
      const isUnwritten = (run as { isUnwritten?: boolean }).isUnwritten === true;
      const isNew = run.first === 0 || isUnwritten;
      if (isNew && at > start && blocks.isTransactionFull) break;
      if (run.first === 0) {
        const hole = blocks.holeAt(inode, at, lastBlock - at);
        const taken = blocks.fill(inode, at, hole, false);
        if (taken === undefined) break;
        run = taken;
      } else if (isUnwritten && !blocks.claim(inode, at, run.count, end)) {
        break;
      }
      if (at === start) firstIsNew = isNew;
      lastIsNew = isNew;
      append(runs, run);
      at += run.count;
    }
    return { runs, count: at - start, firstIsNew, lastIsNew };
  }

  /** Writes into runs of blocks, `skip` bytes behind the beginning of the first. */
  #writeRuns(place: Place, old: OldBytes, source: Uint8Array): void {
    const { runs, count, firstIsNew, lastIsNew } = place;
    const { skip, oldBytes } = old;
    const ends = endsOf(skip, source.byteLength, this.#blockBytes);
    const { head, tail } = ends;
    const body = source.subarray(head, source.byteLength - tail);
    if (body.byteLength > 0) this.#writeAll(bodyRuns(runs, ends), body);
    if (head > 0) {
      const { first } = runs[0] as BlockRun;
      this.#writeEnd(
        first,
        { at: skip, valid: firstIsNew ? 0 : oldBytes },
        source.subarray(0, head),
      );
    }
    if (tail > 0) {
      const last = runs[runs.length - 1] as BlockRun;
      const valid = lastIsNew ? 0 : oldBytes - (count - 1) * this.#blockBytes;
      const part = source.subarray(source.byteLength - tail);
      this.#writeEnd(last.first + last.count - 1, { at: 0, valid }, part);
    }
  }

  /**
   * Writes a part of a block with the running transaction: what stands beside it must not become
   * part of the file before it is zero, nor be lost with the power.
   */
  #writeEnd(block: number, place: PartOfBlock, source: Uint8Array): void {
    const { cache } = this.#parts;
    const { at, valid } = place;
    if (valid <= 0) {
      cache.fresh(block, BLOCK_KIND.plain).bytes.set(source, at);
    } else {
      const cached = cache.get(block, BLOCK_KIND.plain);
      cache.change(cached);
      if (valid < this.#blockBytes) cached.bytes.fill(0, valid);
      cached.bytes.set(source, at);
    }
  }
}

/** Where a write goes. */
interface Place {
  /** The blocks on the disk, in the order of the file. */
  readonly runs: readonly BlockRun[];
  /** How many they are. */
  readonly count: number;
  /** Whether what the first one holds on the disk means nothing. */
  readonly firstIsNew: boolean;
  /** The same of the last one. */
  readonly lastIsNew: boolean;
}

/** What a write finds. */
interface OldBytes {
  /** Bytes of the first block before the write. */
  readonly skip: number;
  /** Bytes from the beginning of the first block to the old end of the file; may be negative. */
  readonly oldBytes: number;
}

/** A place in a block, and how much of the block meant something before. */
interface PartOfBlock {
  readonly at: number;
  readonly valid: number;
}

/** Bytes of a transfer that lie in blocks which it does not cover. */
interface Ends {
  /** Of the first block; 0 if that is covered. */
  readonly head: number;
  /** Of the last block, if that is another; 0 if that is covered. */
  readonly tail: number;
}

function endsOf(skip: number, byteLength: number, blockBytes: number): Ends {
  const isHead = skip > 0 || byteLength < blockBytes;
  const head = isHead ? Math.min(blockBytes - skip, byteLength) : 0;
  return { head, tail: (byteLength - head) % blockBytes };
}

/** The blocks at the ends that are not covered. */
function endRuns(runs: readonly BlockRun[], { head, tail }: Ends): BlockRun[] {
  const ends: BlockRun[] = [];
  if (head > 0) ends.push({ first: (runs[0] as BlockRun).first, count: 1 });
  const last = runs[runs.length - 1] as BlockRun;
  if (tail > 0) ends.push({ first: last.first + last.count - 1, count: 1 });
  return ends;
}

/** The runs without the blocks at the ends that are not covered. */
function bodyRuns(runs: readonly BlockRun[], { head, tail }: Ends): readonly BlockRun[] {
  if (head === 0 && tail === 0) return runs;
  const body = runs.slice();
  if (head > 0) {
    const { first, count } = body[0] as BlockRun;
    if (count === 1) body.shift();
    else body[0] = { first: first + 1, count: count - 1 };
  }
  if (tail > 0) {
    const { first, count } = body[body.length - 1] as BlockRun;
    if (count === 1) body.pop();
    else body[body.length - 1] = { first, count: count - 1 };
  }
  return body;
}

/** Lets a list of runs go on with another, as one run if they lie together. */
function append(runs: BlockRun[], run: BlockRun): void {
  const last = runs[runs.length - 1];
  if (last !== undefined && last.first + last.count === run.first) {
    runs[runs.length - 1] = { first: last.first, count: last.count + run.count };
  } else {
    runs.push({ first: run.first, count: run.count });
  }
}
