/**
 * Rows of fields in a region, each with a checksum: what was scribbled over is found when it is read.
 *
 * A row that nobody has put is all zero, as its memory was given: so a table costs nothing before it
 * is used, however long it is. All of it must be zero, so that a row whose head alone was zeroed is
 * found. One that was removed has a head with a checksum, and says nothing of its fields.
 *
 * @module
 */

import { type AnyValues, type Codec, compileCodec, crc32c, type Fields, OsError } from "@hako/ipc";
import { ROW } from "./layouts.ts";
import { fixedWords, rowWords } from "./schema.ts";
import type { Region } from "./transactions.ts";
import type { UsedRows } from "./used_rows.ts";

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
  readonly #fields: Fields;
  readonly #fixedWords: number;
  readonly #rowWords: number;
  /** Compiled when it is first needed: many tables of a successor are never looked into. */
  #compiled: Codec | undefined;
  /** One row: what is read or about to be staged. A copy, so what is checked is what is used. */
  readonly #row: Uint32Array;
  readonly #ends: { readonly words: Int32Array; readonly bytes: Uint8Array };
  readonly #message: { near: number; far: number; payload: number };

  /** The rows of these fields at a place. */
  constructor(place: RowsPlace, fields: Fields) {
    this.#place = place;
    this.#fields = fields;
    const words = this.#fixedWords = fixedWords(fields);
    this.#rowWords = rowWords(fields);
    this.#row = new Uint32Array(this.#rowWords);
    const { buffer } = this.#row;
    this.#ends = { words: new Int32Array(buffer), bytes: new Uint8Array(buffer) };
    this.#message = { near: HEAD_WORDS, far: 0, payload: (HEAD_WORDS + words) * 4 };
  }

  /** How many transactions have been aborted. */
  get aborts(): number {
    return this.#place.region.transactions.aborts;
  }

  /** Whether a row is not present, nor damaged. */
  isFree(index: number): boolean {
    return this.#isSound(this.#load(index)) && this.#row[PRESENT] === 0;
  }

  /** Whether a row is neither as it was given, nor as a transaction has left it. */
  isDamaged(index: number): boolean {
    return !this.#isSound(this.#load(index));
  }

  /**
   * The values of a row, or `undefined` if it is not present.
   *
   * @throws {OsError} `EUCLEAN` if it is damaged.
   */
  get(index: number): AnyValues | undefined {
    const at = this.#load(index);
    const isPresent = this.#row[PRESENT] === 1;
    if (!this.#isSound(at)) throw this.#damaged(index, "its checksum does not match");
    return isPresent ? this.#values(index) : undefined;
  }

  /** The same, with all values zero, empty and false if the row is not present. */
  getOrZeros(index: number): AnyValues {
    const values = this.get(index);
    if (values !== undefined) return values;
    this.#row.fill(0);
    return this.#values(index);
  }

  /**
   * Stages the values of a row.
   *
   * @param used Where it is noted that the row is used; nowhere for a record.
   */
  put(index: number, values: Readonly<AnyValues>, used?: UsedRows): void {
    const at = this.#at(index);
    this.#row.fill(0);
    this.#codec.write(this.#ends, this.#message, values, NO_WINDOWS);
    this.#row[PRESENT] = 1;
    this.#row[CHECKSUM] = this.#checksum(at);
    used?.cover(index); // First: without the row it does no harm, and the row without it is missed.
    this.#place.region.stage(at, this.#row, this.#rowWords);
  }

  /** Stages that a row is not present. */
  remove(index: number): void {
    const at = this.#at(index);
    this.#place.region.stage(at, this.absent(index), HEAD_WORDS);
  }

  /** The words of the head of a row that is not present. */
  absent(index: number): Uint32Array {
    this.#row[PRESENT] = 0;
    this.#row[CHECKSUM] = this.#checksum(this.#at(index));
    return this.#row.subarray(0, HEAD_WORDS);
  }

  get #codec(): Codec {
    const { what } = this.#place;
    return this.#compiled ??= compileCodec(`Cannot put ${what}`, this.#fields, this.#fixedWords);
  }

  #values(index: number): AnyValues {
    const values = this.#codec.blank();
    const refused = this.#codec.read(this.#ends, this.#message, values, NO_WINDOWS, 0);
    if (refused !== 0) throw this.#damaged(index, "a field has a value that it cannot have");
    return values;
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
    const row = this.#row;
    if (row[CHECKSUM] === 0 && row[PRESENT] === 0) return isZero(row);
    return row[PRESENT]! <= 1 && row[CHECKSUM] === this.#checksum(at);
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

function isZero(words: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}
