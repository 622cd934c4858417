/**
 * The bits by which clients of a crowded server say who has posted, and what the server makes of
 * them: they are hints, and lost ones are found by looking at every channel from time to time.
 *
 * @module
 */

import type { Doorbell } from "./doorbell.ts";
import { HINTED_TURNS_MAX, READY_CHANNELS_MAX, SCAN_CHANNELS_MAX } from "./limits.ts";

/** Which channels of one server have said that they have posted. */
export class ReadyBits<C> {
  /** Whether the clients have been asked to say so. */
  inUse = false;
  /** Words of 32 bits that some channel uses. */
  words = 0;
  readonly #bell: Doorbell;
  readonly #channels: C[][] = [];
  /** Bits taken from the clients' words and not dealt with. */
  readonly #kept: Uint32Array = new Uint32Array(READY_CHANNELS_MAX / 32);
  /** Of those, the bits that no client has set. */
  readonly #unsaid: Uint32Array = new Uint32Array(READY_CHANNELS_MAX / 32);
  #count = 0;
  #hintedTurns = 0;
  #hintedTurnsMax = HINTED_TURNS_MAX;

  /** The bits of no channel yet, beside the bell that its clients ring. */
  constructor(bell: Doorbell) {
    this.#bell = bell;
  }

  /** Adds a channel by its index at the doorbell. */
  add(served: C, channelIndex: number): void {
    const index = channelIndex % READY_CHANNELS_MAX;
    (this.#channels[index] ??= []).push(served);
    this.words = Math.max(this.words, (index >> 5) + 1);
    this.keep(index >> 5, index & 31); // What its client posted before it was asked has no bit.
    if (++this.#count <= SCAN_CHANNELS_MAX || this.inUse) return;
    this.inUse = true;
    this.#bell.core.useReady();
    this.setAll();
  }

  /** Takes a channel away. */
  remove(served: C, channelIndex: number): void {
    const channels = this.#channels[channelIndex % READY_CHANNELS_MAX]!;
    channels.splice(channels.indexOf(served), 1);
    this.#count--;
  }

  /** Whether it is time to look at every channel: a hint may have died with its client. */
  isStale(): boolean {
    return ++this.#hintedTurns > this.#hintedTurnsMax;
  }

  /** Sets the bit of every channel. */
  setAll(): void {
    this.#hintedTurns = 0;
    this.#hintedTurnsMax = Math.min(HINTED_TURNS_MAX, 2 * this.#hintedTurnsMax + 1);
    for (let word = 0; word < this.words; word++) this.#unsaid[word] = ~this.look(word);
    for (const [index, channels] of this.#channels.entries()) {
      if (channels !== undefined && channels.length > 0) this.keep(index >> 5, index & 31);
    }
  }

  /** A request was found of which no bit said so: for a while every channel is looked at each turn. */
  distrust(): void {
    this.#hintedTurnsMax = 0;
  }

  /** Keeps a bit for the next turn. */
  keep(word: number, bit: number): void {
    this.#kept[word]! |= 1 << bit;
  }

  /** The bits of one word: those kept, and those that clients have set since. Hot path. */
  look(word: number): number {
    const bits = this.#kept[word]! | this.#bell.core.takeReady(word);
    this.#kept[word] = bits;
    return bits;
  }

  /** Clears a bit, before its channel is served; answers whether its client had set it. */
  clear(word: number, bit: number): boolean {
    const wasSaid = (this.#unsaid[word]! & (1 << bit)) === 0;
    this.#kept[word]! &= ~(1 << bit);
    this.#unsaid[word]! &= ~(1 << bit);
    return wasSaid;
  }

  /** The channels that share a bit. */
  channelsOf(word: number, bit: number): readonly C[] {
    return this.#channels[(word << 5) | bit] ?? [];
  }
}
