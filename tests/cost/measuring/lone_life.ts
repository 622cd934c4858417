/**
 * How a thread of these measurements waits: as a worker that nobody supervises does, with a census of
 * who is awake, and a hook before and after each sleep.
 *
 * @module
 */

import { isCrowded, SLEEP_MS_MAX, type Waiter } from "@hako/ipc";

/** What happens around a sleep. */
export interface Hooks {
  /** The server is about to be woken. */
  readonly wakes?: () => void;
  /** A sleep begins. */
  readonly sleeps?: () => void;
  /** It is over. */
  readonly woke?: () => void;
}

/**
 * A waiter.
 *
 * @param census A word for each thread: 1 while it is awake.
 * @param index Its own.
 */
export function loneLife(census: Int32Array, index: number, hooks: Hooks = {}): Waiter {
  const cores = navigator.hardwareConcurrency;
  return {
    sleepMsMax: SLEEP_MS_MAX,
    crowded() {
      census[index] = 1;
      return isCrowded(census, cores);
    },
    arrived: () => void (census[index] = 0),
    wakes(other) {
      census[other] = 1;
      hooks.wakes?.();
    },
    beginSleep() {
      census[index] = 0;
      hooks.sleeps?.();
    },
    endSleep() {
      census[index] = 1;
      hooks.woke?.();
    },
    check: () => {},
    nowMs: () => performance.now(),
  };
}
