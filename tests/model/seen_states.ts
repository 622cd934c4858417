/**
 * The states that were met, by a fingerprint of 64 bits, and how each was first reached.
 *
 * Two different states with one fingerprint would be taken for one: with ten million states the
 * chance of any such pair is about 3 in a million.
 *
 * @module
 */

/** Numbers of a fingerprint. */
const PRINT_LENGTH = 2;

/** States in order of discovery. */
export class SeenStates {
  /** How many states there are. */
  count = 0;
  #parents: Int32Array;
  #choices: Uint8Array;
  /** Fingerprints, each at the place that its first number says or behind it; 0 where there is none. */
  #table: Int32Array;
  #mask: number;

  /** Room for a few states; it grows. */
  constructor() {
    const capacity = 1 << 12;
    this.#parents = new Int32Array(capacity);
    this.#choices = new Uint8Array(capacity);
    this.#table = new Int32Array(capacity * 2 * PRINT_LENGTH);
    this.#mask = capacity * 2 - 1;
  }

  /** Adds a state; answers whether it was new. Hot path. */
  add(state: Int32Array, parent: number, choice: number): boolean {
    // Two chains for the even numbers and two for the odd ones: a processor follows all at a time.
    let first = 0x9e3779b1 | 0;
    let second = 0x85ebca77 | 0;
    let third = 0xc2b2ae3d | 0;
    let fourth = 0x27d4eb2f | 0;
    for (let i = 1; i < state.length; i += 2) {
      const even = state[i - 1]!;
      const odd = state[i]!;
      first = Math.imul(first ^ even, 0x01000193);
      first ^= first >>> 15;
      second = Math.imul(second + even, 0x2c1b3c6d);
      second ^= second >>> 13;
      third = Math.imul(third ^ odd, 0x01000193);
      third ^= third >>> 15;
      fourth = Math.imul(fourth + odd, 0x2c1b3c6d);
      fourth ^= fourth >>> 13;
    }
    if ((state.length & 1) !== 0) {
      const last = state[state.length - 1]!;
      first = Math.imul(first ^ last, 0x01000193);
      second = Math.imul(second + last, 0x2c1b3c6d);
    }
    first = Math.imul(first ^ (first >>> 16), 0x297a2d39) + Math.imul(third, 0x85ebca6b);
    first = Math.imul(first ^ (first >>> 15), 0x297a2d39);
    first ^= first >>> 15;
    second = Math.imul(second ^ (second >>> 16), 0x1b56c4e9) + Math.imul(fourth, 0xc2b2ae35);
    second ^= second >>> 13;
    if (second === 0) second = 1; // 0 is no fingerprint.
    const place = this.#placeOf(first, second);
    if (this.#table[place + 1] === second) return false;
    this.#table[place] = first;
    this.#table[place + 1] = second;
    if (this.count === this.#parents.length) this.#grow();
    this.#parents[this.count] = parent;
    this.#choices[this.count] = choice;
    this.count++;
    return true;
  }

  /** The choices that led to a state from the first one. */
  pathTo(number: number): readonly number[] {
    const path: number[] = [];
    for (let at = number; at > 0; at = this.#parents[at]!) path.push(this.#choices[at]!);
    return path.reverse();
  }

  /** Where a fingerprint stands, or is to stand. */
  #placeOf(first: number, second: number): number {
    const table = this.#table;
    for (let at = first & this.#mask;; at = (at + 1) & this.#mask) {
      const place = at * PRINT_LENGTH;
      const known = table[place + 1]!;
      if (known === 0 || (known === second && table[place] === first)) return place;
    }
  }

  #grow(): void {
    const capacity = this.#parents.length * 2;
    const parents = new Int32Array(capacity);
    parents.set(this.#parents);
    this.#parents = parents;
    const choices = new Uint8Array(capacity);
    choices.set(this.#choices);
    this.#choices = choices;
    const before = this.#table;
    this.#table = new Int32Array(capacity * 2 * PRINT_LENGTH);
    this.#mask = capacity * 2 - 1;
    for (let place = 0; place < before.length; place += PRINT_LENGTH) {
      const second = before[place + 1]!;
      if (second === 0) continue;
      const first = before[place]!;
      const target = this.#placeOf(first, second);
      this.#table[target] = first;
      this.#table[target + 1] = second;
    }
  }
}
