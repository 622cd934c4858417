/**
 * A call that a promise will answer.
 *
 * @module
 */

import type { PlacedOperation } from "./protocol.ts";
import type { Waiter } from "./wait.ts";

/** What is known of it. */
export interface Pending {
  /** Its operation. */
  readonly operation: PlacedOperation;
  /** When to give up, by the waiter's clock. */
  readonly deadlineMs: number;
  /** Settles it with the area of the answer. */
  resolve(area: number): void;
  /** Settles it with an error. */
  reject(error: unknown): void;
}

/** How long to sleep at most: until the earliest deadline, and no longer than the waiter does. */
export function untilDeadline(calls: Iterable<Pending>, waiter: Waiter): number {
  let deadlineMs = Infinity;
  for (const call of calls) deadlineMs = Math.min(deadlineMs, call.deadlineMs);
  if (deadlineMs === Infinity) return waiter.sleepMsMax;
  const leftMs = Math.max(0, Math.ceil(deadlineMs - waiter.nowMs()));
  return Math.min(waiter.sleepMsMax, leftMs);
}
