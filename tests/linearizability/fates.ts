/**
 * What becomes of the values of a queue, read off its whole history: who takes each, and when.
 *
 * @module
 */

import type { History, Operation } from "./history.ts";
import { NOTHING } from "./model.ts";

/** The fates of the values that were enqueued, each of them once. */
export interface Fates {
  /** By value, the operation that answered it. */
  readonly takers: ReadonlyMap<number, Operation>;
  /** Whether somebody may have taken a value whom nobody heard. */
  readonly mayBeLost: boolean;
}

/** The fates of a queue's values; `undefined` if a value was enqueued twice. */
export function fatesOf(history: History): Fates | undefined {
  const enqueued = history.filter(({ kind }) => kind === "enqueue");
  if (new Set(enqueued.map(({ argument }) => argument)).size < enqueued.length) return undefined;
  const takers = new Map<number, Operation>();
  let mayBeLost = false;
  for (const operation of history) {
    if (operation.kind !== "dequeue" || operation.answer === NOTHING) continue;
    if (operation.answer === undefined) mayBeLost = true;
    else takers.set(operation.answer, operation);
  }
  return { takers, mayBeLost };
}

/** Whether `value` can be taken when `before`, which stands before it, has been. */
export function mayBeTakenAfter(value: number, before: number, fates: Fates): boolean {
  const taker = fates.takers.get(value);
  if (taker === undefined) return true;
  const first = fates.takers.get(before);
  if (first === undefined) return fates.mayBeLost;
  return first.invokedAt <= taker.endedAt;
}

/**
 * Whether `value` may as well stand before `other` as behind it: whenever the taker of `other` came
 * first, the two takers could have changed places, since each would still be within its time.
 */
export function isTakenFirst(value: number, other: number, fates: Fates): boolean {
  const taker = fates.takers.get(value);
  const last = fates.takers.get(other);
  if (taker === undefined || last === undefined || taker === last) return false;
  return taker.invokedAt < last.invokedAt && taker.endedAt < last.endedAt;
}
