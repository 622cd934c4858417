/**
 * Sweeps: what finds the items that the dead have left behind.
 *
 * @module
 */

import type { Items } from "./items.ts";
import { RINGS, SWEPT } from "./layouts.ts";

/** What one sweep did. */
export interface SweepReport {
  /** Items queued again because their taker's lease had lapsed. */
  readonly requeued: number;
  /** Items freed because the lease of their producer, or a buffer's holder, had lapsed. */
  readonly freed: number;
  /** Items whose hint was lost and is there again. */
  readonly relinked: number;
  /** Items given up in this sweep, after as many failed tries as allowed. */
  readonly died: number;
}

/**
 * Sweeps once. Whoever wants to may, at any time, as often as it likes and several at once: each
 * step is a swap of a state word, and what one sweeper has done the next one finds done.
 */
export function sweep(
  items: Items,
  rings: number,
  nowMs: number,
  attemptsMax: number,
): SweepReport {
  const { core, order, count } = items;
  const number = core.beginSweep();
  core.sweepRing(RINGS.FREE_RING, order, count, number);
  if (rings > RINGS.QUEUED_RING) core.sweepRing(RINGS.QUEUED_RING, order, count, number);
  const deadline = items.deadline(nowMs);
  const found = new Uint32Array(Object.keys(SWEPT).length);
  for (let index = 0; index < count; index++) {
    found[core.sweepItem(order, index, number, nowMs, deadline, attemptsMax)]! += 1;
  }
  return {
    requeued: found[SWEPT.REQUEUED]!,
    freed: found[SWEPT.FREED]!,
    relinked: found[SWEPT.RELINKED]!,
    died: found[SWEPT.DIED]!,
  };
}
