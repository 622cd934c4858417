/**
 * How an incarnation waits: who it must obey before and after it sleeps.
 *
 * @module
 */

import {
  CALL_ROUNDS_MAX,
  CROWDED_ROUNDS_MAX,
  IDLE_CROWDED_ROUNDS_MAX,
  IDLE_ROUNDS_MAX,
  SLEEP_MS_MAX,
} from "./limits.ts";

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
 * Whether to look for another round at what is waited for, or to sleep.
 *
 * A caller does not begin to spin in a crowd, and bears one for a moment once it spins: it is often
 * a callee's callee that is about to sleep in its turn, and a core that falls idle is slow to wake.
 * A server without a request does the opposite: it may begin in a crowd, since whoever it has just
 * answered may be about to call again, and gives way to one that comes later. So of a chain of
 * servers the one that answered last stays awake. Hot path.
 */
export class Spin {
  readonly #waiter: Waiter;
  #rounds = 0;
  #crowdedRounds = 0;

  /** The spinning of one incarnation, one wait at a time. */
  constructor(waiter: Waiter) {
    this.#waiter = waiter;
  }

  /** Begins a caller's wait; answers whether to spin at all. */
  begin(): boolean {
    this.#rounds = 0;
    this.#crowdedRounds = 0;
    return !this.#waiter.crowded();
  }

  /** Whether another round of {@linkcode SPIN_LOOKS} looks for the answer is worth while. */
  again(): boolean {
    if (++this.#rounds >= CALL_ROUNDS_MAX) return false;
    if (!this.#waiter.crowded()) this.#crowdedRounds = 0;
    else if (++this.#crowdedRounds > CROWDED_ROUNDS_MAX) return false;
    return true;
  }

  /** Begins the wait of a server without a request. */
  beginIdle(): void {
    this.#rounds = 0;
  }

  /** Whether another round of {@linkcode SPIN_LOOKS} looks for a request is worth while. */
  againIdle(): boolean {
    if (++this.#rounds >= IDLE_ROUNDS_MAX) return false;
    return this.#rounds <= IDLE_CROWDED_ROUNDS_MAX || !this.#waiter.crowded();
  }
}
