/**
 * Chance with a seed: the only source of it in a simulated world, so that a seed replays exactly.
 *
 * Everybody in the world has a stream of their own, named after them. To leave one of them out then
 * changes nothing about what the others draw.
 *
 * @module
 */

/** A stream of chance (mulberry32). */
export class Chance {
  #state: number;

  /**
   * The stream of somebody in the world of a seed.
   *
   * @param seed The seed of the world.
   * @param name Whose stream it is.
   */
  constructor(seed: number, name: string) {
    let hash = 0x811c9dc5;
    for (let index = 0; index < name.length; index++) {
      hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
    }
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ hash) >>> 0;
  }

  /** A number from 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    const state = this.#state;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** An integer from 0 up to `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** An integer from `low` to `high`, both possible. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** Whether what happens so often happens now. */
  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}
