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
 * Waits while a word of shared memory is as it was seen, returning to the event loop meanwhile. A
 * timer goes with it: without one the host takes a program that only waits for finished.
 *
 * @returns Whether until `timeoutMs` had passed.
 */
export async function waitInEventLoop(
  words: Int32Array,
  index: number,
  seen: number,
  timeoutMs: number,
): Promise<boolean> {
  const outcome = Atomics.waitAsync(words, index, seen | 0, timeoutMs);
  if (!outcome.async) return outcome.value === "timed-out";
  const timer = setTimeout(() => {}, timeoutMs + KEEP_ALIVE_MS);
  const ended = await outcome.value;
  clearTimeout(timer);
  return ended === "timed-out";
}

/** Lets the event loop have its turn: 4 us, where `setTimeout` takes over a millisecond. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
