/**
 * Records and tables as their domain uses them.
 *
 * @module
 */

import type { Fields, Values } from "@hako/ipc";
import type { Rows } from "./rows.ts";
import type { UsedRows } from "./used_rows.ts";

/** One set of fields that survives its domain's incarnations. */
export class KeptRecord<F extends Fields> {
  readonly #rows: Rows;

  /** The record in the first of these rows. */
  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /**
   * Its values, as this transaction has staged them; all zero, empty and false before the first put.
   *
   * @throws {OsError} `EUCLEAN` if it is damaged.
   */
  get(): Values<F> {
    return this.#rows.getOrZeros(0) as Values<F>;
  }

  /**
   * Stages all its values.
   *
   * @throws {TypeError | RangeError} If a value does not fit its field: nothing is staged.
   * @throws {OsError} `EFBIG` if the transaction outgrows its log: nothing is staged.
   */
  put(values: Values<F>): void {
    this.#rows.put(0, values);
  }

  /** The words that it begins with in a zeroed keep. */
  blank(): Uint32Array {
    return this.#rows.absent(0);
  }
}

/** Rows of fields that survive their domain's incarnations. */
export class KeptTable<F extends Fields> {
  /** How many rows there are, present or not. */
  readonly length: number;
  readonly #rows: Rows;
  readonly #used: UsedRows;
  /** No row before this one is free, unless something has been aborted since. */
  #firstFree = 0;
  #aborts = 0;

  /** A table of these rows. */
  constructor(rows: Rows, used: UsedRows, length: number) {
    this.#rows = rows;
    this.#used = used;
    this.length = length;
  }

  /**
   * The values of a row, as this transaction has staged them; `undefined` if it is not present.
   *
   * @throws {OsError} `EUCLEAN` if it is damaged.
   */
  get(index: number): Values<F> | undefined {
    return this.#rows.get(index) as Values<F> | undefined;
  }

  /**
   * Stages all values of a row, present or not, damaged or not.
   *
   * @throws {TypeError | RangeError} If a value does not fit its field: nothing is staged.
   * @throws {OsError} `EFBIG` if the transaction outgrows its log: the row stays as it was.
   */
  put(index: number, values: Values<F>): void {
    this.#rows.put(index, values, this.#used);
  }

  /**
   * Stages that a row is not present.
   *
   * @throws {OsError} `EFBIG` if the transaction outgrows its log: nothing is staged.
   */
  remove(index: number): void {
    this.#rows.remove(index);
    if (index < this.#firstFree) this.#firstFree = index;
  }

  /** The lowest row that is not present, or -1. A damaged one is not free. */
  free(): number {
    if (this.#aborts !== this.#rows.aborts) this.#firstFree = 0;
    this.#aborts = this.#rows.aborts;
    for (let index = this.#firstFree; index < this.length; index++) {
      if (this.#rows.isFree(index)) return this.#firstFree = index;
    }
    return -1;
  }

  /**
   * The rows that are present, by index. Rows may be put and removed meanwhile.
   *
   * @throws {OsError} `EUCLEAN` at a damaged row.
   */
  *entries(): Generator<[number, Values<F>], void, void> {
    for (let index = 0; index < this.#used.bound; index++) {
      const values = this.get(index);
      if (values !== undefined) yield [index, values];
    }
  }

  /** The rows that are damaged: putting or removing one mends it. */
  damaged(): number[] {
    return Array.from({ length: this.length }, (_, index) => index)
      .filter((index) => this.#rows.isDamaged(index));
  }

  /** The words that it begins with in a zeroed keep. */
  blank(): Uint32Array {
    return this.#used.blank();
  }
}
