/**
 * Rows that outlive nobody: what the tests use in the place of a keep.
 *
 * @module
 */

import type { Rows } from "./rows.ts";

/** Rows in an array. They can be copied, to see that a refused change has left them as they were. */
export class MemoryRows<T> implements Rows<T> {
  readonly length: number;
  readonly #rows: (T | undefined)[];

  constructor(length: number) {
    this.length = length;
    this.#rows = new Array(length).fill(undefined);
  }

  get(index: number): T | undefined {
    return this.#rows[index];
  }

  put(index: number, values: T): void {
    this.#rows[index] = { ...values };
  }

  remove(index: number): void {
    this.#rows[index] = undefined;
  }

  free(): number {
    return this.#rows.indexOf(undefined);
  }

  *entries(): Iterable<[number, T]> {
    for (const [index, row] of this.#rows.entries()) if (row !== undefined) yield [index, row];
  }

  /** All that the rows hold now. */
  copy(): (T | undefined)[] {
    return structuredClone(this.#rows);
  }
}
