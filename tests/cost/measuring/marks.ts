/**
 * Times that two threads note of one call, on the clock of all traces.
 *
 * @module
 */

import { nowUs } from "../../../kernel/trace/clock.ts";

/** What is noted, in the order in which it happens in a call that wakes its server. */
export const MARK = {
  /** The server is awake. */
  WOKE: 0,
  /** Its handler begins. */
  HANDLER: 1,
  /** Its answer is published, and its client rung. */
  ANSWERED: 2,
  /** The sum of all times from taking to answering, and how many there were. */
  SHARE: 3,
  SHARES: 4,
} as const;

/** Shared memory for them. */
export function newMarks(): Float64Array<SharedArrayBuffer> {
  return new Float64Array(
    new SharedArrayBuffer(Object.keys(MARK).length * Float64Array.BYTES_PER_ELEMENT),
  );
}

/** Notes that something has happened now. */
export function mark(marks: Float64Array, index: number): void {
  marks[index] = nowUs();
}
