/**
 * The host's time and event loop, where no kernel gives them.
 *
 * A worker of the web kind is to get by without timers: in Deno the first touch of one loads Node's
 * layer, which costs that worker 4 ms and 1.7 MB.
 *
 * @module
 */

/** By how much a timer that keeps the event loop alive outlasts the wait that it is for. */
const KEEP_ALIVE_MS = 60_000;

/** Such a worker lives until it is ended, whatever it waits for. */
const isWebWorker = "DedicatedWorkerGlobalScope" in globalThis;

/** A word that never changes: whoever waits on it is woken by himself. */
const turn: Int32Array = new Int32Array(new SharedArrayBuffer(4));

/** Milliseconds on a clock that never goes back. */
export function nowMs(): number {
  return performance.now();
}

/**
 * Waits while a word of shared memory is as it was seen, returning to the event loop meanwhile. But in
 * a worker of the web kind a timer goes with it: without one the host takes a program that only waits
 * for finished.
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
  if (isWebWorker) return await outcome.value === "timed-out";
  const timer = setTimeout(() => {}, timeoutMs + KEEP_ALIVE_MS);
  const ended = await outcome.value;
  clearTimeout(timer);
  return ended === "timed-out";
}

/**
 * Lets the event loop have its turn: 3 us, where `setTimeout` takes over a millisecond.
 *
 * In a worker of the web kind the host's own queue of tasks is asked for it, by a wait that is over as
 * soon as it has begun. Elsewhere that would leave timers without a turn, and the program may end.
 */
export async function nextTurn(): Promise<void> {
  if (!isWebWorker) return await nextImmediate();
  const outcome = Atomics.waitAsync(turn, 0, 0);
  Atomics.notify(turn, 0);
  if (outcome.async) await outcome.value;
}

/**
 * Lets the event loop have its turn and goes on in a callback of it. What the host cuts off there, as
 * it does when a heap is full, leaves the worker its event loop; in a task of its own it does not.
 */
export function nextImmediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
