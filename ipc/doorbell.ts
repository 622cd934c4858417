/**
 * The doorbell of a serving domain: an event count on which it sleeps and which its clients ring.
 *
 * Posting adds one to the bell and notifies only when somebody sleeps. Sleeping is announced before
 * the last look, and `Atomics.wait` compares again, so no ring is lost; everyone is notified, so a
 * zombie steals none; each sleep is bounded, so a lost hint costs milliseconds, never a request.
 *
 * @module
 */

import { type Core, instantiateCore } from "./core/core.ts";
import { DOORBELL } from "./layouts/channel.ts";

const BELL = DOORBELL.at.bell >> 2;
const SLEEPERS = DOORBELL.at.sleepers >> 2;

/** The domain that a client calls: what it rings, and what it says in the census. */
export interface ServerPlace {
  /** Its doorbell. */
  readonly bell: Doorbell;
  /** Its word in the census of those awake. */
  readonly censusIndex: number;
}

/** One domain's doorbell, seen from whoever holds its memory. */
export class Doorbell {
  /** The shared memory, to be handed to the domain and its clients. */
  readonly memory: WebAssembly.Memory;
  /** Rings; a wasm function, so that a channel's core can call it directly. */
  readonly ring: () => void;
  readonly #core: Core;
  readonly #words: Int32Array;

  /** Opens a doorbell on a memory that {@linkcode Doorbell.create} made. */
  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.#core = instantiateCore(memory, () => {});
    this.ring = this.#core.ring;
    this.#words = new Int32Array(memory.buffer);
  }

  /** A new doorbell. */
  static create(): Doorbell {
    return new Doorbell(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
  }

  /** The event count now. */
  get count(): number {
    return this.#core.spinBell(0, 0) | 0;
  }

  /** Whether the domain sleeps. A hint: read without order. */
  get sleeps(): boolean {
    return this.#words[SLEEPERS]! !== 0;
  }

  /** Looks up to `limit` times for a ring after `seen`; answers whether there was one. Hot path. */
  spin(seen: number, limit: number): boolean {
    return (this.#core.spinBell(seen, limit) | 0) !== seen;
  }

  /** Sleeps until a ring after `seen`, or for `timeoutMs`. Blocks the thread. */
  sleep(seen: number, timeoutMs: number): void {
    Atomics.add(this.#words, SLEEPERS, 1);
    Atomics.wait(this.#words, BELL, seen, timeoutMs);
    Atomics.sub(this.#words, SLEEPERS, 1);
  }

  /** Like {@linkcode Doorbell.sleep}, for a domain that returns to its event loop. */
  async sleepAsync(seen: number, timeoutMs: number): Promise<void> {
    Atomics.add(this.#words, SLEEPERS, 1);
    const outcome = Atomics.waitAsync(this.#words, BELL, seen, timeoutMs);
    if (outcome.async) await outcome.value;
    Atomics.sub(this.#words, SLEEPERS, 1);
  }
}
