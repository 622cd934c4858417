/**
 * How an incarnation waits: who it must obey before and after it sleeps, and when it may spin.
 *
 * @module
 */

import { nowMs } from "./clock.ts";
import {
  ASKED_MIN,
  CALL_ROUNDS_MAX,
  CROWDED_ROUNDS_MAX,
  IDLE_CROWDED_ROUNDS_MAX,
  IDLE_ROUNDS_MAX,
  LONG_ROUNDS_MAX,
  SLEEP_MS_MAX,
  SPIN_CREDIT_MAX,
  SPIN_PAID_CREDIT,
  TRY_SHARE,
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
  /** A clock that never goes back, for time limits. */
  nowMs(): number;
}

/**
 * Whether those awake by the census outnumber the cores. A word that is neither 0 nor 1 was not
 * written by any of us and counts for nothing. Hot path: read without order.
 */
export function isCrowded(census: Int32Array, cores: number): boolean {
  let awake = 0;
  for (let i = 0; i < census.length; i++) if (census[i] === 1) awake++;
  return awake > cores;
}

/** The waiter of a worker that nobody supervises: it is never fenced, and counts itself. */
export class LoneWaiter implements Waiter {
  /** The longest single sleep. */
  readonly sleepMsMax = SLEEP_MS_MAX;
  readonly #census: Int32Array;
  readonly #index: number;
  readonly #cores: number = coreCount();

  /**
   * A waiter among those of one census.
   *
   * @param census A word for each worker: 1 while it is awake.
   * @param index Its own word.
   */
  constructor(census: Int32Array, index: number) {
    this.#census = census;
    this.#index = index % census.length;
  }

  crowded(): boolean {
    this.#census[this.#index] = 1;
    return isCrowded(this.#census, this.#cores);
  }

  arrived(): void {
    this.#census[this.#index] = 0; // Back to its program, and maybe to its event loop.
  }

  wakes(censusIndex: number): void {
    this.#census[censusIndex % this.#census.length] = 1;
  }

  beginSleep(): void {
    this.#census[this.#index] = 0;
  }

  endSleep(): void {
    this.#census[this.#index] = 1;
  }

  check(): void {}

  nowMs(): number {
    return nowMs();
  }
}

/**
 * Whether to look for another round at what is waited for, or to sleep: spins for as long as spinning
 * has paid of late, and tries again from time to time when it has not. Where another process takes
 * the core that the peer needs, only the outcome tells. Hot path.
 *
 * A caller does not begin to spin in a crowd, and bears one for a moment once it spins: it is often
 * a callee's callee that is about to sleep in its turn, and a core that falls idle is slow to wake.
 * A server without a request does the opposite: it may begin in a crowd, since whoever it has just
 * answered may be about to call again, and gives way to one that comes later. So of a chain of
 * servers the one that answered last stays awake.
 *
 * Two that wake each other may end up on one core, and stay there while another is idle: one of them
 * is about to sleep whenever the host looks, and no spinning of microseconds lets the other run. So a
 * caller tries now and then for longer than the host takes to see that two want to run.
 */
export class Spin {
  readonly #waiter: Waiter;
  /** For a caller: how often spinning has paid, less how often it has not. */
  #credit = SPIN_CREDIT_MAX;
  /** For a server: how long to spin. Halved by each spin in vain. */
  #idleRoundsMax = IDLE_ROUNDS_MAX;
  readonly #tries: Allowance = new Allowance();
  readonly #longTries: Allowance = new Allowance();
  /** Whether this wait is a try, and a caller's long one. */
  #isTry = false;
  #isLong = false;
  #rounds = 0;
  #roundsMax = 0;
  #crowdedRounds = 0;

  /** The spinning of one incarnation, one wait at a time. */
  constructor(waiter: Waiter) {
    this.#waiter = waiter;
  }

