/**
 * For tests: writes transactions into the journal of an image, in every form that there is, and
 * breaks them on demand.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";
import type { MemoryDisk } from "../../disk/memory_disk.ts";
import { requireTool, withImage } from "../test_images.ts";

const MAGIC = 0xc03b3998;

/** How a log is written. */
export interface LogOptions {
  readonly blockBytes: number;
  /** 0 none, 1 sums in commit blocks, 2 and 3 as Linux counts them. */
  readonly checksums?: 0 | 1 | 2 | 3;
  readonly is64Bit?: boolean;
  readonly isAsync?: boolean;
  readonly start?: number;
  readonly sequence?: number;
}

/** One transaction. */
export interface LogTransaction {
  readonly writes?: readonly (readonly [block: number, image: Uint8Array])[];
  readonly revokes?: readonly number[];
  readonly isUncommitted?: boolean;
  readonly seconds?: number;
  /** Called with each block before it is written; may break it. */
  readonly spoil?: (kind: "descriptor" | "image" | "revoke" | "commit", block: Uint8Array) => void;
}

/** A log under construction. */
export class TestLog {
  readonly #disk: MemoryDisk;
  readonly #options: Required<LogOptions>;
  readonly #places: number[];
  readonly #seed: number;
  readonly #count: number;
  #at: number;
  #sequence: number;

