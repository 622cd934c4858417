/**
 * How many rows of a table have ever been put.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";
import { TABLE } from "./layouts.ts";
import type { Region } from "./transactions.ts";

const CHECKSUM = TABLE.at.checksum >> 2;
const USED = TABLE.at.used >> 2;
const HEAD_WORDS = TABLE.byteLength >> 2;

/** Where the head of a table lies. */
export interface UsedRowsPlace {
  /** Its memory. */
  readonly region: Region;
  /** Index of its first word. */
  readonly at: number;
  /** How many rows the table has. */
  readonly length: number;
}

/** The bound above which no row of a table needs to be looked at. */
export class UsedRows {
  readonly #place: UsedRowsPlace;
  readonly #head: Uint32Array = new Uint32Array(HEAD_WORDS);
  /** What was read or staged last; it holds until something is aborted. */
  #bound = -1;
  #aborts = 0;

  /** The bound of the table with its head at a place. */
  constructor(place: UsedRowsPlace) {
    this.#place = place;
  }

  /** From this row on none was ever put. If that cannot be told, it is the end of the table. */
  get bound(): number {
    const { aborts } = this.#place.region.transactions;
    if (this.#bound < 0 || this.#aborts !== aborts) this.#bound = this.#read();
    this.#aborts = aborts;
    return this.#bound;
  }

  /**
   * Stages that a row is put: to be called before it is staged itself.
   *
   * @throws {OsError} `EFBIG` if the transaction outgrows its log: nothing is staged.
   */
  cover(index: number): void {
    if (index < this.bound) return;
    this.#fill(index + 1);
    this.#place.region.stage(this.#place.at, this.#head, HEAD_WORDS);
    this.#bound = index + 1;
  }

  /** The words of the head of a table of which no row was put. */
  blank(): Uint32Array {
    this.#fill(0);
    return this.#head;
  }

  #read(): number {
    const { region, at, length } = this.#place;
    const head = this.#head;
    region.load(at, head, HEAD_WORDS);
    const isSound = head[CHECKSUM] === crc32c(head, USED, 1, at) && head[USED]! <= length;
    return isSound ? head[USED]! : length;
  }

  #fill(used: number): void {
    this.#head[USED] = used;
    this.#head[CHECKSUM] = crc32c(this.#head, USED, 1, this.#place.at);
  }
}
