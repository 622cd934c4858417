/**
 * The block protocol's handlers over anything that can be read and written at an offset.
 *
 * @module
 */

import { ERRNO, type Errno, type Request } from "@hako/ipc";
import { BLOCK_BYTES, DISK_FLAG, type operations } from "./protocol.ts";

/** Bytes that a disk is made of. Its operations throw the host's errors. */
export interface DiskFile {
  /** How many bytes there are. */
  readonly byteLength: number;
  /** Whether writes are refused. */
  readonly readOnly: boolean;
  /** Whether zeroing takes much less time than writing. */
  readonly fastZero: boolean;
  /** Reads into `target`; answers how many bytes, fewer only at the end. */
  readAt(offset: number, target: Uint8Array): number;
  /** Writes all of `source`. */
  writeAt(offset: number, source: Uint8Array): void;
  /** Makes so many bytes zero. */
  zeroAt(offset: number, byteLength: number): void;
  /** Returns when everything written is on stable storage. */
  sync(): void;
}

/** Turns what the host threw into an error that the block protocol can answer. */
export type ErrnoOf = (error: unknown) => Errno;

/** A run of blocks to read, into a window of exactly `count` blocks. */
export type ReadRequest = Request<(typeof operations)["read"]>;

/** A run of blocks to write, from a window of exactly `count` blocks. */
export type WriteRequest = Request<(typeof operations)["write"]>;

/** A run of blocks to make zero, or to forget. */
export type RunRequest = Request<(typeof operations)["zero"]>;

/** What a disk answers to `stat`. */
export interface DiskStat {
  /** How many blocks there are. */
  readonly blockCount: number;
  /** What the disk says of itself: bits of `DISK_FLAG`. */
  readonly flags: number;
}

/**
 * A disk of whole blocks in a file; bytes beyond the last whole block are left alone.
 *
 * A flush that failed is never forgotten: the host may have dropped the pages that it could not
 * write, and would answer the next flush with success all the same. So every later write and flush
 * answers `EIO`, and only a new look at the medium, by recovery, tells what is there.
 */
export class Disk {
  /** How many blocks there are. */
  readonly blockCount: number;
  readonly #file: DiskFile;
  readonly #errnoOf: ErrnoOf;
  #flushFailed = false;

  /**
   * Makes a disk of the file's whole blocks.
   *
   * @param file The bytes.
   * @param errnoOf How its errors are told.
   */
  constructor(file: DiskFile, errnoOf: ErrnoOf) {
    this.#file = file;
    this.#errnoOf = errnoOf;
    this.blockCount = Math.floor(file.byteLength / BLOCK_BYTES);
  }

  /** How large the disk is, and what can be done with it. */
  stat(): DiskStat {
    const { readOnly, fastZero } = this.#file;
    const flags = (readOnly ? DISK_FLAG.READ_ONLY : 0) | (fastZero ? DISK_FLAG.FAST_ZERO : 0);
    return { blockCount: this.blockCount, flags };
  }

  /** Reads a run straight into the window; what a sparse or cut file lacks is zero. Hot path. */
  read(request: ReadRequest): number {
    const { first, count, target } = request;
    if (!this.#exists(first, count) || !holds(target, count)) return -ERRNO.EINVAL;
    try {
      const byteLength = this.#file.readAt(first * BLOCK_BYTES, target);
      if (byteLength < target.byteLength) target.fill(0, byteLength);
      return count;
    } catch {
      return -ERRNO.EIO;
    }
  }

  /** Writes a run straight from the window. Hot path. */
  write(request: WriteRequest): number {
    const { first, count, source } = request;
    if (!this.#exists(first, count) || !holds(source, count)) return -ERRNO.EINVAL;
    if (this.#file.readOnly) return -ERRNO.EROFS;
    if (this.#flushFailed) return -ERRNO.EIO;
    try {
      this.#file.writeAt(first * BLOCK_BYTES, source);
      return count;
    } catch (error) {
      return this.#refusal(error);
    }
  }

  /** Makes a run read as zeroes. */
  zero({ first, count }: RunRequest): number {
    if (!this.#exists(first, count)) return -ERRNO.EINVAL;
    if (this.#file.readOnly) return -ERRNO.EROFS;
    if (this.#flushFailed) return -ERRNO.EIO;
    try {
      this.#file.zeroAt(first * BLOCK_BYTES, count * BLOCK_BYTES);
      return count;
    } catch (error) {
      return this.#refusal(error);
    }
  }

  /** Leaves the run as it is: nothing here can give room back. */
  discard({ first, count }: RunRequest): number {
    if (!this.#exists(first, count)) return -ERRNO.EINVAL;
    return this.#file.readOnly ? -ERRNO.EROFS : count;
  }

  /** Returns when every write answered before it is on stable storage. */
  flush(): number {
    if (this.#flushFailed) return -ERRNO.EIO;
    if (this.#file.readOnly) return 0;
    try {
      this.#file.sync();
      return 0;
    } catch {
      this.#flushFailed = true; // Even ENOSPC: what could not be written is lost, and unknown.
      return -ERRNO.EIO;
    }
  }

  #exists(first: number, count: number): boolean {
    return first <= this.blockCount && count <= this.blockCount - first;
  }

  #refusal(error: unknown): number {
    const code = this.#errnoOf(error);
    return -(code === "ENOSPC" || code === "EROFS" ? ERRNO[code] : ERRNO.EIO);
  }
}

function holds(view: Uint8Array, count: number): boolean {
  return view.byteLength === count * BLOCK_BYTES;
}