  /** Begins a caller's wait; answers whether to spin at all. */
  begin(): boolean {
    this.#rounds = 0;
    this.#crowdedRounds = 0;
    this.#roundsMax = CALL_ROUNDS_MAX;
    this.#isTry = this.#credit === 0;
    this.#isLong = false;
    if (this.#isTry && !this.#tries.isDue(this.#waiter)) return false;
    return !this.#waiter.crowded();
  }

  /** Whether another round of {@linkcode SPIN_LOOKS} looks for the answer is worth while. */
  again(): boolean {
    if (++this.#rounds >= this.#roundsMax && !this.#goesOn()) return false;
    if (!this.#waiter.crowded()) this.#crowdedRounds = 0;
    else if (++this.#crowdedRounds > CROWDED_ROUNDS_MAX) return false;
    return true;
  }

  /** Says whether the answer came while the caller spun. */
  ended(paid: boolean): void {
    if (this.#isLong) this.#longTries.used(this.#waiter, paid);
    else if (this.#isTry) this.#tries.used(this.#waiter, paid);
    this.#credit = paid
      ? Math.min(SPIN_CREDIT_MAX, this.#credit + SPIN_PAID_CREDIT)
      : Math.max(0, this.#credit - 1);
  }

  /**
   * Begins the wait of a server without a request; answers whether to spin at all.
   *
   * @param hasWoken Whether it has just woken a client, which needs a core to call again.
   * @param distrusts Whether requests come that nobody rings for: then it is better to be awake.
   */
  beginIdle(hasWoken: boolean, distrusts: boolean): boolean {
    this.#rounds = 0;
    this.#roundsMax = distrusts ? IDLE_ROUNDS_MAX : this.#idleRoundsMax;
    this.#isTry = false;
    if (hasWoken && this.#waiter.crowded()) return false;
    if (this.#roundsMax > 0) return true;
    this.#roundsMax = IDLE_ROUNDS_MAX; // It may take this long until a client that sleeps is awake.
    this.#isTry = this.#tries.isDue(this.#waiter);
    return this.#isTry;
  }

  /** Whether another round of {@linkcode SPIN_LOOKS} looks for a request is worth while. */
  againIdle(): boolean {
    if (++this.#rounds >= this.#roundsMax) return false;
    return this.#rounds <= IDLE_CROWDED_ROUNDS_MAX || !this.#waiter.crowded();
  }

  /** Says whether a request came while the server spun. */
  endedIdle(paid: boolean): void {
    if (this.#isTry) this.#tries.used(this.#waiter, paid);
    this.#idleRoundsMax = paid ? IDLE_ROUNDS_MAX : this.#idleRoundsMax >> 1;
  }

  /** Lets a try become a long one, if one is due. */
  #goesOn(): boolean {
    if (!this.#isTry || this.#isLong || !this.#longTries.isDue(this.#waiter)) return false;
    this.#isLong = true;
    this.#roundsMax = LONG_ROUNDS_MAX;
    return true;
  }
}

/** Time for what is mostly in vain: one part in {@linkcode TRY_SHARE} of all there is. */
class Allowance {
  /** Questions since the clock was last looked at. */
  #asked = 0;
  #beganMs = 0;
  #dueMs = 0;

  /** Whether there is time again; it begins to run then. Looks at the clock now and then. Hot path. */
  isDue(waiter: Waiter): boolean {
    if (++this.#asked < ASKED_MIN) return false;
    this.#asked = 0;
    this.#beganMs = waiter.nowMs();
    return this.#beganMs >= this.#dueMs;
  }

  /** Ends what was begun. What was worth while costs nothing. */
  used(waiter: Waiter, paid: boolean): void {
    const nowMs = waiter.nowMs();
    this.#dueMs = paid ? nowMs : nowMs + TRY_SHARE * (nowMs - this.#beganMs);
  }
}

/** How many threads run at once. A host that does not say, as Node 20, is taken to have two cores. */
function coreCount(): number {
  const host = globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } };
  return host.navigator?.hardwareConcurrency ?? 2;
}
