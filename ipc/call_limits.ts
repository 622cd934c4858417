/**
 * The limits of calls, checked, and what is said of those that are given up.
 *
 * @module
 */

import type { CallSyncOptions, InFlightOptions } from "./client.ts";
import { SLOT_COUNT } from "./limits.ts";
import type { Waiter } from "./wait.ts";

/** Requests under way at once if the caller does not say: enough to keep a server busy. */
const IN_FLIGHT_DEFAULT = 32;

/** When to give up, by the waiter's clock. */
export function deadline(waiter: Waiter, options: CallSyncOptions | undefined): number {
  const timeoutMs = options?.timeoutMs;
  if (timeoutMs === undefined) return Infinity;
  if (!(timeoutMs >= 0)) throw new RangeError(`Cannot wait for ${timeoutMs} ms`);
  return waiter.nowMs() + timeoutMs;
}

/** How many requests may be under way at once. */
export function inFlight({ inFlightMax = IN_FLIGHT_DEFAULT }: InFlightOptions = {}): number {
  if (Number.isInteger(inFlightMax) && inFlightMax > 0 && inFlightMax <= SLOT_COUNT) {
    return inFlightMax;
  }
  throw new RangeError(`Cannot keep ${inFlightMax} in flight: not from 1 to ${SLOT_COUNT}`);
}

/** What a request that was given up came to, by what `cancel` answers. */
export const GIVEN_UP: readonly string[] = [
  "",
  "never begun",
  "still being done",
  "",
  "begun by a server that died",
];
