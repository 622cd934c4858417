/**
 * How an incarnation waits: who it must obey before and after it sleeps.
 *
 * @module
 */

import { SLEEP_MS_MAX } from "./limits.ts";

/** What the waiting loops of a channel ask of the incarnation that they run in. */
export interface Waiter {
  /** The longest single sleep. At most {@linkcode SLEEP_MS_MAX}. */
  readonly sleepMsMax: number;
  /**
   * How many looks at the awaited word are worth while before asking again; 0 where spinning does
   * not pay: where those awake, and those about to wake, outnumber the cores.
   */
  spinLimit(): number;
  /** Says that what was waited for is there. */
  arrived(): void;
  /** Says that the domain with this number in the census is being woken: it needs a core too. */
  wakes(censusIndex: number): void;
  /** Says that the incarnation is about to sleep. Throws if it was fenced. */
  beginSleep(): void;
  /** Says that it is awake again. Throws if it was fenced meanwhile. */
  endSleep(): void;
  /** Throws if it was fenced. For waits that leave the thread to others. */
  check(): void;
}

/**
 * The waiter of a plain worker that nobody supervises: sleeps, never spins.
 *
 * @example
 * ```ts
 * import { unsupervised } from "@hako/ipc";
 *
 * if (unsupervised.spinLimit() !== 0) throw new Error("it spins");
 * ```
 */
export const unsupervised: Waiter = {
  sleepMsMax: SLEEP_MS_MAX,
  spinLimit: () => 0,
  arrived: () => {},
  wakes: () => {},
  beginSleep: () => {},
  endSleep: () => {},
  check: () => {},
};
