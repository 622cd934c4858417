/**
 * Which rings of a fenced incarnation began after its fence had woken the client.
 *
 * Such a ring may take an announcement away that was made since. If the incarnation then dies before
 * it notifies, the client's sleep ends by its time-out alone, until somebody hears of that death.
 *
 * @module
 */

import type { Member } from "./cast.ts";

/** Bits of one server: one for each channel, then one for whether its ring is late. */
const SERVER_BITS = 4;
const LATE_BIT = SERVER_BITS - 1;

/** The log of late rings: one number of a state. */
export class LateRings {
  readonly #at: number;
  readonly #cast: readonly Member[];
  readonly #firstServer: number;

  /** Lays the log out in a state at `at`. */
  constructor(at: number, cast: readonly Member[], channelCount: number) {
    this.#at = at;
    this.#cast = cast;
    this.#firstServer = channelCount;
    if (channelCount > LATE_BIT) throw new RangeError("Cannot log rings of so many channels");
  }

  /** A thread has notified the sleepers of a memory's bell. */
  notified(state: Int32Array, thread: number, memory: number): void {
    const { role, epoch } = this.#cast[thread]!;
    if (role === "server") state[this.#at]! &= ~this.#bit(thread, LATE_BIT);
    if (role !== "fencer" || memory === this.#firstServer) return;
    this.#cast.forEach((other, server) => {
      const isFenced = other.role === "server" && other.epoch < epoch;
      if (isFenced) state[this.#at]! |= this.#bit(server, memory);
    });
  }

  /** A thread has advanced a memory's bell. */
  advanced(state: Int32Array, thread: number, memory: number): void {
    if (this.#cast[thread]!.role !== "server" || memory === this.#firstServer) return;
    const isLate = (state[this.#at]! & this.#bit(thread, memory)) !== 0;
    if (isLate) state[this.#at]! |= this.#bit(thread, LATE_BIT);
  }

  /** Whether a thread is inside a late ring. */
  isLate(state: Int32Array, thread: number): boolean {
    return (state[this.#at]! & this.#bit(thread, LATE_BIT)) !== 0;
  }

  #bit(server: number, bit: number): number {
    return 1 << ((server - this.#firstServer) * SERVER_BITS + bit);
  }
}
