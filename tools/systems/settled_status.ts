/**
 * The status of a system at rest: what nobody waits for, a close that was only posted or what a
 * server does of its own accord, may be under way for a moment after the work is done.
 *
 * @module
 */

import type { System, SystemStatus } from "@hako/kernel";

/** What is under way without anybody waiting for it has ended by then. */
const SETTLED_MS_MAX = 5_000;

/**
 * A system's status as soon as no slot is in use; its last status if some still are after
 * `timeoutMs`, so that whoever asks can tell how many were left.
 */
export async function settledStatus(
  system: Pick<System, "status">,
  timeoutMs = SETTLED_MS_MAX,
): Promise<SystemStatus> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const status = await system.status();
    if (status.slotsInUse === 0 || performance.now() > endMs) return status;
  }
}
