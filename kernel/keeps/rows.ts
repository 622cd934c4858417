/**
 * Rows of fields in a region, each with a checksum: what was scribbled over is found when it is read.
 *
 * @module
 */

import { type AnyValues, type Codec, compileCodec, crc32c, type Fields, OsError } from "@hako/ipc";
import { ROW } from "./layouts.ts";
import { fixedWords, rowWords } from "./schema.ts";
import type { Region } from "./transactions.ts";

const CHECKSUM = ROW.at.checksum >> 2;
const PRESENT = ROW.at.present >> 2;
const HEAD_WORDS = ROW.byteLength >> 2;

/** No field of a keep is a window. */
const NO_WINDOWS = { segmentOf: () => 0, segment: () => undefined };

/** Where rows lie, and what they are called. */
export interface RowsPlace {
  /** Their memory. */
  readonly region: Region;
  /** Index of the first word of the first row. */
  readonly at: number;
  /** How many. */
  readonly length: number;
  /** What they are called in errors, as `keep 3: files`. */
  readonly what: string;
}

/** Rows of one kind. */
export class Rows {
  readonly #place: RowsPlace;
  readonly #codec: Codec;
  readonly #rowWords: number;
  /** One row: what is read or about to be staged. A copy, so what is checked is what is used. */
  readonly #row: Uint32Array;
  readonly #ends: { readonly words: Int32Array; readonly bytes: Uint8Array };
  readonly #message: { near: number; far: number; payload: number };

  /** The rows of these fields at a place. */
  constructor(place: RowsPlace, fields: Fields) {
    this.#place = place;
    const words = fixedWords(fields);
    this.#codec = compileCodec(`Cannot put ${place.what}`, fields, words);
    this.#rowWords = rowWords(fields);
    this.#row = new Uint32Array(this.#rowWords);
    const { buffer } = this.#row;
    this.#ends = { words: new Int32Array(buffer), bytes: new Uint8Array(buffer) };
    this.#message = { near: HEAD_WORDS, far: 0, payload: (HEAD_WORDS + words) * 4 };
  }

  /**
   * Whether a row is present.
   *
   * @throws {OsError} `EUCLEAN` if it is damaged.
   */
  has(index: number): boolean {
    const at = this.#load(index);
    const isPresent = this.#row[PRESENT] === 1;
    if (!this.#isSound(at)) throw this.#damaged(index, "its checksum does not match");
    return isPresent;
  }

  /** How many transactions have been aborted. */
  get aborts(): number {
    return this.#place.region.transactions.aborts;
  }

  /** Whether a row is not present, nor damaged. */
  isFree(index: number): boolean {
    return this.#isSound(this.#load(index)) && this.#row[PRESENT] === 0;
  }

  /** Whether a row was written by no transaction, nor by the opening of the keep. */
  isDamaged(index: number): boolean {
    return !this.#isSound(this.#load(index));
  }

  /**
   * The values of a row, or `undefined` if it is not present.
   *
   * @throws {OsError} `EUCLEAN` if it is damaged.
   */
  get(index: number): AnyValues | undefined {
    if (!this.has(index)) return undefined;
    const values = this.#codec.blank();
    const refused = this.#codec.read(this.#ends, this.#message, values, NO_WINDOWS, 0);
    if (refused !== 0) throw this.#damaged(index, "a field has a value that it cannot have");
    return values;
  }

  /** Stages the values of a row. */
  put(index: number, values: Readonly<AnyValues>): void {
    const at = this.#at(index);
    this.#row.fill(0);
    this.#codec.write(this.#ends, this.#message, values, NO_WINDOWS);
    this.#row[PRESENT] = 1;
    this.#row[CHECKSUM] = this.#checksum(at);
    this.#place.region.stage(at, this.#row, this.#rowWords);
  }

  /** Stages that a row is not present. */
  remove(index: number): void {
    const at = this.#at(index);
    this.#row[PRESENT] = 0;
    this.#row[CHECKSUM] = this.#checksum(at);
    this.#place.region.stage(at, this.#row, HEAD_WORDS);
  }

  /** Fills the row buffer with what a row is before anything was put; answers its words. */
  blank(index: number, present: 0 | 1): Uint32Array {
    this.#row.fill(0);
    this.#row[PRESENT] = present;
    this.#row[CHECKSUM] = this.#checksum(this.#at(index));
    return this.#row;
  }

  #at(index: number): number {
    const { at, length, what } = this.#place;
    if (!Number.isInteger(index) || index < 0 || index >= length) {
      throw new RangeError(`Cannot find ${what}[${index}]: it has ${length} rows`);
    }
    return at + index * this.#rowWords;
  }

  #load(index: number): number {
    const at = this.#at(index);
    this.#place.region.load(at, this.#row, this.#rowWords);
    return at;
  }

  #isSound(at: number): boolean {
    return this.#row[PRESENT]! <= 1 && this.#row[CHECKSUM] === this.#checksum(at);
  }

  /** Of the place, so that a row that was copied elsewhere is none; a row without fields ends there. */
  #checksum(at: number): number {
    const count = this.#row[PRESENT] === 0 ? 1 : this.#rowWords - 1;
    return crc32c(this.#row, PRESENT, count, at);
  }

  #damaged(index: number, how: string): OsError {
    return new OsError("EUCLEAN", `read ${this.#place.what}[${index}]: ${how}`);
  }
}
