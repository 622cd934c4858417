/**
 * Work on a range of a disk by a foreign client that writes patterns, and looks whether it finds them
 * again: what must be there stands in a model.
 *
 * @module
 */

import type { Random } from "../random.ts";

/** The unit of all that is written. */
export const SECTOR_BYTES = 512;

/** Sectors of one write or read, at most: 128 KiB. */
const SECTORS_MAX = 256;

/** One in so many operations is another than a write or a read. */
const OTHER_SHARE = 0.1;

/** How many of the rest are reads. */
const READ_SHARE = 0.35;

/** A range of a disk, and what must be there. */
export class PatternWork {
  readonly #firstSector: number;
  /** The byte that fills each sector. */
  readonly #patterns: Uint8Array;
  readonly #random: Random;
  #bytesWritten = 0;

  /** A range that is all zero. */
  constructor(firstByte: number, byteLength: number, random: Random) {
    this.#firstSector = firstByte / SECTOR_BYTES;
    this.#patterns = new Uint8Array(byteLength / SECTOR_BYTES);
    this.#random = random;
  }

  /** How much was written. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** What the range must hold. */
  expected(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#patterns.byteLength * SECTOR_BYTES);
    this.#patterns.forEach((pattern, index) => {
      bytes.fill(pattern, index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES);
    });
    return bytes;
  }

  /** The next operation, as `qemu-io` has it. The model takes it for done. */
  next(): string {
    const kind = this.#random();
    if (kind < OTHER_SHARE) return kind < OTHER_SHARE / 2 ? "flush" : this.#write(0, "-z ");
    if (kind < OTHER_SHARE + (1 - OTHER_SHARE) * READ_SHARE) return this.#read();
    const pattern = 1 + Math.floor(this.#random() * 255);
    return this.#write(pattern, `${kind > 0.95 ? "-f " : ""}-P ${pattern} `);
  }

  #write(pattern: number, how: string): string {
    const first = Math.floor(this.#random() * this.#patterns.byteLength);
    const count = 1 + Math.floor(this.#random() * SECTORS_MAX);
    const end = Math.min(this.#patterns.byteLength, first + count);
    this.#patterns.fill(pattern, first, end);
    this.#bytesWritten += (end - first) * SECTOR_BYTES;
    return `write ${how}${this.#place(first, end)}`;
  }

  /** Reads as many sectors as have the same pattern: qemu-io looks for one at a time. */
  #read(): string {
    const first = Math.floor(this.#random() * this.#patterns.byteLength);
    const pattern = this.#patterns[first]!;
    let end = first + 1;
    while (this.#patterns[end] === pattern && end - first < SECTORS_MAX) end++;
    return `read -P ${pattern} ${this.#place(first, end)}`;
  }

  #place(first: number, end: number): string {
    return `${(this.#firstSector + first) * SECTOR_BYTES} ${(end - first) * SECTOR_BYTES}`;
  }
}
