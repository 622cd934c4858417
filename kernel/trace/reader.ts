/**
 * The reading end of a trace. It runs beside the writer, which may be a zombie beside its
 * successor: every record is copied first, then judged, and what does not add up is left out.
 * Whatever lies in the memory, reading it ends, and what it answers has the shape it promises.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import {
  TRACE,
  TRACE_BYTES,
  TRACE_CALLS_AT,
  TRACE_KIND,
  TRACE_NAME,
  TRACE_NAMES_AT,
  TRACE_NOTES_AT,
  TRACE_RECORD,
} from "../layouts/trace.ts";
import type { CallEvent, NoteEvent } from "./events.ts";
import { quantileUs } from "./histogram.ts";
import {
  TRACE_BUCKETS,
  TRACE_CALLS_KEPT,
  TRACE_NAME_BYTES_MAX,
  TRACE_NAMES_MAX,
  TRACE_NOTES_KEPT,
} from "./limits.ts";
import type { ObservedCalls } from "./observed_calls.ts";
import { checkOf, RECORD_WORDS } from "./record.ts";

const OBSERVERS = TRACE.at.observers >> 2;
const READER = TRACE.at.reader >> 2;
const CALLS = TRACE.at.calls >> 2;
const ERRORS = TRACE.at.errors >> 2;
const HISTOGRAM = TRACE.at.histogram >> 2;
const { at } = TRACE_RECORD;

/** The words that count. */
const COUNTERS: readonly number[] = [
  CALLS,
  ERRORS,
  ...Array.from({ length: TRACE_BUCKETS }, (_, bucket) => HISTOGRAM + bucket),
];

/** No time of day is above this: microseconds since 1970 that are still whole numbers. */
const TIME_US_MAX = Number.MAX_SAFE_INTEGER;

const NOTES: Readonly<Record<number, NoteEvent["note"]>> = {
  [TRACE_KIND.ENTERED]: "entered",
  [TRACE_KIND.SERVING]: "serving",
  [TRACE_KIND.ADOPTED]: "adopted",
  [TRACE_KIND.HALTING]: "halting",
  [TRACE_KIND.ENDING]: "ending",
};

/** Reads the trace of one domain, over all its incarnations. */
export class TraceReader {
  /** The domain. */
  readonly domain: string;
  /** The reader's own number. */
  readonly number: number;
  readonly #words: Int32Array;
  #isObserved = false;
  /** When the last observation began: older records are of the one before. */
  #sinceUs = Infinity;
  /** The counters as they were last read: words that begin at any value, and wrap. */
  #lastCounts: Uint32Array;
  /** What has come to each of them since the observation began. */
  readonly #sums: Float64Array = new Float64Array(COUNTERS.length);

