/**
 * What a check found wrong.
 *
 * @module
 */

/** One thing that is wrong. */
export interface Finding {
  /** Where: `inode 12`, `group 3`, `block 4711`, `superblock`. */
  readonly where: string;
  /** What, in a few words. */
  readonly what: string;
}

/** Findings, of which there are never too many to be read. */
export class Findings {
  /** The first of them. */
  readonly first: Finding[] = [];
  /** How many there are in all. */
  count = 0;
  readonly #max: number;

  /** @param max How many are kept. */
  constructor(max = 1000) {
    this.#max = max;
  }

  /** Adds one. */
  add(where: string, what: string): void {
    this.count++;
    if (this.first.length < this.#max) this.first.push({ where, what });
  }
}
