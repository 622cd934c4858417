/**
 * How an incarnation waits: who it must obey before and after it sleeps.
 *
 * @module
 */

import { CROWDED_ROUNDS_MAX, SLEEP_MS_MAX, SPIN_ROUNDS_MAX } from "./limits.ts";

/** What the waiting loops of a channel ask of the incarnation that they run in. */
export interface Waiter {
  /** The longest single sleep. At most {@linkcode SLEEP_MS_MAX}. */
  readonly sleepMsMax: number;
  /** Whether those awake, and those about to wake, outnumber the cores: spinning takes one away. */
  crowded(): boolean;
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
 * if (!unsupervised.crowded()) throw new Error("it would spin");
 * ```
 */
export const unsupervised: Waiter = {
  sleepMsMax: SLEEP_MS_MAX,
  crowded: () => true,
  arrived: () => {},
  wakes: () => {},
  beginSleep: () => {},
  endSleep: () => {},
  check: () => {},
};

/**
 * Whether to look for another round at what is waited for, or to sleep. Nobody begins to spin in a
 * crowd; who spins already bears one for a moment, since it is often a callee that is about to
 * sleep in its turn, and a core that falls idle is slow to wake. Hot path.
 */
export class Spin {
  readonly #waiter: Waiter;
  #rounds = 0;
  #crowdedRounds = 0;

  /** The spinning of one incarnation, one wait at a time. */
  constructor(waiter: Waiter) {
    this.#waiter = waiter;
  }

  /** Begins a wait; answers whether to spin at all. */
  begin(): boolean {
    this.#rounds = 0;
    this.#crowdedRounds = 0;
    return !this.#waiter.crowded();
  }

  /** Whether another round of {@linkcode SPIN_LOOKS} looks is worth while. */
  again(): boolean {
    if (++this.#rounds >= SPIN_ROUNDS_MAX) return false;
    if (!this.#waiter.crowded()) this.#crowdedRounds = 0;
    else if (++this.#crowdedRounds > CROWDED_ROUNDS_MAX) return false;
    return true;
  }
}
