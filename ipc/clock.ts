/**
 * The host's time and event loop, where no kernel gives them.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** By how much a timer that keeps the event loop alive outlasts the wait that it is for. */
const KEEP_ALIVE_MS = 60_000;

/** Milliseconds on a clock that never goes back. */
export function nowMs(): number {
  return performance.now();
}

/**
 * Awaits a wait on shared memory. Without a timer the host takes a program that only waits for an
 * answer for finished.
 */
export async function keepAlive<T>(wait: Promise<T>, timeoutMs: number): Promise<T> {
  const timer = setTimeout(() => {}, timeoutMs + KEEP_ALIVE_MS);
  const outcome = await wait;
  clearTimeout(timer);
  return outcome;
}

/** Lets the event loop have its turn: 4 us, where `setTimeout` takes over a millisecond. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
