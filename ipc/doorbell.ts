/**
 * The doorbell of a serving domain: an event count on which it sleeps and which its clients ring.
 *
 * Who sleeps announces it first, looks once more at everything, and then waits; who has something
 * for the sleeper makes it visible first and looks for an announcement then. So no ring is lost, and
 * none is needed while everybody is awake. Everyone is notified, so a zombie steals no ring; each
 * sleep is bounded, so a hint that died with its sender costs milliseconds, never a request.
 *
 * @module
 */

import { waitInEventLoop } from "./clock.ts";
import { type Core, instantiateCore } from "./core/core.ts";
import { ASLEEP, DOORBELL } from "./layouts/channel.ts";

const BELL = DOORBELL.at.bell >> 2;
const CHANNELS = DOORBELL.at.channels >> 2;

/** The domain that a client calls: what it rings, and what it says in the census. */
export interface ServerPlace {
  /** Its doorbell. */
  readonly bell: Doorbell;
  /** The channel's index at that doorbell. */
  readonly index: number;
  /** Its word in the census of those awake. */
  readonly censusIndex: number;
}

/** One domain's doorbell, seen from whoever holds its memory. */
export class Doorbell {
  /** The shared memory, to be handed to the domain and its clients. */
  readonly memory: WebAssembly.Memory;
  /** The steps on the bell. */
  readonly core: Core;
  readonly #words: Int32Array;

  /** Opens a doorbell on a memory that {@linkcode Doorbell.create} made. */
  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.core = instantiateCore(memory);
    this.#words = new Int32Array(memory.buffer);
  }

  /** A new doorbell. */
  static create(): Doorbell {
    return new Doorbell(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
  }

  /** Whether the domain may be asleep. A hint: read without order. */
  get sleeps(): boolean {
    return (this.#words[BELL]! & ASLEEP) !== 0;
  }

  /**
   * Wakes the domain: whatever it is to find must be visible before. Not for every request; and for
   * a ring that may have died with a client.
   */
  ring(): void {
    this.core.rouse();
  }

  /** Announces a sleep; answers what to wait on, after one more look at everything. */
  announce(): number {
    return this.core.announce();
  }

  /**
   * Sleeps while the bell is as announced, for `timeoutMs` at most. Blocks the thread.
   *
   * @returns Whether nobody rang.
   */
  wait(announced: number, timeoutMs: number): boolean {
    return this.core.wait(announced, timeoutMs) !== 0;
  }

  /** Like {@linkcode Doorbell.wait}, for a domain that returns to its event loop. */
  async waitAsync(announced: number, timeoutMs: number): Promise<boolean> {
    return await waitInEventLoop(this.#words, BELL, announced, timeoutMs);
  }

  /** Counts one more channel; answers its index. For channels that no kernel counts. */
  addChannel(): number {
    return Atomics.add(this.#words, CHANNELS, 1);
  }
}
