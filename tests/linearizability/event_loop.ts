/**
 * The way back to the event loop, where signals and the deaths of workers are told.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** Lets the event loop have its turn. */
export function eventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
