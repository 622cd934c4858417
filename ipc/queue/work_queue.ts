/**
 * A bounded work queue that many workers share, and that loses nothing when one of them dies.
 *
 * Producers push, takers take and complete. Each item is in one of five phases, and its state word
 * says which: what a dead worker leaves behind is found by {@linkcode WorkQueue.sweep} and done by
 * somebody else. How, and why no item is ever owned by two, is told in README.md.
 *
 * @module
 */

import {
  type Beginning,
  checkRange,
  createItems,
  indexOf,
  Items,
  type ItemsHandle,
} from "./items.ts";
import { PHASE, SWEPT } from "./layouts.ts";
import { ATTEMPTS_MAX } from "./limits.ts";
import { sweep, type SweepReport } from "./sweep.ts";
import { type Patience, waitForAsync, waitForSync } from "./patience.ts";

/** What a new queue is to be like. */
export interface WorkQueueOptions {
  /** How many items it holds, those being worked on among them. From 1 to 65,536. */
  readonly items: number;
  /** Bytes that an item can have. */
  readonly itemBytes: number;
  /** Failed tries after which an item is given up. From 1 to 255. */
  readonly attemptsMax: number;
  /**
   * How long a worker may keep an item without a word. Far longer than any pause that a live worker
   * can suffer: who is presumed dead and is not may still write to the payload.
   */
  readonly leaseMs: number;
}

/** What a worker needs to open a queue. Survives structured cloning. */
export interface WorkQueueHandle extends ItemsHandle {
  /** Failed tries after which an item is given up. */
  readonly attemptsMax: number;
}

/** How many items are in each phase. */
export interface WorkQueueCounts {
  /** Nobody's. */
  readonly free: number;
  /** Being written by a producer. */
  readonly reserved: number;
  /** Waiting for a taker. */
  readonly queued: number;
  /** Being worked on. */
  readonly taken: number;
  /** Given up. */
  readonly dead: number;
}

const RING_COUNT = 2;

/**
 * One worker's view of a shared queue.
 *
 * Times are in milliseconds of one clock that all workers of the queue share and that does not go
 * back, such as `performance.timeOrigin + performance.now()`.
 *
 * @example
 * ```ts
 * import { WorkQueue } from "@hako/ipc/queue";
 *
 * const handle = WorkQueue.create({ items: 64, itemBytes: 256, attemptsMax: 3, leaseMs: 5_000 });
 * const queue = WorkQueue.open(handle); // Or in any worker that the handle is posted to.
 *
 * let nowMs = 0;
 * queue.push(Uint8Array.of(1, 2, 3), nowMs);
 * const work = queue.take(nowMs)!;
 * if (work.bytes[2] !== 3 || work.attempts !== 0) throw new Error("not what was pushed");
 *
 * nowMs += 5_000; // Its taker seems to be dead.
 * if (queue.sweep(nowMs).requeued !== 1) throw new Error("not found");
 * const again = queue.take(nowMs)!;
 * if (work.complete()) throw new Error("the first taker is too late");
 * if (!again.complete() || again.attempts !== 1) throw new Error("the second one has it");
 * ```
 */
export class WorkQueue {
  readonly #items: Items;
  readonly #attemptsMax: number;

  private constructor(handle: WorkQueueHandle) {
    checkRange("attemptsMax", handle.attemptsMax, ATTEMPTS_MAX);
    this.#items = new Items(handle, RING_COUNT);
    this.#attemptsMax = handle.attemptsMax;
  }

  /**
   * A new queue, of which every worker opens its own view.
   *
   * @throws {RangeError} A number is out of range, or the queue would take more than 1 GiB.
   */
  static create(options: WorkQueueOptions, beginning?: Beginning): WorkQueueHandle {
    const { attemptsMax } = options;
    checkRange("attemptsMax", attemptsMax, ATTEMPTS_MAX);
    return { ...createItems(options, RING_COUNT, beginning), attemptsMax };
  }

  /**
   * Opens a queue that {@linkcode WorkQueue.create} made, in any worker.
   *
   * @throws {RangeError} The handle is none of such a queue.
   */
  static open(handle: WorkQueueHandle): WorkQueue {
    return new WorkQueue(handle);
  }

  /**
   * Queues a copy of `bytes`. Hot path.
   *
   * @returns False if the queue is full, which is "would block": nothing has happened then.
   * @throws {RangeError} An item cannot have so many bytes.
   */
  push(bytes: Uint8Array, nowMs: number): boolean {
    const items = this.#items;
    const { core, order } = items;
    if (bytes.length > items.itemBytes) {
      throw new RangeError(`Cannot push ${bytes.length} bytes: items have ${items.itemBytes}`);
    }
    const deadline = items.deadline(nowMs);
    const claim = core.reserve(order, items.count, deadline);
    if (claim < 0) return false;
    const index = indexOf(claim);
    items.write(index, bytes);
    return core.publish(order, index, claim >>> 0, deadline) === 1;
  }