  /** Reads `buffer`, the trace memory of `domain`; no two readers of a process have one `number`. */
  constructor(domain: string, buffer: SharedArrayBuffer, number: number) {
    assert(buffer.byteLength === TRACE_BYTES, "a trace memory is as long as its layout");
    this.domain = domain;
    this.number = number;
    this.#words = new Int32Array(buffer);
    Atomics.store(this.#words, READER, number);
    this.#lastCounts = this.#counts();
  }

  /** Whether the domain is observed: its calls are timed and recorded from then on. */
  get isObserved(): boolean {
    return this.#isObserved;
  }

  /**
   * Whether it reads this very memory, which is another object each time that it comes by message. A
   * domain that forges the number makes its own counts begin anew.
   */
  reads(buffer: SharedArrayBuffer): boolean {
    return new Int32Array(buffer)[READER] === this.number;
  }

  /**
   * Begins to observe, from `atUs` on, and with counts of 0; it goes on if it has begun already.
   */
  observe(atUs: number): void {
    if (this.#isObserved) return;
    this.#isObserved = true;
    this.#lastCounts = this.#counts();
    this.#sums.fill(0);
    this.#sinceUs = atUs;
    Atomics.store(this.#words, OBSERVERS, 1);
  }

  /** Ends the observation. What was recorded can still be read, until the next one begins. */
  disregard(): void {
    this.#isObserved = false;
    Atomics.store(this.#words, OBSERVERS, 0);
  }

  /**
   * What was counted since the observation began. Sums are right however large, if this is called
   * once in four billion calls.
   */
  observed(): ObservedCalls {
    const counts = this.#counts();
    for (const [counter, count] of counts.entries()) {
      const more = (count - this.#lastCounts[counter]!) >>> 0;
      this.#sums[counter] = this.#sums[counter]! + more;
    }
    this.#lastCounts = counts;
    const histogram = this.#sums.subarray(COUNTERS.indexOf(HISTOGRAM));
    return {
      calls: this.#sums[COUNTERS.indexOf(CALLS)]!,
      errors: this.#sums[COUNTERS.indexOf(ERRORS)]!,
      p50Us: quantileUs(histogram, 0.5),
      p90Us: quantileUs(histogram, 0.9),
      p99Us: quantileUs(histogram, 0.99),
    };
  }

  /** The last calls, as far as they are remembered, in the order of their beginnings. */
  calls(): CallEvent[] {
    return this.#records(TRACE_CALLS_AT, TRACE_CALLS_KEPT).flatMap((record) => {
      const call = readCall(this.domain, record);
      return call === undefined || call.startUs < this.#sinceUs ? [] : [call];
    }).sort((one, other) => one.startUs - other.startUs);
  }

  /** The last steps of the domain's lives, observed or not, in their order. */
  notes(): NoteEvent[] {
    return this.#records(TRACE_NOTES_AT, TRACE_NOTES_KEPT).flatMap((record) => {
      const note = readNote(this.domain, record);
      return note === undefined ? [] : [note];
    }).sort((one, other) => one.atUs - other.atUs);
  }

  /**
   * What the domain calls its operations. One number may have a name in each protocol that it serves:
   * such names stand side by side.
   */
  names(): ReadonlyMap<number, string> {
    const first = TRACE_NAMES_AT >> 2;
    const end = first + (TRACE_NAMES_MAX * TRACE_NAME.byteLength >> 2);
    const view = new DataView(this.#words.slice(first, end).buffer);
    const names: Map<number, string> = new Map();
    for (let at = 0; at < view.byteLength; at += TRACE_NAME.byteLength) {
      const byteLength = view.getUint32(at + TRACE_NAME.at.byteLength, true);
      if (byteLength === 0 || byteLength > TRACE_NAME_BYTES_MAX) continue;
      const bytes = new Uint8Array(view.buffer, at + TRACE_NAME.at.text, byteLength);
      const name = new TextDecoder().decode(bytes).replaceAll(/\p{C}/gu, "?");
      const operation = view.getUint32(at + TRACE_NAME.at.operation, true);
      const known = names.get(operation);
      if (known?.split("|").includes(name)) continue;
      names.set(operation, known === undefined ? name : `${known}|${name}`);
    }
    return names;
  }

  /** Copies a ring, and leaves out what is no record or not the one that belongs in its place. */
  #records(byteOffset: number, count: number): DataView[] {
    const words = this.#words.slice(byteOffset >> 2, (byteOffset >> 2) + count * RECORD_WORDS);
    const records: DataView[] = [];
    for (let index = 0; index < count; index++) {
      const first = index * RECORD_WORDS;
      const view = new DataView(words.buffer, first << 2, TRACE_RECORD.byteLength);
      if (view.getInt32(at.check, true) !== checkOf(words, first)) continue;
      if (view.getUint32(at.number, true) % count === index) records.push(view);
    }
    return records;
  }

  #counts(): Uint32Array {
    return Uint32Array.from(COUNTERS, (word) => this.#words[word]!);
  }
}

function readCall(domain: string, record: DataView): CallEvent | undefined {
  const startUs = record.getFloat64(at.startUs, true);
  const durationUs = record.getFloat64(at.durationUs, true);
  if (record.getUint32(at.kind, true) !== TRACE_KIND.CALL) return undefined;
  if (!isTime(startUs) || !isTime(durationUs)) return undefined;
  return {
    type: "call",
    domain,
    epoch: record.getUint32(at.epoch, true),
    badge: record.getUint32(at.badge, true),
    operation: record.getUint32(at.operation, true),
    sequence: record.getUint32(at.sequence, true),
    result: record.getInt32(at.result, true),
    startUs,
    durationUs,
  };
}

function readNote(domain: string, record: DataView): NoteEvent | undefined {
  const note = NOTES[record.getUint32(at.kind, true)];
  const atUs = record.getFloat64(at.startUs, true);
  if (note === undefined || !isTime(atUs)) return undefined;
  return { type: "note", domain, epoch: record.getUint32(at.epoch, true), note, atUs };
}

/** Whether a number can be a time or a duration; NaN is neither. */
function isTime(us: number): boolean {
  return us >= 0 && us <= TIME_US_MAX;
}
