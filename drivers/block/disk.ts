/**
 * The block protocol's handlers over anything that can be read and written at an offset.
 *
 * @module
 */

import { ERRNO, type Errno, type Request } from "@hako/ipc";
import { BLOCK_BYTES, type operations } from "./protocol.ts";

/** Bytes that a disk is made of. Its operations throw the host's errors. */
export interface DiskFile {
  /** How many bytes there are. */
  readonly byteLength: number;
  /** Whether writes are refused. */
  readonly readOnly: boolean;
  /** Reads into `target`; answers how many bytes, fewer only at the end. */
  readAt(offset: number, target: Uint8Array): number;
  /** Writes all of `source`. */
  writeAt(offset: number, source: Uint8Array): void;
  /** Returns when everything written is on stable storage. */
  sync(): void;
}

/** Turns what the host threw into an error that the block protocol can answer. */
export type ErrnoOf = (error: unknown) => Errno;

/** A run of blocks to read, into a window of exactly `count` blocks. */
export type ReadRequest = Request<(typeof operations)["read"]>;

/** A run of blocks to write, from a window of exactly `count` blocks. */
export type WriteRequest = Request<(typeof operations)["write"]>;

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

  /** How large the disk is. */
  stat(): { blockCount: number } {
    return { blockCount: this.blockCount };
  }

  /** Reads a run straight into the window; what a sparse or cut file lacks is zero. Hot path. */
  read(request: ReadRequest): number {
    const { first, count, target } = request;
    if (!this.#exists(first, count, target)) return -ERRNO.EINVAL;
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
    if (!this.#exists(first, count, source)) return -ERRNO.EINVAL;
    if (this.#file.readOnly) return -ERRNO.EROFS;
    if (this.#flushFailed) return -ERRNO.EIO;
    try {
      this.#file.writeAt(first * BLOCK_BYTES, source);
      return count;
    } catch (error) {
      const code = this.#errnoOf(error);
      return -(code === "ENOSPC" || code === "EROFS" ? ERRNO[code] : ERRNO.EIO);
    }
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

  #exists(first: number, count: number, view: Uint8Array): boolean {
    return first <= this.blockCount && count <= this.blockCount - first &&
      view.byteLength === count * BLOCK_BYTES;
  }
}
