/**
 * The states that were met, by a fingerprint of 64 bits, and how each was first reached.
 *
 * Two different states with one fingerprint would be taken for one: with ten million states the
 * chance of any such pair is about 3 in a million.
 *
 * @module
 */

/** States in order of discovery. */
export class SeenStates {
  /** How many states there are. */
  count = 0;
  #first: Int32Array;
  #second: Int32Array;
  #parents: Int32Array;
  #choices: Uint8Array;
  #table: Int32Array;
  #mask: number;

  /** Room for a few states; it grows. */
  constructor() {
    const capacity = 1 << 12;
    this.#first = new Int32Array(capacity);
    this.#second = new Int32Array(capacity);
    this.#parents = new Int32Array(capacity);
    this.#choices = new Uint8Array(capacity);
    this.#table = new Int32Array(capacity * 2).fill(-1);
    this.#mask = capacity * 2 - 1;
  }

  /** Adds a state; answers whether it was new. Hot path. */
  add(state: Int32Array, parent: number, choice: number): boolean {
    let first = 0x9e3779b1 | 0;
    let second = 0x85ebca77 | 0;
    for (let i = 0; i < state.length; i++) {
      const value = state[i]!;
      first = Math.imul(first ^ value, 0x01000193);
      first ^= first >>> 15;
      second = Math.imul(second + value, 0x2c1b3c6d);
      second ^= second >>> 13;
    }
    first = Math.imul(first ^ (first >>> 16), 0x297a2d39);
    first ^= first >>> 15;
    let at = first & this.#mask;
    for (;;) {
      const known = this.#table[at]!;
      if (known < 0) break;
      if (this.#first[known] === first && this.#second[known] === second) return false;
      at = (at + 1) & this.#mask;
    }
    if (this.count === this.#first.length) {
      this.#grow();
      at = this.#freePlace(first);
    }
    this.#table[at] = this.count;
    this.#first[this.count] = first;
    this.#second[this.count] = second;
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

  #freePlace(first: number): number {
    let at = first & this.#mask;
    while (this.#table[at]! >= 0) at = (at + 1) & this.#mask;
    return at;
  }

  #grow(): void {
    const capacity = this.#first.length * 2;
    this.#first = enlarged(this.#first, capacity);
    this.#second = enlarged(this.#second, capacity);
    this.#parents = enlarged(this.#parents, capacity);
    const choices = new Uint8Array(capacity);
    choices.set(this.#choices);
    this.#choices = choices;
    this.#table = new Int32Array(capacity * 2).fill(-1);
    this.#mask = capacity * 2 - 1;
    for (let number = 0; number < this.count; number++) {
      this.#table[this.#freePlace(this.#first[number]!)] = number;
    }
  }
}

function enlarged(source: Int32Array, length: number): Int32Array {
  const target = new Int32Array(length);
  target.set(source);
  return target;
}
