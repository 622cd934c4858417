/**
 * Copies of keeps while a fenced incarnation may still write to them.
 *
 * Copied as a seqlock is read (Boehm, Can Seqlocks Get Along with Programming Language Memory
 * Models?, MSPC 2012): the log's state is read before and after, and what was copied counts if it
 * has not moved. Words change in place only while the state is odd, and then the log, which does not
 * change then, says what they change to: recovery applies it. While it is even nothing but the log
 * changes, and nobody reads that.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { LOG } from "./layouts.ts";
import { COPIES_MAX } from "./limits.ts";
import { SharedWords, type WordMemory } from "./words.ts";

const STATE = LOG.at.state >> 2;

/** Words that are copied at once. */
const CHUNK_WORDS = 16 * 1024;

/** A domain's log, and the memories that change by it. */
export interface CopiedKeeps {
  /** The log. */
  readonly log: SharedArrayBuffer;
  /** The memories, in the order in which they were given. */
  readonly buffers: SharedArrayBuffer[];
}

/**
 * Copies a domain's log and memories after it was fenced: a successor that recovers from the copy
 * finds every commit that has returned, and no half of any.
 *
 * @throws {OsError} `EUCLEAN` if the fenced incarnation goes on committing: it breaks the rules, or
 * was not fenced.
 */
export function copyKeeps(
  log: SharedArrayBuffer,
  buffers: readonly SharedArrayBuffer[],
): CopiedKeeps {
  const sources = [log, ...buffers];
  const copies = sources.map(({ byteLength }) => new SharedArrayBuffer(byteLength));
  copyWords(sources.map(words), copies.map(words));
  const [copiedLog, ...copiedBuffers] = copies;
  return { log: copiedLog!, buffers: copiedBuffers };
}

/** The same on words, the log first. */
export function copyWords(sources: readonly WordMemory[], targets: readonly WordMemory[]): void {
  const log = sources[0]!;
  for (let tries = 0; tries < COPIES_MAX; tries++) {
    const state = log.loadInOrder(STATE);
    sources.forEach((source, index) => copyAll(source, targets[index]!));
    if (log.loadFenced(STATE) === state) return;
  }
  throw new OsError("EUCLEAN", "copy keeps: a fenced incarnation goes on committing");
}

function copyAll(source: WordMemory, target: WordMemory): void {
  const chunk = new Uint32Array(Math.min(CHUNK_WORDS, source.wordCount));
  for (let at = 0; at < source.wordCount; at += CHUNK_WORDS) {
    const count = Math.min(CHUNK_WORDS, source.wordCount - at);
    source.load(at, chunk, 0, count);
    target.store(at, chunk, 0, count);
  }
}

function words(buffer: SharedArrayBuffer): SharedWords {
  return new SharedWords(buffer);
}
