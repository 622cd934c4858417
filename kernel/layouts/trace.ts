/**
 * The trace memory of a domain: one for all its incarnations, so that what the last one did can be
 * read after it died.
 *
 * ```text
 *      0  head      who reads, how many calls, the histogram of their durations
 *    640  names     128 operations of the protocols that the domain serves, as it names them
 *   6784  notes     64 records: the rare steps of a life, always written
 *   9856  calls     1,024 records: the calls that were answered while somebody observed
 * ```
 *
 * @module
 */

import {
  bytes,
  defineLayout,
  i32,
  type Layout,
  type LayoutField,
  u32,
  u64,
} from "@hako/ipc/layout";
import {
  TRACE_BUCKETS,
  TRACE_CALLS_KEPT,
  TRACE_NAME_BYTES_MAX,
  TRACE_NAMES_MAX,
  TRACE_NOTES_KEPT,
} from "../trace/limits.ts";

/** A double of 64 bits (IEEE 754): it lies as an unsigned word of that length does. */
const f64: LayoutField = u64;

/**
 * The head. Written by the domain alone, but for `observers` and `reader`; read by anyone, who
 * believes none of it: a zombie may go on writing.
 */
export const TRACE: Layout<{
  observers: LayoutField;
  calls: LayoutField;
  errors: LayoutField;
  callCursor: LayoutField;
  noteCursor: LayoutField;
  reader: LayoutField;
  reserved: LayoutField;
  histogram: LayoutField;
}> = defineLayout("trace", { byteLength: 640 }, {
  observers: i32, // 0 while nobody observes: then no clock is read. Written by the machine.
  calls: u32, // Calls that were observed; wraps.
  errors: u32, // Those of them that were answered with an errno; wraps.
  callCursor: u32, // The number of the next record of a call; wraps.
  noteCursor: u32, // The same for notes.
  reader: u32, // The reader's number, by which it knows this memory again. Written by the machine.
  reserved: bytes(104),
  histogram: bytes(4 * TRACE_BUCKETS), // Durations of the observed calls; see `histogram.ts`. Wraps.
});

/** The name of an operation. Written by each incarnation anew, before it takes a request. */
export const TRACE_NAME: Layout<{
  operation: LayoutField;
  byteLength: LayoutField;
  text: LayoutField;
}> = defineLayout("trace name", { byteLength: 48 }, {
  operation: u32,
  byteLength: u32, // 0 where there is no name.
  text: bytes(TRACE_NAME_BYTES_MAX), // UTF-8.
});

/**
 * One record of either ring. It carries its own number and a checksum over the rest, and so needs
 * no order between its stores: a reader that copies one while it is being written sees a checksum
 * that does not fit, as it does where a zombie and its successor write the same record.
 */
export const TRACE_RECORD: Layout<{
  number: LayoutField;
  kind: LayoutField;
  startUs: LayoutField;
  durationUs: LayoutField;
  epoch: LayoutField;
  badge: LayoutField;
  operation: LayoutField;
  sequence: LayoutField;
  result: LayoutField;
  check: LayoutField;
}> = defineLayout("trace record", { byteLength: 48 }, {
  number: u32, // How many records of this ring came before it; wraps.
  kind: u32, // A TRACE_KIND.
  startUs: f64, // On the clock of `kernel/trace/clock.ts`.
  durationUs: f64, // 0 for a note.
  epoch: u32, // The life in which it happened.
  badge: u32, // The rest tells of a call; a note has 0.
  operation: u32,
  sequence: u32,
  result: i32,
  check: u32, // See `checkOf` in `record.ts`.
});

/** What a record tells of. Numbers are for ever: a trace may be read by a later version. */
export const TRACE_KIND = {
  /** A request was answered. */
  CALL: 1,
  /** The worker has its boot message; its module's own work begins. */
  ENTERED: 2,
  /** Recovery is over, the first request may be taken. */
  SERVING: 3,
  /** The domain goes on under another kernel. */
  ADOPTED: 4,
  /** It was asked to close. */
  HALTING: 5,
  /** It ends itself: it was fenced, or threw, or left. */
  ENDING: 6,
} as const;

/** A number of {@linkcode TRACE_KIND}. */
export type TraceKind = typeof TRACE_KIND[keyof typeof TRACE_KIND];

/** Byte offset of the first name. */
export const TRACE_NAMES_AT: number = TRACE.byteLength;

/** Byte offset of the first record of a note. */
export const TRACE_NOTES_AT: number = TRACE_NAMES_AT + TRACE_NAMES_MAX * TRACE_NAME.byteLength;

/** Byte offset of the first record of a call. */
export const TRACE_CALLS_AT: number = TRACE_NOTES_AT + TRACE_NOTES_KEPT * TRACE_RECORD.byteLength;

/** Bytes of a domain's trace memory. */
export const TRACE_BYTES: number = TRACE_CALLS_AT + TRACE_CALLS_KEPT * TRACE_RECORD.byteLength;
