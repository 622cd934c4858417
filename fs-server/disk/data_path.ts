/**
 * File data between clients' windows and the disk, past the cache, and coherent with what the cache
 * holds of the same blocks, or of the pages that they share with metadata.
 *
 * @module
 */

import type { ByteRange, Disk } from "./disk.ts";
import { DISK_BLOCK_BYTES } from "./disk.ts";
import type { PageBlock, PageStore } from "./page_store.ts";

/** A run of blocks. */
export interface BlockSpan {
  /** The first block. */
  readonly first: number;
  /** How many. */
  readonly count: number;
}

/** Reads and writes of blocks in place. */
export class DataPath {
  readonly #disk: Disk;
  readonly #pages: PageStore;
  readonly #plain: ReadonlySet<PageBlock>;
  readonly #checkpoint: () => void;
  readonly #blockBytes: number;

  /**
   * @param plain Blocks of file data whose newest content is in the cache.
   * @param checkpoint Brings everything that was committed to the disk.
   */
  constructor(
    disk: Disk,
    pages: PageStore,
    plain: ReadonlySet<PageBlock>,
    checkpoint: () => void,
  ) {
    this.#disk = disk;
    this.#pages = pages;
    this.#plain = plain;
    this.#checkpoint = checkpoint;
    this.#blockBytes = DISK_BLOCK_BYTES / pages.perPage;
  }

  /** Reads a run. */
  read(first: number, count: number, target: Uint8Array): void {
    this.#disk.read(first * this.#blockBytes, target);
    if (this.#plain.size > 0) this.#overlay(first, count, target);
  }

  /** Writes a run. */
  write(first: number, count: number, source: Uint8Array): void {
    this.#beforeWrite(first, count, source, 0);
    this.#disk.write(first * this.#blockBytes, source);
  }

  /** Makes a run read as zeros. */
  zero(first: number, count: number): void {
    this.#beforeWrite(first, count, undefined, 0);
    this.#disk.zero(first * this.#blockBytes, count * this.#blockBytes);
  }

  /** Reads runs into one run of memory. */
  readVector(runs: readonly BlockSpan[], target: Uint8Array): void {
    this.#disk.readVector(runs.map((run) => this.#range(run)), target);
    if (this.#plain.size === 0) return;
    let at = 0;
    for (const { first, count } of runs) {
      this.#overlay(first, count, target.subarray(at, at + count * this.#blockBytes));
      at += count * this.#blockBytes;
    }
  }

  /** Writes runs from one run of memory. */
  writeVector(runs: readonly BlockSpan[], source: Uint8Array): void {
    let at = 0;
    for (const { first, count } of runs) {
      this.#beforeWrite(first, count, source, at);
      at += count * this.#blockBytes;
    }
    this.#disk.writeVector(runs.map((run) => this.#range(run)), source);
  }

  #range({ first, count }: BlockSpan): ByteRange {
    return { offset: first * this.#blockBytes, byteLength: count * this.#blockBytes };
  }

  /** Puts over what was read from the disk what is newer in the cache. */
  #overlay(first: number, count: number, target: Uint8Array): void {
    if (this.#plain.size <= count) {
      for (const { block, bytes } of this.#plain) {
        if (block < first || block >= first + count) continue;
        target.set(bytes, (block - first) * this.#blockBytes);
      }
      return;
    }
    for (let step = 0; step < count; step++) {
      const cached = this.#pages.find(first + step);
      if (cached === undefined || !this.#plain.has(cached)) continue;
      target.set(cached.bytes, step * this.#blockBytes);
    }
  }

  /** Brings the cache up to a write in place, zeros without `source`. */
  #beforeWrite(first: number, count: number, source: Uint8Array | undefined, at: number): void {
    const cached = this.#cachedIn(first, count);
    if (cached.length === 0) return;
    // The log would put its own image over this write, should we die.
    if (cached.some(({ slot }) => slot >= 0)) this.#checkpoint();
    for (const one of cached) {
      if (one.block < 0) continue;
      const from = at + (one.block - first) * this.#blockBytes;
      if (this.#pages.perPage === 1 && one.page.busy === 0) this.#pages.drop(one.page);
      else if (source === undefined) this.#renew(one, undefined);
      else this.#renew(one, source.subarray(from, from + this.#blockBytes));
    }
  }

  #renew(cached: PageBlock, content: Uint8Array | undefined): void {
    for (const bytes of cached.undo === undefined ? [cached.bytes] : [cached.bytes, cached.undo]) {
      if (content === undefined) bytes.fill(0);
      else bytes.set(content);
    }
    cached.mark = 0;
    if (!cached.changed) cached.kind = 0;
  }

  #cachedIn(first: number, count: number): PageBlock[] {
    const found: PageBlock[] = [];
    if (count > this.#pages.blockCount) {
      for (const cached of this.#pages.all()) {
        if (cached.block >= first && cached.block < first + count) found.push(cached);
      }
      return found;
    }
    for (let block = first; block < first + count; block++) {
      const cached = this.#pages.find(block);
      if (cached !== undefined) found.push(cached);
    }
    return found;
  }
}