  constructor(disk: MemoryDisk, options: LogOptions) {
    this.#options = {
      checksums: 0,
      is64Bit: false,
      isAsync: false,
      start: 1,
      sequence: 7,
      ...options,
    };
    this.#disk = disk;
    this.#places = placesOf(disk);
    this.#at = this.#options.start;
    this.#sequence = this.#options.sequence;
    this.#count = this.#places.length;
    this.#seed = linuxCrc(disk.peek(this.#places[0]! * options.blockBytes + 48, 16), 0xffffffff);
    this.#writeHead();
  }

  /** The next block of the journal to be written. */
  get at(): number {
    return this.#at;
  }

  /** Where the journal's blocks lie. */
  get places(): readonly number[] {
    return this.#places;
  }

  #writeHead(): void {
    const { blockBytes, checksums, is64Bit, isAsync, start, sequence } = this.#options;
    const offset = this.#places[0]! * blockBytes;
    const bytes = this.#disk.peek(offset, 1024);
    const view = new DataView(bytes.buffer);
    view.setUint32(24, sequence);
    view.setUint32(28, start);
    view.setUint32(36, checksums === 1 ? 1 : 0);
    const incompat = 1 | (is64Bit ? 2 : 0) | (isAsync ? 4 : 0) | ([0, 0, 8, 16][checksums]!);
    view.setUint32(40, incompat);
    if (checksums >= 2) {
      bytes[80] = 4;
      view.setUint32(252, 0);
      view.setUint32(252, linuxCrc(bytes, 0xffffffff));
    }
    this.#disk.poke(offset, bytes);
    const superblock = this.#disk.peek(1024, 1024);
    const fields = new DataView(superblock.buffer);
    fields.setUint32(96, fields.getUint32(96, true) | 4, true);
    if ((fields.getUint32(100, true) & 0x400) !== 0) {
      fields.setUint32(1020, linuxCrc(superblock.subarray(0, 1020), 0xffffffff), true);
    }
    this.#disk.poke(1024, superblock);
  }

  /** Writes a transaction behind the last one. */
  write(transaction: LogTransaction): void {
    const { writes = [], revokes = [], isUncommitted = false, spoil = () => {} } = transaction;
    const { blockBytes, checksums } = this.#options;
    let sum = 0xffffffff;
    const put = (kind: "descriptor" | "image" | "revoke" | "commit", block: Uint8Array) => {
      if (kind === "descriptor" || kind === "image") sum = highFirst(block, sum);
      spoil(kind, block);
      this.#put(block);
    };
    if (revokes.length > 0) put("revoke", this.#revokeBlock(revokes));
    const perBlock = Math.floor((blockBytes - 64) / (this.#tagBytes() + 1));
    for (let first = 0; first < writes.length; first += perBlock) {
      const some = writes.slice(first, first + perBlock);
      const images = some.map(([, image]) => escaped(image));
      put("descriptor", this.#descriptor(some, images));
      for (const image of images) put("image", image);
    }
    if (!isUncommitted) {
      const block = this.#header(2);
      const view = new DataView(block.buffer);
      view.setBigUint64(48, BigInt(transaction.seconds ?? 1000 + this.#sequence));
      if (checksums === 1) {
        view.setUint8(12, 1);
        view.setUint8(13, 4);
        view.setUint32(16, sum);
      } else if (checksums >= 2) view.setUint32(16, linuxCrc(block, this.#seed));
      put("commit", block);
    }
    this.#sequence = (this.#sequence + 1) >>> 0;
  }

  #tagBytes(): number {
    const { checksums, is64Bit } = this.#options;
    return checksums === 3 ? 16 : (is64Bit ? 12 : 8) + (checksums === 2 ? 2 : 0);
  }

  #header(kind: number): Uint8Array {
    const block = new Uint8Array(this.#options.blockBytes);
    const view = new DataView(block.buffer);
    view.setUint32(0, MAGIC);
    view.setUint32(4, kind);
    view.setUint32(8, this.#sequence);
    return block;
  }

  #descriptor(
    writes: readonly (readonly [block: number, image: Uint8Array])[],
    images: readonly Uint8Array[],
  ): Uint8Array {
    const { checksums, is64Bit } = this.#options;
    const block = this.#header(1);
    const view = new DataView(block.buffer);
    let at = 12;
    writes.forEach(([home, image], index) => {
      const flags = (image !== images[index] ? 1 : 0) | (index > 0 ? 2 : 0) |
        (index === writes.length - 1 ? 8 : 0);
      const number = new Uint8Array(4);
      new DataView(number.buffer).setUint32(0, this.#sequence);
      const sum = linuxCrc(images[index]!, linuxCrc(number, this.#seed));
      view.setUint32(at, home % 2 ** 32);
      if (checksums === 3) {
        view.setUint32(at + 4, flags);
        view.setUint32(at + 8, Math.floor(home / 2 ** 32));
        view.setUint32(at + 12, sum);
      } else {
        if (checksums === 2) view.setUint16(at + 4, sum & 0xffff);
        view.setUint16(at + 6, flags);
        if (is64Bit) view.setUint32(at + 8, Math.floor(home / 2 ** 32));
      }
      at += this.#tagBytes() + (index === 0 ? 16 : 0);
    });
    return this.#tailed(block);
  }

  #revokeBlock(revokes: readonly number[]): Uint8Array {
    const { is64Bit } = this.#options;
    const block = this.#header(5);
    const view = new DataView(block.buffer);
    const step = is64Bit ? 8 : 4;
    view.setUint32(12, 16 + revokes.length * step);
    revokes.forEach((home, index) => {
      const at = 16 + index * step;
      if (is64Bit) view.setBigUint64(at, BigInt(home));
      else view.setUint32(at, home);
    });
    return this.#tailed(block);
  }

  #tailed(block: Uint8Array): Uint8Array {
    if (this.#options.checksums < 2) return block;
    new DataView(block.buffer).setUint32(block.length - 4, linuxCrc(block, this.#seed));
    return block;
  }

  #put(block: Uint8Array): void {
    this.#disk.poke(this.#places[this.#at]! * this.#options.blockBytes, block);
    this.#at = this.#at + 1 < this.#count ? this.#at + 1 : 1;
  }
}

/** Where the journal's blocks lie, as debugfs says. */
function placesOf(disk: MemoryDisk): number[] {
  const text = withImage(disk, (path) => requireTool("debugfs", "-R", "stat <8>", path));
  const places: number[] = [];
  for (const [, index, , first, last] of text.matchAll(/\((\d+)(-\d+)?\): ?(\d+)(?:-(\d+))?/g)) {
    if (Number(index) !== places.length) throw new Error(`debugfs says ${text}`);
    for (let block = Number(first); block <= Number(last ?? first); block++) places.push(block);
  }
  return places;
}

function escaped(image: Uint8Array): Uint8Array {
  if (new DataView(image.buffer, image.byteOffset).getUint32(0) !== MAGIC) return image;
  const copy = image.slice();
  copy.fill(0, 0, 4);
  return copy;
}

function linuxCrc(bytes: Uint8Array, seed: number): number {
  const words = new Uint32Array(bytes.slice().buffer);
  return ~crc32c(words, 0, words.length, ~seed >>> 0) >>> 0;
}

/** The CRC-32 of Ethernet, bit by bit and without the inversions. */
function highFirst(bytes: Uint8Array, seed: number): number {
  let crc = seed | 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
