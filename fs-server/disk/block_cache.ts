/**
 * Metadata blocks in the file server's own window, and the one operation that changes them.
 *
 * Blocks are read from the disk straight into the window and leave from it in transactions. A block
 * that an operation changed stays until that operation has committed or rolled back. Nothing else
 * in the file server remembers what is on disk: dropping the changed blocks undoes an operation.
 *
 * A block that was asked for stays at least for the next {@linkcode HELD_COUNT} requests, so that a
 * caller may look at a few at a time without pinning them.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import {
  BLOCK_BYTES,
  type BlockImage,
  type Disk,
  type RequestTag,
  TRANSACTION_BLOCKS_MAX,
} from "./disk.ts";

/** Requests for which a block that was asked for is sure to stay. */
export const HELD_COUNT = 16;

/** Changed blocks beyond which an operation that can be split must be. */
export const CHANGED_SOFT_MAX = TRANSACTION_BLOCKS_MAX - 64;

/** One block in the cache. Valid until {@linkcode HELD_COUNT} others were asked for. */
export interface CachedBlock {
  /** The block's number, or -1. */
  block: number;
  /** Its bytes, in the window. */
  readonly bytes: Uint8Array;
  /** The same as little-endian words. */
  readonly words: Uint32Array;
  /** The same for fields of any width. */
  readonly view: DataView;
  /** Whether the running operation changed it. */
  changed: boolean;
  /** Whether it stands in the list of changed blocks. */
  listed: boolean;
  /** When it was last asked for. */
  stamp: number;
}

/** A write-through cache of metadata blocks with one transaction at a time. */
export class BlockCache {
  readonly #disk: Disk;
  readonly #window: Uint8Array;
  readonly #slots: CachedBlock[] = [];
  readonly #free: CachedBlock[] = [];
  readonly #byBlock = new Map<number, CachedBlock>();
  readonly #capacity: number;
  #listed: CachedBlock[] = [];
  #passing: number[] = [];
  #changedCount = 0;
  #tick = 0;
  #hand = 0;

  /**
   * @param disk Where the blocks live.
   * @param window Shared memory of at least 64 blocks; the cache owns it.
   */
  constructor(disk: Disk, window: Uint8Array) {
    assert(window.byteLength >= 64 * BLOCK_BYTES, "the cache has at least 64 blocks");
    assert(window.byteOffset % 4 === 0, "the cache is aligned to words");
    assert(new Uint8Array(new Uint32Array([1]).buffer)[0] === 1, "the host is little-endian");
    this.#disk = disk;
    this.#window = window;
    this.#capacity = Math.floor(window.byteLength / BLOCK_BYTES);
  }

  /** Blocks that the running operation changed. */
  get changedCount(): number {
    return this.#changedCount;
  }

