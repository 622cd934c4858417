/**
 * The other side of the benches: pushes one item for each that it is asked for.
 *
 * @module
 */

import { MutexRing } from "./test_mutex_ring.ts";
import { WorkQueue, type WorkQueueHandle } from "./work_queue.ts";

/** What it pushes to. */
export interface Bench {
  /** The queue. */
  readonly queue: WorkQueueHandle;
  /** The rival's memory. */
  readonly ring: SharedArrayBuffer;
  /** Which of the two, 1 or 2, and how many items are wanted in all. */
  readonly wanted: SharedArrayBuffer;
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<Bench>) => void) | null;
  postMessage(message: string): void;
};

scope.onmessage = ({ data }) => {
  const { items, itemBytes } = data.queue;
  const queue = WorkQueue.open(data.queue);
  const ring = new MutexRing(data.ring, items, itemBytes);
  const wanted = new Int32Array(data.wanted);
  const bytes = new Uint8Array(64);
  const pushed: [number, number] = [0, 0];
  scope.postMessage("ready");
  while (true) {
    Atomics.wait(wanted, 2, 0);
    Atomics.store(wanted, 2, 0);
    for (const which of [0, 1] as const) {
      while (pushed[which] < Atomics.load(wanted, which)) {
        if (which === 0 ? queue.push(bytes, 0) : ring.push(bytes)) pushed[which]++;
        else Atomics.wait(wanted, 3, 0, 0.05); // Full: lets the taker have the core.
      }
    }
  }
};
