/**
 * Finds plain accesses that no chain of atomic steps orders.
 *
 * The finite form of vector clocks: of each thread's accesses to a region only the last read and the
 * last write count, so each is one bit; and each thread and each slot's state word has the set of
 * those bits that are known there to have happened before. A read of the word adds the word's set to
 * the thread's; a read-modify-write also adds the thread's to the word's, a store replaces it. A new
 * access clears its own bit in every set. The sets are part of the state.
 *
 * Only a slot's own state word passes knowledge of its plain regions on, and only its client and the
 * servers receive it. That forgets some order that is there, so it can find a race too many and none
 * too few; it finds none, which shows that the state word alone orders all that is plain.
 *
 * @module
 */

/** Bits are kept in two numbers. */
const SET_LENGTH = 2;

/** The most accesses that can be told apart. */
const ACCESSES_MAX = 32 * SET_LENGTH;

/** One thread's reads, or its writes, of one region. */
export interface Access {
  /** Who accesses. */
  readonly thread: number;
  /** The slot, by its number among those of the scenario. */
  readonly slot: number;
  /** The region of the slot. */
  readonly region: number;
  /** Whether these are its writes. */
  readonly writes: boolean;
}

/** The sets of one scenario, inside its states. */
export class RaceDetector {
  /** Numbers that the sets take in a state. */
  readonly length: number;
  readonly #at: number;
  readonly #slotCount: number;
  readonly #setCount: number;
  readonly #accesses: Access[] = [];
  readonly #bits: Map<string, number> = new Map();
  /** By slot: the bits of its accesses. */
  readonly #masks: Int32Array;

  /** Lays the sets out in a state from `at` on: what has happened, then slots, then threads. */
  constructor(at: number, slotCount: number, threadCount: number) {
    this.#at = at;
    this.#slotCount = slotCount;
    this.#setCount = 1 + slotCount + threadCount;
    this.#masks = new Int32Array(slotCount * SET_LENGTH);
    this.length = this.#setCount * SET_LENGTH;
  }

  /** A thread's instruction read a slot's state word. Hot path. */
  acquire(state: Int32Array, thread: number, slot: number): void {
    this.#add(state, this.#ofThread(thread), this.#ofSlot(slot));
  }

  /** A thread's instruction wrote a state word that it had read. Hot path. */
  release(state: Int32Array, thread: number, slot: number): void {
    const target = this.#ofSlot(slot);
    const source = this.#ofThread(thread);
    const mask = slot * SET_LENGTH;
    state[target]! |= state[source]! & this.#masks[mask]!;
    state[target + 1]! |= state[source + 1]! & this.#masks[mask + 1]!;
  }

  /** A thread's instruction wrote a state word without reading it. Hot path. */
  replace(state: Int32Array, thread: number, slot: number): void {
    const target = this.#ofSlot(slot);
    state[target] = 0;
    state[target + 1] = 0;
    this.release(state, thread, slot);
  }

  /** A thread was started by another, or is known by it to be gone. */
  pass(state: Int32Array, from: number, to: number): void {
    this.#add(state, this.#ofThread(to), this.#ofThread(from));
  }

  /** A thread has ended: what it knows matters no more. */
  forget(state: Int32Array, thread: number): void {
    const set = this.#ofThread(thread);
    state[set] = 0;
    state[set + 1] = 0;
  }

  /**
   * A thread accesses a region. Answers the accesses of others that race with this one.
   */
  access(state: Int32Array, access: Access): readonly Access[] {
    const bit = this.#bitOf(access);
    const own = this.#ofThread(access.thread);
    const racing = this.#accesses.filter((other, index) => {
      return other.slot === access.slot && other.region === access.region &&
        other.thread !== access.thread && (other.writes || access.writes) &&
        has(state, this.#at, index) && !has(state, own, index);
    });
    const part = bit >> 5;
    const mask = 1 << (bit & 31);
    for (let set = 1; set < this.#setCount; set++) {
      state[this.#at + set * SET_LENGTH + part]! &= ~mask;
    }
    state[this.#at + part]! |= mask;
    state[own + part]! |= mask;
    return racing;
  }

  /** An access happened before the start; the slot's state word knows of it. */
  assume(state: Int32Array, access: Access): void {
    this.access(state, access);
    this.release(state, access.thread, access.slot);
  }

  #bitOf(access: Access): number {
    const { thread, slot, region, writes } = access;
    const key = `${thread} ${slot} ${region} ${writes}`;
    const known = this.#bits.get(key);
    if (known !== undefined) return known;
    const bit = this.#accesses.length;
    if (bit >= ACCESSES_MAX) throw new RangeError(`Cannot tell more than ${bit} accesses apart`);
    this.#accesses.push(access);
    this.#bits.set(key, bit);
    this.#masks[slot * SET_LENGTH + (bit >> 5)]! |= 1 << (bit & 31);
    return bit;
  }

  #ofSlot(slot: number): number {
    return this.#at + (1 + slot) * SET_LENGTH;
  }

  #ofThread(thread: number): number {
    return this.#at + (1 + this.#slotCount + thread) * SET_LENGTH;
  }

  #add(state: Int32Array, target: number, source: number): void {
    state[target]! |= state[source]!;
    state[target + 1]! |= state[source + 1]!;
  }
}

function has(state: Int32Array, set: number, bit: number): boolean {
  return ((state[set + (bit >> 5)]! >>> (bit & 31)) & 1) !== 0;
}
