/**
 * Work that goes on until its fault plan has been carried out, however long a machine takes for that.
 *
 * @module
 */

import type { Stage } from "./scenario.ts";

/** How often it is told how far the work is. */
const TOLD_EVERY_MS = 100;

/**
 * Resolves when every fault of a known number has happened and the work has gone on for `atLeastMs`;
 * or when the stage is over for another reason.
 */
export async function untilCarriedOut(stage: Stage, atLeastMs: number): Promise<void> {
  const beganMs = performance.now();
  const isUntimed = stage.context.durationMs === 0;
  let isCarriedOut = false;
  void stage.settled().then(() => isCarriedOut = true);
  for (;;) {
    const goneMs = performance.now() - beganMs;
    if (stage.over.aborted || (isCarriedOut && goneMs >= atLeastMs)) return;
    // Where the work goes by the clock, the stage tells how far it is.
    if (isUntimed) stage.progress("working", Math.min(goneMs, atLeastMs), atLeastMs);
    await new Promise((resolve) => setTimeout(resolve, TOLD_EVERY_MS));
  }
}
