/**
 * How the gateway waits for Linux: for a moment it looks again and again, since a thread that sleeps is
 * slow to wake and a program that was just answered often asks the next thing at once. Looking is judged
 * by its outcome, as the spinning of channels is (decision 6): where it is in vain, it is left.
 *
 * @module
 */

/** Looks before it sleeps: some 50 us, in which a program wakes up and asks again. */
const LOOKS_MAX = 80;

/** Credit of one for whom looking has always paid. */
const CREDIT_MAX = 16;

/** Credit for a request that came meanwhile; none that came costs 1. */
const PAID_CREDIT = 2;

/** Waits without a look after which one without credit tries again; twice as many after each in vain. */
const PROBE_EVERY_MIN = 32;
const PROBE_EVERY_MAX = 1024;

/** What is looked at. */
export interface Looked {
  /** Waits until there is something to be read; answers whether there is. */
  poll(timeoutMs: number): boolean;
}

/** Who waits, among others of the system. */
export interface Waiting {
  /** Whether those awake outnumber the cores. */
  readonly isCrowded: boolean;
  /** Waits outside, and needs no core meanwhile. */
  asleep<T>(wait: () => T): T;
}

/** The waiting of one life. */
export class LookingOut {
  readonly #looked: Looked;
  readonly #waiting: Waiting;
  #credit = CREDIT_MAX;
  #skipped = 0;
  #skippedMax = PROBE_EVERY_MIN;

  /** Begins with trust. */
  constructor(looked: Looked, waiting: Waiting) {
    this.#looked = looked;
    this.#waiting = waiting;
  }

  /** Waits for a request. Hot path. */
  wait(timeoutMs: number): void {
    if (this.#mayLook() && this.#look()) return;
    this.#waiting.asleep(() => this.#looked.poll(timeoutMs));
  }

  #look(): boolean {
    for (let look = 0; look < LOOKS_MAX; look++) {
      if (!this.#looked.poll(0)) continue;
      this.#credit = Math.min(CREDIT_MAX, this.#credit + PAID_CREDIT);
      this.#skippedMax = PROBE_EVERY_MIN;
      return true;
    }
    if (this.#credit > 0) this.#credit--;
    else this.#skippedMax = Math.min(PROBE_EVERY_MAX, 2 * this.#skippedMax);
    return false;
  }

  #mayLook(): boolean {
    if (this.#waiting.isCrowded) return false;
    if (this.#credit > 0) return true;
    if (++this.#skipped < this.#skippedMax) return false;
    this.#skipped = 0;
    return true;
  }
}
