/**
 * The limits of the keeps, each with where it comes from.
 *
 * @module
 */

import { ANSWER_WORDS_MAX, SLOT_COUNT } from "@hako/ipc";
import { ANSWER, ENTRY } from "./layouts.ts";

/** A keep is a whole number of these, as every segment is. */
export const PAGE_BYTES = 4096;

/** Bytes of a domain's redo log, unless more is asked for: 150 rows of 100 words each. */
export const LOG_BYTES_DEFAULT: number = 64 * 1024;

/** Bytes that a redo log has at least: one page, in which 800 words of changes fit. */
export const LOG_BYTES_MIN: number = PAGE_BYTES;

/** Words of one recorded answer at most. */
export const ANSWER_RECORD_WORDS: number = (ANSWER.byteLength >> 2) + ANSWER_WORDS_MAX;

/** Words of a log that only an answer may use: a handler can fill the rest and is answered yet. */
export const ANSWER_ROOM_WORDS: number = (ENTRY.byteLength >> 2) + ANSWER_RECORD_WORDS;

/** Bytes of the answers of one connection: one record for each slot, in whole pages. */
export const ANSWERS_BYTES: number = Math.ceil(SLOT_COUNT * ANSWER_RECORD_WORDS * 4 / PAGE_BYTES) *
  PAGE_BYTES;

/** Rows of a table at most: what one look at each takes a few milliseconds for. */
export const ROWS_MAX = 65_536;

/** Bytes of a keep with a schema at most: word indexes stay small integers. */
export const KEEP_BYTES_MAX = 2 ** 30;

/**
 * Copies of a domain's keeps before its zombie is found to break the rules: a fenced incarnation
 * moves the log's state at most once more, so the second copy is whole.
 */
export const COPIES_MAX = 4;
