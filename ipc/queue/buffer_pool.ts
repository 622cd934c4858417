/**
 * A pool of equal buffers in shared memory that many workers share: a work queue's free ring alone.
 *
 * @module
 */

import { type Beginning, createItems, indexOf, Items, type ItemsHandle } from "./items.ts";
import { PHASE } from "./layouts.ts";
import { sweep, type SweepReport } from "./sweep.ts";

/** What a new pool is to be like. */
export interface BufferPoolOptions {
  /** How many buffers it has. From 1 to 65,536. */
  readonly buffers: number;
  /** Bytes of each buffer. */
  readonly bufferBytes: number;
  /**
   * How long a worker may keep a buffer without a word. Far longer than any pause that a live
   * worker can suffer: who is presumed dead and is not may still write to the buffer.
   */
  readonly leaseMs: number;
}

/** What a worker needs to open a pool. Survives structured cloning. */
export interface BufferPoolHandle {
  /** Its items, which are its buffers. */
  readonly pool: ItemsHandle;
}

/** How many buffers are free, and how many are leased. */
export interface BufferPoolCounts {
  /** Nobody's. */
  readonly free: number;
  /** Somebody's. */
  readonly leased: number;
}

const RING_COUNT = 1;
const ATTEMPTS_NONE = 0; // Nothing of a pool is ever TAKEN, so nothing is tried.

/**
 * One worker's view of a shared pool. Times are as for a work queue.
 *
 * @example
 * ```ts
 * import { BufferPool } from "@hako/ipc/queue";
 *
 * const handle = BufferPool.create({ buffers: 2, bufferBytes: 4096, leaseMs: 5_000 });
 * const pool = BufferPool.open(handle); // Or in any worker that the handle is posted to.
 *
 * const first = pool.acquire(0)!;
 * first.bytes.fill(7);
 * const second = pool.acquire(0)!;
 * if (pool.acquire(0) !== undefined) throw new Error("there are only two");
 * second.release();
 * if (pool.sweep(5_000).freed !== 1) throw new Error("the first one's lease has lapsed");
 * if (first.release()) throw new Error("it was not its holder's any more");
 * ```
 */
export class BufferPool {
  readonly #items: Items;

  private constructor({ pool }: BufferPoolHandle) {
    this.#items = new Items(pool, RING_COUNT);
  }

  /**
   * A new pool, of which every worker opens its own view.
   *
   * @throws {RangeError} A number is out of range, or the pool would take more than 1 GiB.
   */
  static create(
    { buffers, bufferBytes, leaseMs }: BufferPoolOptions,
    beginning?: Beginning,
  ): BufferPoolHandle {
    const options = { items: buffers, itemBytes: bufferBytes, leaseMs };
    return { pool: createItems(options, RING_COUNT, beginning) };
  }

  /**
   * Opens a pool that {@linkcode BufferPool.create} made, in any worker.
   *
   * @throws {RangeError} The handle is none of such a pool.
   */
  static open(handle: BufferPoolHandle): BufferPool {
    return new BufferPool(handle);
  }

  /** Leases a buffer, with whatever bytes are in it; `undefined` if none is free. Hot path. */
  acquire(nowMs: number): BufferLease | undefined {
    const items = this.#items;
    const deadline = items.deadline(nowMs);
    const claim = items.core.reserve(items.order, items.count, deadline);
    return claim < 0 ? undefined : new BufferLease(items, claim, deadline);
  }

  /** Frees the buffers whose lease has lapsed, and finds those whose hint was lost. */
  sweep(nowMs: number): SweepReport {
    return sweep(this.#items, RING_COUNT, nowMs, ATTEMPTS_NONE);
  }

  /** How many buffers are free and leased, counted one after the other while others go on. */
  counts(): BufferPoolCounts {
    const { core, count } = this.#items;
    return {
      free: core.count(count, PHASE.FREE),
      leased: core.count(count, PHASE.RESERVED),
    };
  }
}

/** A buffer that this worker holds, until it releases it or its lease lapses. */
export class BufferLease {
  /** The buffer, in shared memory. */
  readonly bytes: Uint8Array;
  readonly #items: Items;
  readonly #index: number;
  readonly #label: number;
  #deadline: number;

  /** What the core has claimed. @internal */
  constructor(items: Items, claim: number, deadline: number) {
    this.#items = items;
    this.#index = indexOf(claim);
    this.#label = claim >>> 0;
    this.#deadline = deadline;
    this.bytes = items.payload(this.#index);
  }

  /** Begins a new lease. False if the buffer belongs to somebody else by now. */
  extend(nowMs: number): boolean {
    const later = this.#items.deadline(nowMs);
    const { core } = this.#items;
    if (core.extend(this.#index, this.#label, this.#deadline, later) === 0) return false;
    this.#deadline = later;
    return true;
  }

  /** Gives the buffer back. False if it belongs to somebody else by now. */
  release(): boolean {
    const { core, order } = this.#items;
    return core.complete(order, this.#index, this.#label, this.#deadline) === 1;
  }
}
