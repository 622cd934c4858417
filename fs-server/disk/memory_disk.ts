/**
 * A disk in memory, for tests and benches: blocks come into being when they are written, and a hook
 * may let any call fail or the caller die in it.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import {
  BLOCK_BYTES,
  type BlockImage,
  type CommittedTag,
  type Disk,
  type RequestTag,
  TRANSACTION_BLOCKS_MAX,
} from "./disk.ts";

/** What a hook is told of. */
export type DiskCall = "read" | "write" | "flush" | "transact";

/** A sparse disk in memory. */
export class MemoryDisk implements Disk {
  readonly blockCount: number;
  readonly #blocks: Map<number, Uint8Array>;
  #tag: CommittedTag | undefined;
  /** Called before each call takes effect; what it throws is thrown. */
  before: (call: DiskCall) => void = () => {};
  /** Called after each transaction has taken effect. */
  afterTransaction: () => void = () => {};

  /**
   * @param blockCount Blocks, none of which takes memory until it is written.
   * @param blocks What stands in some of them.
   */
  constructor(blockCount: number, blocks: Map<number, Uint8Array> = new Map()) {
    this.blockCount = blockCount;
    this.#blocks = blocks;
  }

  /** Another disk with the same content and tag. */
  clone(): MemoryDisk {
    const blocks = new Map<number, Uint8Array>();
    for (const [block, bytes] of this.#blocks) blocks.set(block, bytes.slice());
    const twin = new MemoryDisk(this.blockCount, blocks);
    twin.#tag = this.#tag;
    return twin;
  }

  /** The blocks that were ever written. */
  blocks(): ReadonlyMap<number, Uint8Array> {
    return this.#blocks;
  }

  /** As {@linkcode Disk.read}. */
  read(first: number, count: number, target: Uint8Array): void {
    this.before("read");
    this.#check(first, count, target);
    for (let index = 0; index < count; index++) {
      const offset = index * BLOCK_BYTES;
      const block = this.#blocks.get(first + index);
      if (block === undefined) target.fill(0, offset, offset + BLOCK_BYTES);
      else target.set(block, offset);
    }
  }

  /** As {@linkcode Disk.write}. */
  write(first: number, count: number, source: Uint8Array): void {
    this.before("write");
    this.#check(first, count, source);
    for (let index = 0; index < count; index++) {
      this.#put(first + index, source.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES));
    }
  }

  /** As {@linkcode Disk.flush}. */
  flush(): void {
    this.before("flush");
  }

  /** As {@linkcode Disk.transact}. */
  transact(blocks: readonly BlockImage[], tag: RequestTag, result: number): void {
    this.before("transact");
    assert(blocks.length > 0 && blocks.length <= TRANSACTION_BLOCKS_MAX, "a transaction fits");
    assert(new Set(blocks.map(({ block }) => block)).size === blocks.length, "no block twice");
    for (const { block, image } of blocks) {
      this.#check(block, 1, image);
      this.#put(block, image);
    }
    this.#tag = { badge: tag.badge, sequence: tag.sequence, result };
    this.afterTransaction();
  }

  /** As {@linkcode Disk.lastTag}. */
  lastTag(): CommittedTag | undefined {
    return this.#tag;
  }

  #check(first: number, count: number, bytes: Uint8Array): void {
    assert(first >= 0 && first < this.blockCount, "a run begins on the disk");
    assert(count > 0 && count <= this.blockCount - first, "a run ends on the disk");
    assert(bytes.byteLength === count * BLOCK_BYTES, "a buffer is as long as its run");
  }

  #put(block: number, source: Uint8Array): void {
    const bytes = this.#blocks.get(block);
    if (bytes === undefined) this.#blocks.set(block, source.slice());
    else bytes.set(source);
  }
}
