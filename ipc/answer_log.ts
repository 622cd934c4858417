/**
 * What makes a request that may not be done twice be done once: a log of answers that outlives the
 * server's incarnation, and changes that are committed together with the answer.
 *
 * The channel layer knows only these two faces; who keeps the memory implements them.
 *
 * @module
 */

import type { Ends, MessagePlace } from "./codec.ts";
import { PAYLOAD_BYTES, REPLY_NEAR_WORDS, REPLY_WORDS } from "./limits.ts";
import type { Operation } from "./protocol.ts";

/** Words of the longest answer: the result, the fixed fields, the variable ones. */
export const ANSWER_WORDS_MAX: number = 1 + REPLY_WORDS + PAYLOAD_BYTES / 4;

/** The answers of one connection to requests that may not be done twice: one for each slot. */
export interface AnswerLog {
  /**
   * Copies the answer of a request into `target`; answers how many words it has, or 0 if the request
   * has not been answered by any incarnation. What is recorded but cannot be read is an answer too:
   * an errno.
   */
  recall(sequence: number, target: Int32Array): number;
  /** Adds an answer of `count` words to the changes that the next commit keeps. */
  stage(sequence: number, source: Int32Array, count: number): void;
}

/** What the handlers of a domain change in its keeps: all of it or nothing, whoever dies. */
export interface StagedChanges {
  /** Whether nothing waits to be committed. */
  readonly isEmpty: boolean;
  /** Keeps the changes. Throws, and keeps none, if this incarnation was fenced. */
  commit(): void;
  /** Forgets the changes. */
  abort(): void;
}

/** How much of an answer's place an operation uses. */
export interface AnswerSize {
  /** Words of its fixed fields. */
  readonly words: number;
  /** Words that hold the most bytes of its variable ones. */
  readonly payloadWords: number;
}

/** The size of the answers of an operation. */
export function answerSize({ reply = {} }: Operation): AnswerSize {
  let words = 0;
  let byteLength = 0;
  for (const field of Object.values(reply)) {
    words += field.words;
    byteLength += field.byteLengthMax;
  }
  return { words, payloadWords: (byteLength + 3) >> 2 };
}

/** Copies an answer out of its slot; answers how many words. An errno has no fields. */
export function copyAnswer(
  { words }: Ends,
  place: MessagePlace,
  size: AnswerSize,
  target: Int32Array,
): number {
  const { near, far, payload } = place;
  const result = words[near - 1]!;
  target[0] = result;
  if (result < 0) return 1;
  for (let i = 0; i < size.words; i++) {
    target[1 + i] = words[i < REPLY_NEAR_WORDS ? near + i : far + i - REPLY_NEAR_WORDS]!;
  }
  const first = payload >> 2;
  for (let i = 0; i < size.payloadWords; i++) target[1 + size.words + i] = words[first + i]!;
  return 1 + size.words + size.payloadWords;
}

/** Puts a copied answer into the slot again. */
export function placeAnswer(
  { words }: Ends,
  place: MessagePlace,
  size: AnswerSize,
  source: Int32Array,
): void {
  const { near, far, payload } = place;
  words[near - 1] = source[0]!;
  if (source[0]! < 0) return;
  for (let i = 0; i < size.words; i++) {
    words[i < REPLY_NEAR_WORDS ? near + i : far + i - REPLY_NEAR_WORDS] = source[1 + i]!;
  }
  const first = payload >> 2;
  for (let i = 0; i < size.payloadWords; i++) words[first + i] = source[1 + size.words + i]!;
}
