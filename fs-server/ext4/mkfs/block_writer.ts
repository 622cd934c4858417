/**
 * Writes the blocks of a new file system in long runs. Those of the head of the disk are held back
 * and written last, in one transaction: a disk whose head is blank was never formatted.
 *
 * @module
 */

import { type Disk, DISK_BLOCK_BYTES, NO_REQUEST } from "../../disk/disk.ts";

/** Bytes at the head of a disk by which a blank one is told. */
export const HEAD_BYTES = 65_536;

const RUN_BYTES_MAX = 1024 * 1024;

/** Gathers blocks into runs. */
export class BlockWriter {
  readonly #disk: Disk;
  readonly #blockBytes: number;
  readonly #head: Uint8Array;
  readonly #buffer: Uint8Array;
  readonly #isBlank: boolean;
  #offset = 0;
  #byteLength = 0;

  /**
   * @param window Shared memory of at least twice {@linkcode HEAD_BYTES}.
   * @param isBlank Whether what is not written reads as zeros.
   */
  constructor(disk: Disk, window: Uint8Array, blockBytes: number, isBlank: boolean) {
    this.#disk = disk;
    this.#blockBytes = blockBytes;
    this.#head = window.subarray(0, HEAD_BYTES);
    const room = Math.min(RUN_BYTES_MAX, window.byteLength - HEAD_BYTES);
    this.#buffer = window.subarray(HEAD_BYTES, HEAD_BYTES + room - room % DISK_BLOCK_BYTES);
    this.#isBlank = isBlank;
    this.#head.fill(0);
  }

  /** The bytes of a block, zeroed, to be filled before the next block is asked for. */
  block(block: number): Uint8Array {
    const offset = block * this.#blockBytes;
    const isBehind = offset === this.#offset + this.#byteLength;
    if (offset < HEAD_BYTES) return this.#head.subarray(offset, offset + this.#blockBytes);
    if (!isBehind || this.#byteLength + this.#blockBytes > this.#buffer.byteLength) this.#write();
    if (this.#byteLength === 0) this.#offset = offset;
    const bytes = this.#buffer.subarray(this.#byteLength, this.#byteLength + this.#blockBytes);
    this.#byteLength += this.#blockBytes;
    bytes.fill(0);
    return bytes;
  }

  /** Makes blocks read as zeros. */
  zero(first: number, count: number): void {
    if (this.#isBlank) return;
    this.#write();
    const from = Math.max(HEAD_BYTES, first * this.#blockBytes);
    const end = (first + count) * this.#blockBytes;
    if (end > from) this.#disk.zero(from, end - from);
  }

  /** Writes the rest, then the head in one transaction, and makes it all durable. */
  finish(): void {
    this.#write();
    this.#disk.flush();
    const images = [];
    const byteLength = Math.min(HEAD_BYTES, this.#disk.byteLength);
    for (let offset = 0; offset < byteLength; offset += DISK_BLOCK_BYTES) {
      const image = this.#head.subarray(offset, offset + DISK_BLOCK_BYTES);
      images.push({ block: offset / DISK_BLOCK_BYTES, image });
    }
    this.#disk.transact(images, NO_REQUEST, 0);
    this.#disk.flush();
  }

  #write(): void {
    if (this.#byteLength === 0) return;
    this.#disk.write(this.#offset, this.#buffer.subarray(0, this.#byteLength));
    this.#byteLength = 0;
  }
}