  /** Takes the item that has waited longest; `undefined` if none waits. Hot path. */
  take(nowMs: number): Work | undefined {
    const items = this.#items;
    const deadline = items.deadline(nowMs);
    const claim = items.core.take(items.order, items.count, deadline);
    return claim < 0 ? undefined : new Work(items, this.#attemptsMax, claim, deadline);
  }

  /** Takes an item, and sleeps while none waits. Blocks the thread, and looks every 50 ms. */
  takeSync(patience: Patience): Work | undefined {
    return waitForSync(this.#items.core, patience, (nowMs) => this.take(nowMs));
  }

  /** Takes an item; the thread is free meanwhile. Does not keep the event loop alive by itself. */
  takeAsync(patience: Patience): Promise<Work | undefined> {
    const { core, words } = this.#items;
    return waitForAsync(core, words, patience, (nowMs) => this.take(nowMs));
  }

  /**
   * Takes an item that was given up, for somebody to look at: completed, it makes room; released,
   * it is tried again; left alone for a lease, it is given up again.
   */
  takeDead(nowMs: number): Work | undefined {
    const items = this.#items;
    const deadline = items.deadline(nowMs);
    const claim = items.core.takeDead(0, items.count, deadline);
    return claim < 0 ? undefined : new Work(items, this.#attemptsMax, claim, deadline);
  }

  /**
   * Finds what the dead have left: call it from any worker, about as often as a lease lasts. A
   * lapsed lease is ended by the first sweep, a lost hint found by the third.
   */
  sweep(nowMs: number): SweepReport {
    return sweep(this.#items, RING_COUNT, nowMs, this.#attemptsMax);
  }

  /** How many items are in each phase, counted one after the other while others go on. */
  counts(): WorkQueueCounts {
    const { core, count } = this.#items;
    return {
      free: core.count(count, PHASE.FREE),
      reserved: core.count(count, PHASE.RESERVED),
      queued: core.count(count, PHASE.QUEUED),
      taken: core.count(count, PHASE.TAKEN),
      dead: core.count(count, PHASE.DEAD),
    };
  }
}

/**
 * An item that this worker has taken, until its lease lapses. Whichever of `complete`, `release` and
 * `fail` comes first and in time counts; from then on the others answer false.
 */
export class Work {
  /** How many tries at it have failed before: their taker died, hung, or said so. */
  readonly attempts: number;
  readonly #items: Items;
  readonly #attemptsMax: number;
  readonly #index: number;
  readonly #label: number;
  readonly #byteLength: number;
  #deadline: number;

  /** What the core has claimed. @internal */
  constructor(items: Items, attemptsMax: number, claim: number, deadline: number) {
    this.#items = items;
    this.#attemptsMax = attemptsMax;
    this.#index = indexOf(claim);
    this.#label = claim >>> 0;
    this.#deadline = deadline;
    this.#byteLength = items.byteLength(this.#index);
    this.attempts = (this.#label >>> 4) & ATTEMPTS_MAX;
  }

  /**
   * The payload, in shared memory: this worker's until it completes, releases or fails, or until its
   * lease lapses. To be copied before it is checked if a late predecessor may still be writing.
   */
  get bytes(): Uint8Array {
    const payload = this.#items.payload(this.#index);
    return this.#byteLength === payload.length ? payload : payload.subarray(0, this.#byteLength);
  }

  /** Done: nobody will get it again. False if it belongs to somebody else by now. */
  complete(): boolean {
    const { core, order } = this.#items;
    return core.complete(order, this.#index, this.#label, this.#deadline) === 1;
  }

  /** Begins a new lease. False if it belongs to somebody else by now. */
  extend(nowMs: number): boolean {
    const later = this.#items.deadline(nowMs);
    const { core } = this.#items;
    if (core.extend(this.#index, this.#label, this.#deadline, later) === 0) return false;
    this.#deadline = later;
    return true;
  }

  /** Gives it back to the end of the queue; no try is counted. False if it is somebody else's. */
  release(): boolean {
    const { core, order } = this.#items;
    return core.release(order, this.#index, this.#label, this.#deadline) === 1;
  }

  /** Gives it back as a failed try, the last of which gives it up. False if it is somebody else's. */
  fail(): boolean {
    const { core, order } = this.#items;
    return core.fail(order, this.#index, this.#label, this.#deadline, this.#attemptsMax) !==
      SWEPT.LEFT;
  }
}
