/**
 * Work queues and buffer pools in shared memory, of which any user may die at any step.
 *
 * An entry of its own: whoever only calls and serves does without it.
 *
 * @module
 */

export {
  BufferLease,
  BufferPool,
  type BufferPoolCounts,
  type BufferPoolHandle,
  type BufferPoolOptions,
} from "./buffer_pool.ts";
export type { Beginning, ItemsHandle } from "./items.ts";
export type { Patience } from "./patience.ts";
export type { SweepReport } from "./sweep.ts";
export {
  Work,
  WorkQueue,
  type WorkQueueCounts,
  type WorkQueueHandle,
  type WorkQueueOptions,
} from "./work_queue.ts";
