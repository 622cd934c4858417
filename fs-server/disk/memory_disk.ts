/**
 * A disk in memory, for tests and benches: blocks come into being when they are written, and hooks
 * may let any call fail, let the caller die in it, or watch what is done.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import {
  type BlockImage,
  type ByteRange,
  type CommittedTag,
  type Disk,
  DISK_BLOCK_BYTES,
  type RequestTag,
  SECTOR_BYTES,
  TRANSACTION_BLOCKS_MAX,
} from "./disk.ts";

/** What a hook is told of. */
export type DiskCall = "read" | "write" | "flush" | "transact";

/** Something that was done to a disk, in the order in which it took effect. */
export type DiskEvent =
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "transact"; readonly pieces: readonly WrittenPiece[] }
  | { readonly kind: "flush" };

/** Bytes that came to stand at an offset. */
export interface WrittenPiece {
  /** Where. */
  readonly offset: number;
  /** What. */
  readonly bytes: Uint8Array;
}

/** A sparse disk in memory. */
export class MemoryDisk implements Disk {
  readonly byteLength: number;
  isReadOnly = false;
  readonly #blocks: Map<number, Uint8Array>;
  #tag: CommittedTag | undefined;
  /** Called before each call takes effect; what it throws is thrown. */
  before: (call: DiskCall) => void = () => {};
  /** Called after each transaction has taken effect. */
  afterTransaction: () => void = () => {};
  /** Called with each change that has taken effect. `bytes` are copies. */
  onEvent: ((event: DiskEvent) => void) | undefined;

  /**
   * @param byteLength Bytes, none of which takes memory until it is written.
   * @param blocks What stands in some of its blocks of {@linkcode DISK_BLOCK_BYTES}.
   */
  constructor(byteLength: number, blocks: Map<number, Uint8Array> = new Map()) {
    assert(byteLength % DISK_BLOCK_BYTES === 0, "a disk has whole blocks");
    this.byteLength = byteLength;
    this.#blocks = blocks;
  }

