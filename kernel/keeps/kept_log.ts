/**
 * A log of bytes as its domain uses it.
 *
 * @module
 */

import { crc32c, OsError } from "@hako/ipc";
import { LOG_HEAD_WORDS } from "./schema.ts";
import type { Region } from "./transactions.ts";

/** Words of the head of an entry: a checksum, and the bytes that follow. */
const ENTRY_HEAD_WORDS = 2;

const CHECKSUM = 0;
const WORDS_USED = 1;
const ENTRIES = 2;
const BYTE_LENGTH = 1;

/** Where a log lies, and what it is called. */
export interface LogPlace {
  /** Its memory. */
  readonly region: Region;
  /** Index of its first word. */
  readonly at: number;
  /** Words for entries. */
  readonly words: number;
  /** What it is called in errors. */
  readonly what: string;
}

/** Runs of bytes that survive their domain's incarnations, in the order in which they came. */
export class KeptLog {
  readonly #place: LogPlace;
  readonly #head: Uint32Array = new Uint32Array(LOG_HEAD_WORDS);

  /** A log at a place. */
  constructor(place: LogPlace) {
    this.#place = place;
  }

  /**
   * How many entries there are.
   *
   * @throws {OsError} `EUCLEAN` if the log's head is damaged.
   */
  get length(): number {
    this.#loadHead();
    return this.#head[ENTRIES]!;
  }

  /**
   * Stages an entry at the end; answers `false` if the log is full.
   *
   * @throws {OsError} `EFBIG` if the transaction outgrows its redo log: this log stays as it was;
   * `EUCLEAN` if the log's head is damaged.
   */
  append(source: Uint8Array): boolean {
    this.#loadHead();
    const used = this.#head[WORDS_USED]!;
    const words = entryWords(source.byteLength);
    if (words > this.#place.words - used) return false;
    const entry = new Uint32Array(words);
    new Uint8Array(entry.buffer).set(source, ENTRY_HEAD_WORDS * 4);
    entry[BYTE_LENGTH] = source.byteLength;
    const at = this.#place.at + LOG_HEAD_WORDS + used;
    entry[CHECKSUM] = crc32c(entry, BYTE_LENGTH, words - 1, at);
    // The entry first: if there is no room for both, the head does not speak of it. It may lie over
    // entries that this transaction has appended and cleared.
    this.#place.region.stageOver(at, entry, words);
    this.#stageHead(used + words, this.#head[ENTRIES]! + 1);
    return true;
  }

  /** Stages that there is no entry. Mends a damaged log. */
  clear(): void {
    this.#stageHead(0, 0);
  }

  /**
   * The entries, oldest first, each a copy.
   *
   * @throws {OsError} `EUCLEAN` at a damaged entry.
   */
  *entries(): Generator<Uint8Array, void, void> {
    this.#loadHead();
    const used = this.#head[WORDS_USED]!;
    const count = this.#head[ENTRIES]!;
    let passed = 0;
    for (let index = 0; index < count; index++) {
      const entry = this.#loadEntry(index, passed, used);
      yield new Uint8Array(entry.buffer, ENTRY_HEAD_WORDS * 4, entry[BYTE_LENGTH]!);
      passed += entry.length;
    }
  }

  /** The words that it begins with in a zeroed keep. */
  blank(): Uint32Array {
    this.#fillHead(0, 0);
    return this.#head;
  }

  #loadEntry(index: number, passed: number, used: number): Uint32Array {
    const { region, at, what } = this.#place;
    const first = at + LOG_HEAD_WORDS + passed;
    const head = new Uint32Array(ENTRY_HEAD_WORDS);
    const left = used - passed;
    if (left >= ENTRY_HEAD_WORDS) region.load(first, head, ENTRY_HEAD_WORDS);
    const words = entryWords(head[BYTE_LENGTH]!);
    const entry = new Uint32Array(Math.min(words, left));
    if (words <= left) region.load(first, entry, words);
    if (words > left || entry[CHECKSUM] !== crc32c(entry, BYTE_LENGTH, words - 1, first)) {
      throw new OsError("EUCLEAN", `read ${what}[${index}]: its checksum does not match`);
    }
    return entry;
  }

  #loadHead(): void {
    const { region, at, words, what } = this.#place;
    const head = this.#head;
    region.load(at, head, LOG_HEAD_WORDS);
    if (head[CHECKSUM] === crc32c(head, WORDS_USED, 2, at) && head[WORDS_USED]! <= words) return;
    throw new OsError("EUCLEAN", `read the head of ${what}: its checksum does not match`);
  }

  #fillHead(used: number, entries: number): void {
    this.#head[WORDS_USED] = used;
    this.#head[ENTRIES] = entries;
    this.#head[CHECKSUM] = crc32c(this.#head, WORDS_USED, 2, this.#place.at);
  }

  #stageHead(used: number, entries: number): void {
    this.#fillHead(used, entries);
    this.#place.region.stage(this.#place.at, this.#head, LOG_HEAD_WORDS);
  }
}

function entryWords(byteLength: number): number {
  return ENTRY_HEAD_WORDS + Math.ceil(byteLength / 4);
}
