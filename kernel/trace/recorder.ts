/**
 * The writing end of a trace: one for each incarnation, in its worker.
 *
 * @module
 */

import { assert, type RequestTrace } from "@hako/ipc";
import {
  TRACE,
  TRACE_BYTES,
  TRACE_CALLS_AT,
  TRACE_KIND,
  TRACE_NAME,
  TRACE_NAMES_AT,
  TRACE_NOTES_AT,
  TRACE_RECORD,
  type TraceKind,
} from "../layouts/trace.ts";
import { ORIGIN_US } from "./clock.ts";
import { bucketOf } from "./histogram.ts";
import {
  TRACE_CALLS_KEPT,
  TRACE_NAME_BYTES_MAX,
  TRACE_NAMES_MAX,
  TRACE_NOTES_KEPT,
} from "./limits.ts";
import { CHECK_WORD, checkOf, RECORD_WORDS } from "./record.ts";

const CALLS = TRACE.at.calls >> 2;
const ERRORS = TRACE.at.errors >> 2;
const CALL_CURSOR = TRACE.at.callCursor >> 2;
const NOTE_CURSOR = TRACE.at.noteCursor >> 2;
const HISTOGRAM = TRACE.at.histogram >> 2;
const CALL_RING = TRACE_CALLS_AT >> 2;
const NOTE_RING = TRACE_NOTES_AT >> 2;
const NUMBER = TRACE_RECORD.at.number >> 2;
const KIND = TRACE_RECORD.at.kind >> 2;
const START = TRACE_RECORD.at.startUs >> 3;
const DURATION = TRACE_RECORD.at.durationUs >> 3;
const EPOCH = TRACE_RECORD.at.epoch >> 2;
const BADGE = TRACE_RECORD.at.badge >> 2;
const OPERATION = TRACE_RECORD.at.operation >> 2;
const SEQUENCE = TRACE_RECORD.at.sequence >> 2;
const RESULT = TRACE_RECORD.at.result >> 2;

/** What a domain writes of its own doings. It waits for nobody, and nobody waits for it. */
export class TraceRecorder implements RequestTrace {
  /** The first word is 0 while nobody observes. Read without order: a late look costs a record. */
  readonly observed: Int32Array;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #epoch: number;
  #nextCall: number;
  #nextNote: number;
  #names = 0;

  /**
   * Goes on where the incarnation before stopped.
   *
   * @param buffer The domain's trace memory.
   * @param epoch The number of this life.
   */
  constructor(buffer: SharedArrayBuffer, epoch: number) {
    assert(buffer.byteLength === TRACE_BYTES, "a trace memory is as long as its layout");
    this.observed = new Int32Array(buffer, TRACE.at.observers, 1);
    this.#words = new Int32Array(buffer);
    this.#doubles = new Float64Array(buffer);
    this.#epoch = epoch;
    this.#nextCall = this.#words[CALL_CURSOR]!;
    this.#nextNote = this.#words[NOTE_CURSOR]!;
  }

  /**
   * Records a request that was answered. Told only while somebody observes. Hot path.
   *
   * @param badge The client.
   * @param code The operation's number in its protocol.
   * @param startMs When it was taken, on this worker's `performance.now()`; `endMs` likewise.
   * @param result The count or negative errno that was answered.
   */
  answered(
    badge: number,
    code: number,
    sequence: number,
    startMs: number,
    endMs: number,
    result: number,
  ): void {
    const words = this.#words;
    const durationUs = (endMs - startMs) * 1_000;
    const bucket = HISTOGRAM + bucketOf(durationUs);
    words[bucket] = words[bucket]! + 1;
    words[CALLS] = words[CALLS]! + 1;
    if (result < 0) words[ERRORS] = words[ERRORS]! + 1;
    const number = this.#nextCall;
    const first = CALL_RING + (number & (TRACE_CALLS_KEPT - 1)) * RECORD_WORDS;
    words[first + BADGE] = badge;
    words[first + OPERATION] = code;
    words[first + SEQUENCE] = sequence;
    words[first + RESULT] = result;
    this.#finish(first, number, TRACE_KIND.CALL, startMs, durationUs);
    this.#nextCall = (number + 1) | 0;
    words[CALL_CURSOR] = this.#nextCall;
  }

  /** Names operations, beside those that this life has named before; beyond the limit they have numbers. */
  nameOperations(operations: ReadonlyMap<number, { readonly name: string }>): void {
    for (const [code, { name }] of operations) {
      if (this.#names === TRACE_NAMES_MAX) return;
      const at = TRACE_NAMES_AT + this.#names++ * TRACE_NAME.byteLength;
      const text = new Uint8Array(TRACE_NAME_BYTES_MAX);
      const { written } = new TextEncoder().encodeInto(name, text);
      new Uint8Array(this.#words.buffer).set(text, at + TRACE_NAME.at.text);
      this.#words[(at + TRACE_NAME.at.operation) >> 2] = code;
      this.#words[(at + TRACE_NAME.at.byteLength) >> 2] = written;
    }
  }

  /** Records a rare step of this life, whether anybody observes or not. */
  note(kind: Exclude<TraceKind, typeof TRACE_KIND.CALL>, atMs: number = performance.now()): void {
    const words = this.#words;
    const number = this.#nextNote;
    const first = NOTE_RING + (number & (TRACE_NOTES_KEPT - 1)) * RECORD_WORDS;
    words.fill(0, first, first + RECORD_WORDS);
    this.#finish(first, number, kind, atMs, 0);
    this.#nextNote = (number + 1) | 0;
    words[NOTE_CURSOR] = this.#nextNote;
  }

  #finish(first: number, number: number, kind: number, startMs: number, durationUs: number): void {
    const words = this.#words;
    words[first + NUMBER] = number;
    words[first + KIND] = kind;
    words[first + EPOCH] = this.#epoch;
    this.#doubles[(first >> 1) + START] = ORIGIN_US + startMs * 1_000;
    this.#doubles[(first >> 1) + DURATION] = durationUs;
    words[first + CHECK_WORD] = checkOf(words, first);
  }
}
