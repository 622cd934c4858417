/**
 * The host's time and event loop, where no kernel gives them.
 *
 * @module
 */

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
  endTurns();
  const timer = setTimeout(() => {}, timeoutMs + KEEP_ALIVE_MS);
  const ended = await outcome.value;
  clearTimeout(timer);
  return ended === "timed-out";
}

/** A worker's turns go through a channel to itself; while it is open, the worker lives. */
let turns: MessageChannel | undefined;
/** Turns that somebody waits for. */
let awaitedTurns = 0;

/**
 * Lets the event loop have its turn: 4 us, where `setTimeout` takes over a millisecond.
 *
 * In a worker of the web kind that is a message to oneself: `setImmediate` would load all of Node's
 * layer there, which takes 5 ms and 1.7 MB. Where that layer is loaded anyway it is used.
 */
export function nextTurn(): Promise<void> {
  if (!("DedicatedWorkerGlobalScope" in globalThis)) {
    return new Promise((resolve) => setImmediate(resolve));
  }
  const { port1, port2 } = turns ??= new MessageChannel();
  awaitedTurns++;
  return new Promise((resolve) => {
    port1.addEventListener("message", () => {
      awaitedTurns--;
      resolve();
    }, { once: true });
    port1.start();
    port2.postMessage(0);
  });
}

/** Lets the worker end: somebody waits for long now. */
function endTurns(): void {
  if (awaitedTurns > 0) return;
  turns?.port1.close();
  turns = undefined;
}