  /** Changed blocks beyond which an operation that can be split must be. */
  get changedSoftMax(): number {
    return Math.min(CHANGED_SOFT_MAX, this.#capacity - 2 * HELD_COUNT);
  }

  /**
   * The block, read from the disk if need be.
   *
   * @throws {OsError} What the disk answered.
   */
  get(block: number): CachedBlock {
    const cached = this.#byBlock.get(block);
    if (cached !== undefined) {
      cached.stamp = ++this.#tick;
      return cached;
    }
    const slot = this.#takeSlot();
    try {
      this.#disk.read(block, 1, slot.bytes);
    } catch (error) {
      this.#free.push(slot);
      throw error;
    }
    this.#fill(slot, block);
    return slot;
  }

  /** The block as zeros, changed; what the disk holds there is of no interest. */
  fresh(block: number): CachedBlock {
    let slot = this.#byBlock.get(block);
    if (slot === undefined) {
      slot = this.#takeSlot();
      this.#fill(slot, block);
    }
    slot.bytes.fill(0);
    this.change(slot);
    return slot;
  }

  /** Declares that the running operation changes the block; call before changing it. */
  change(cached: CachedBlock): void {
    if (cached.changed) return;
    assert(cached.block >= 0, "only a block that is in the cache changes");
    if (this.#changedCount >= Math.min(TRANSACTION_BLOCKS_MAX, this.#capacity - HELD_COUNT)) {
      throw new OsError("ENOMEM", `change more than ${this.#changedCount} blocks at once`);
    }
    cached.changed = true;
    this.#changedCount++;
    if (cached.listed) return;
    cached.listed = true;
    this.#listed.push(cached);
  }

  /** Drops a block whether changed or not: it was freed. */
  forget(block: number): void {
    const cached = this.#byBlock.get(block);
    if (cached !== undefined) this.#drop(cached);
  }

  /** Lets a block of file data pass through the running transaction: it is dropped after it. */
  forgetAfterCommit(block: number): void {
    this.#passing.push(block);
  }

  /**
   * Makes the changes of the running operation take effect, all or nothing. Without changes it
   * does nothing, the tag included.
   *
   * @throws {OsError} What the disk answered; the changes are still there to be rolled back.
   */
  commit(tag: RequestTag, result: number): void {
    if (this.#changedCount === 0) return;
    const images: BlockImage[] = [];
    for (const cached of this.#listed) {
      if (cached.changed) images.push({ block: cached.block, image: cached.bytes });
    }
    assert(images.length === this.#changedCount, "every changed block is listed once");
    this.#disk.transact(images, tag, result);
    for (const cached of this.#listed) {
      cached.changed = false;
      cached.listed = false;
    }
    this.#changedCount = 0;
    this.#listed = [];
    this.#dropPassing();
  }

  /** Undoes the changes of the running operation. */
  rollback(): void {
    for (const cached of this.#listed) {
      cached.listed = false;
      if (cached.changed) this.#drop(cached);
    }
    assert(this.#changedCount === 0, "nothing stays changed after a rollback");
    this.#listed = [];
    this.#dropPassing();
  }

  #dropPassing(): void {
    for (const block of this.#passing) this.forget(block);
    this.#passing = [];
  }

  #drop(cached: CachedBlock): void {
    this.#byBlock.delete(cached.block);
    if (cached.changed) this.#changedCount--;
    cached.changed = false;
    cached.block = -1;
    this.#free.push(cached);
  }

  #fill(slot: CachedBlock, block: number): void {
    slot.block = block;
    slot.stamp = ++this.#tick;
    this.#byBlock.set(block, slot);
  }

  #takeSlot(): CachedBlock {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#slots.length < this.#capacity) return this.#makeSlot();
    const oldEnough = Math.max(this.#capacity >> 1, HELD_COUNT);
    const victim = this.#sweep(oldEnough) ?? this.#sweep(HELD_COUNT);
    if (victim === undefined) throw new OsError("ENOMEM", "every cached block is in use");
    this.#byBlock.delete(victim.block);
    victim.block = -1;
    return victim;
  }

  /** The next block behind the hand that is unchanged and was not asked for lately. */
  #sweep(age: number): CachedBlock | undefined {
    for (let step = 0; step < this.#capacity; step++) {
      const slot = this.#slots[this.#hand];
      this.#hand = (this.#hand + 1) % this.#capacity;
      if (slot !== undefined && !slot.changed && this.#tick - slot.stamp >= age) return slot;
    }
    return undefined;
  }

  #makeSlot(): CachedBlock {
    const offset = this.#window.byteOffset + this.#slots.length * BLOCK_BYTES;
    const { buffer } = this.#window;
    const slot: CachedBlock = {
      block: -1,
      bytes: new Uint8Array(buffer, offset, BLOCK_BYTES),
      words: new Uint32Array(buffer, offset, BLOCK_BYTES / 4),
      view: new DataView(buffer, offset, BLOCK_BYTES),
      changed: false,
      listed: false,
      stamp: 0,
    };
    this.#slots.push(slot);
    return slot;
  }
}
