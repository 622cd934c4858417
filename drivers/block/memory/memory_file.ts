/**
 * A disk file in memory: the twin of an image, for a RAM disk and for tests.
 *
 * @module
 */

import type { DiskFile } from "../disk.ts";

/** Bytes as a disk file. Stable storage is wherever the bytes are. */
export class MemoryFile implements DiskFile {
  /** How many bytes there are. */
  readonly byteLength: number;
  /** Memory takes every write. */
  readonly readOnly = false;
  /** Zeroing takes a fraction of the time of a copy. */
  readonly fastZero = true;
  readonly #bytes: Uint8Array;

  /**
   * Takes the bytes as they are.
   *
   * @param bytes The bytes, such as a keep.
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.byteLength = bytes.byteLength;
  }

  /** Reads up to the end. */
  readAt(offset: number, target: Uint8Array): number {
    const source = this.#bytes.subarray(offset, offset + target.byteLength);
    target.set(source);
    return source.byteLength;
  }

  /** Writes all of `source`. */
  writeAt(offset: number, source: Uint8Array): void {
    this.#bytes.set(source, offset);
  }

  /** Makes so many bytes zero. */
  zeroAt(offset: number, byteLength: number): void {
    this.#bytes.fill(0, offset, offset + byteLength);
  }

  /** Does nothing: there is no safer place. */
  sync(): void {}
}
