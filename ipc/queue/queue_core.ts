/**
 * Loads the wasm core of the queues: one instance per memory. The source is `assembly/queue.ts`; the
 * bytes are shipped beside it and rebuilt and compared by `deno task build --check`.
 *
 * @module
 */

import { QUEUE_BASE64 } from "./queue_bytes.ts";

/**
 * The operations on the memory that the instance was made for. What each promises, and in how many
 * steps, stands in `assembly/queue.ts`. Truth values are 0 or 1. `order` is the power of two that
 * holds the items, a deadline a time in ms modulo 2^32, a label the low half of a state word.
 */
export interface QueueCore {
  /** Wakes whoever has announced a sleep on the bell. */
  wake(): void;
  /** Announces a sleep; answers what to wait on. */
  announce(): number;
  /** Sleeps while the bell is as announced. */
  wait(announced: number, timeoutMs: number): void;
  /** Reserves a FREE item: -1, or index * 2^32 + label. */
  reserve(order: number, items: number, deadline: number): number;
  /** Queues what was reserved; 0 if it was swept away. */
  publish(order: number, index: number, label: number, deadline: number): number;
  /** Takes a QUEUED item: -1, or index * 2^32 + label. */
  take(order: number, items: number, deadline: number): number;
  /** Takes a DEAD item from the index `first` on: -1, or index * 2^32 + label. */
  takeDead(first: number, items: number, deadline: number): number;
  /** Frees what was taken or reserved; 0 if it is somebody else's. */
  complete(order: number, index: number, label: number, deadline: number): number;
  /** Queues what was taken, and counts no attempt; 0 if it is somebody else's. */
  release(order: number, index: number, label: number, deadline: number): number;
  /** Counts an attempt, and queues what was taken or gives it up; one of `SWEPT`. */
  fail(
    order: number,
    index: number,
    label: number,
    deadline: number,
    attemptsMax: number,
  ): number;
  /** Moves the deadline of what was taken or reserved; 0 if it is somebody else's. */
  extend(index: number, label: number, deadline: number, later: number): number;
  /** The number of a new sweep. */
  beginSweep(): number;
  /** Marks the items whose hints a ring holds, and clears its false hints. */
  sweepRing(ring: number, order: number, items: number, sweep: number): void;
  /** Ends a lapsed lease, or gives a lost hint anew; one of `SWEPT`. */
  sweepItem(
    order: number,
    index: number,
    sweep: number,
    now: number,
    deadline: number,
    attemptsMax: number,
  ): number;
  /** How many items are in a phase. */
  count(items: number, phase: number): number;
  /** Makes every item FREE. */
  initialise(
    order: number,
    items: number,
    rings: number,
    cycle: number,
    generation: number,
  ): void;
}

let compiled: WebAssembly.Module | undefined;

/** An instance of the core on the memory of one queue or pool. */
export function instantiateQueueCore(memory: WebAssembly.Memory): QueueCore {
  compiled ??= new WebAssembly.Module(
    Uint8Array.from(atob(QUEUE_BASE64), (character) => character.charCodeAt(0)),
  );
  const instance = new WebAssembly.Instance(compiled, { env: { memory } });
  return instance.exports as unknown as QueueCore;
}