  /** Another disk with the same content and tag. */
  clone(): MemoryDisk {
    const blocks = new Map<number, Uint8Array>();
    for (const [block, bytes] of this.#blocks) blocks.set(block, bytes.slice());
    const twin = new MemoryDisk(this.byteLength, blocks);
    twin.#tag = this.#tag;
    return twin;
  }

  /** The blocks of {@linkcode DISK_BLOCK_BYTES} that were ever written. */
  blocks(): ReadonlyMap<number, Uint8Array> {
    return this.#blocks;
  }

  /** A copy of some bytes, past all hooks. */
  peek(offset: number, byteLength: number): Uint8Array {
    const bytes = new Uint8Array(byteLength);
    this.#copyOut(offset, bytes);
    return bytes;
  }

  /** Puts bytes somewhere, past all hooks and checks. */
  poke(offset: number, bytes: Uint8Array): void {
    this.#copyIn(offset, bytes);
  }

  /** As {@linkcode Disk.read}. */
  read(offset: number, target: Uint8Array): void {
    this.before("read");
    this.#check(offset, target.byteLength);
    this.#copyOut(offset, target);
  }

  /** As {@linkcode Disk.write}. */
  write(offset: number, source: Uint8Array): void {
    this.before("write");
    this.#check(offset, source.byteLength);
    this.#copyIn(offset, source);
    this.onEvent?.({ kind: "write", offset, bytes: source.slice() });
  }

  /** As {@linkcode Disk.readVector}: one read for each range. */
  readVector(ranges: readonly ByteRange[], target: Uint8Array): void {
    forRanges(ranges, target, (offset, part) => this.read(offset, part));
  }

  /** As {@linkcode Disk.writeVector}: one write for each range. */
  writeVector(ranges: readonly ByteRange[], source: Uint8Array): void {
    forRanges(ranges, source, (offset, part) => this.write(offset, part));
  }

  /** As {@linkcode Disk.zero}. Whole blocks take no memory afterwards. */
  zero(offset: number, byteLength: number): void {
    this.before("write");
    this.#check(offset, byteLength);
    for (let at = offset; at < offset + byteLength;) {
      const block = Math.floor(at / DISK_BLOCK_BYTES);
      const end = Math.min(offset + byteLength, (block + 1) * DISK_BLOCK_BYTES);
      if (end - at === DISK_BLOCK_BYTES) this.#blocks.delete(block);
      else this.#blocks.get(block)?.fill(0, at % DISK_BLOCK_BYTES, end - block * DISK_BLOCK_BYTES);
      at = end;
    }
    this.onEvent?.({ kind: "write", offset, bytes: new Uint8Array(byteLength) });
  }

  /** As {@linkcode Disk.trim}: what was there stays. */
  trim(offset: number, byteLength: number): void {
    this.before("write");
    this.#check(offset, byteLength);
  }

  /** As {@linkcode Disk.flush}. */
  flush(): void {
    this.before("flush");
    this.onEvent?.({ kind: "flush" });
  }

  /** As {@linkcode Disk.transact}. */
  transact(blocks: readonly BlockImage[], tag: RequestTag, result: number): void {
    this.before("transact");
    assert(blocks.length > 0 && blocks.length <= TRANSACTION_BLOCKS_MAX, "a transaction fits");
    assert(new Set(blocks.map(({ block }) => block)).size === blocks.length, "no block twice");
    const pieces: WrittenPiece[] = [];
    for (const { block, image } of blocks) {
      assert(image.byteLength === DISK_BLOCK_BYTES, "an image is one block");
      this.#check(block * DISK_BLOCK_BYTES, image.byteLength);
      this.#copyIn(block * DISK_BLOCK_BYTES, image);
      if (this.onEvent !== undefined) {
        pieces.push({ offset: block * DISK_BLOCK_BYTES, bytes: image.slice() });
      }
    }
    this.#tag = { badge: tag.badge, sequence: tag.sequence, result };
    this.onEvent?.({ kind: "transact", pieces });
    this.afterTransaction();
  }

  /** As {@linkcode Disk.lastTag}. */
  lastTag(): CommittedTag | undefined {
    return this.#tag;
  }

  #check(offset: number, byteLength: number): void {
    assert(offset % SECTOR_BYTES === 0 && byteLength % SECTOR_BYTES === 0, "whole sectors");
    assert(byteLength > 0 && offset >= 0, "a run begins on the disk");
    assert(offset + byteLength <= this.byteLength, "a run ends on the disk");
  }

  #copyOut(offset: number, target: Uint8Array): void {
    forBlocks(offset, target, (block, within, part) => {
      const bytes = this.#blocks.get(block);
      if (bytes === undefined) part.fill(0);
      else part.set(bytes.subarray(within, within + part.byteLength));
    });
  }

  #copyIn(offset: number, source: Uint8Array): void {
    forBlocks(offset, source, (block, within, part) => {
      let bytes = this.#blocks.get(block);
      if (bytes === undefined) {
        bytes = new Uint8Array(DISK_BLOCK_BYTES);
        this.#blocks.set(block, bytes);
      }
      bytes.set(part, within);
    });
  }
}

function forRanges(
  ranges: readonly ByteRange[],
  memory: Uint8Array,
  use: (offset: number, part: Uint8Array) => void,
): void {
  let at = 0;
  for (const { offset, byteLength } of ranges) {
    use(offset, memory.subarray(at, at + byteLength));
    at += byteLength;
  }
  assert(at === memory.byteLength, "the ranges are as long as the memory");
}

function forBlocks(
  offset: number,
  memory: Uint8Array,
  use: (block: number, within: number, part: Uint8Array) => void,
): void {
  for (let at = 0; at < memory.byteLength;) {
    const block = Math.floor((offset + at) / DISK_BLOCK_BYTES);
    const within = (offset + at) % DISK_BLOCK_BYTES;
    const count = Math.min(DISK_BLOCK_BYTES - within, memory.byteLength - at);
    use(block, within, memory.subarray(at, at + count));
    at += count;
  }
}
