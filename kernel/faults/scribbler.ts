/**
 * What a zombie does to everything that its life was given.
 *
 * It is a zombie of code that we wrote, not an enemy. Where its successor works on the same memory it
 * takes the steps of the core, with the epoch of its own life; elsewhere it writes at random.
 *
 * | memory                     | what it does there               | who reads it later     |
 * | -------------------------- | -------------------------------- | ---------------------- |
 * | keeps, windows of its own  | random bytes from end to end     | nobody: there are new  |
 * | channels that it called    | random bytes from end to end     | nobody: there are new  |
 * | channels that it served    | takes and completes every slot   | clients, and successor |
 * | its doorbell               | announces, takes the ready bits  | its successor, as hints|
 *
 * Windows of its clients it leaves alone: their owners live on with them, and nobody can take them
 * back.
 *
 * @module
 */

import { Channel, Doorbell, READY_CHANNELS_MAX, SLOT_COUNT } from "@hako/ipc";

/** What an incarnation was given, as far as it can write to it. */
export interface Holdings {
  /** The number of its life. */
  readonly epoch: number;
  /** Its doorbell. */
  readonly bell: WebAssembly.Memory;
  /** The channels that it serves. */
  readonly served: readonly WebAssembly.Memory[];
  /** Memories of which its successor gets others: keeps, windows of its own, channels it calls. */
  readonly replaced: readonly ArrayBufferLike[];
}

/** Words of one memory that are written in a round: a round is short, so that it can be stopped. */
const ROUND_WORDS = 4_096;

/** One zombie at work. */
export class Scribbler {
  readonly #epoch: number;
  readonly #bell: Doorbell;
  readonly #served: readonly Channel[];
  readonly #replaced: readonly Uint32Array[];
  #at = 0;
  #state = 1;

  /** Takes up what it holds. */
  constructor({ epoch, bell, served, replaced }: Holdings) {
    this.#epoch = epoch;
    this.#bell = new Doorbell(bell);
    this.#served = served.map((memory) => new Channel(memory));
    this.#replaced = replaced.map((buffer) => new Uint32Array(buffer, 0, buffer.byteLength >> 2));
  }

  /** One round over everything. */
  scribble(): void {
    for (const words of this.#replaced) this.#overwrite(words);
    for (const channel of this.#served) this.#serve(channel);
    for (let word = 0; word < READY_CHANNELS_MAX / 32; word++) this.#bell.core.takeReady(word);
    this.#bell.announce();
    this.#at += ROUND_WORDS;
  }

  #overwrite(words: Uint32Array): void {
    for (let i = 0; i < Math.min(ROUND_WORDS, words.length); i++) {
      words[(this.#at + i) % words.length] = this.#next();
    }
  }

  /** Every step of a server, on every slot that it could mean. */
  #serve({ core }: Channel): void {
    const first = core.firstUnfinished();
    for (let i = 0; i < SLOT_COUNT; i++) {
      core.take(first + i, this.#epoch);
      core.complete(first + i, this.#epoch, i & 1);
    }
    core.wake();
  }

  /** Marsaglia's xorshift: any words will do, but not the same every round. */
  #next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state;
  }
}
