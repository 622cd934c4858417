/**
 * Several intervals as one. Clients tell of their work in steps as long as an interval, so that now and
 * then one is empty and the next holds twice as much: drawn as they are, lines would break where
 * nobody waited.
 *
 * @module
 */

import type { IntervalRecord } from "../../record/record.ts";

/** Intervals that are told as one. */
export const COARSENESS = 2;

/** Each {@linkcode COARSENESS} intervals as one; those left over wait for more. */
export function coarse(intervals: readonly IntervalRecord[]): IntervalRecord[] {
  const count = Math.floor(intervals.length / COARSENESS);
  return Array.from(
    { length: count },
    (_, index) => merged(intervals.slice(index * COARSENESS, (index + 1) * COARSENESS)),
  );
}

/**
 * The median lies between those of the parts: their mean by operations is told. Of the 99th
 * percentiles the highest is told, which the true one is not above.
 */
function merged(parts: readonly IntervalRecord[]): IntervalRecord {
  const sum = (of: (part: IntervalRecord) => number) =>
    parts.reduce((all, one) => all + of(one), 0);
  const most = (of: (part: IntervalRecord) => number) => Math.max(...parts.map(of));
  const operations = sum((part) => part.operations);
  const weighted = sum((part) => part.operations * part.p50Us);
  return {
    atMs: parts.at(-1)!.atMs,
    operations,
    errors: sum((part) => part.errors),
    p50Us: operations === 0 ? 0 : weighted / operations,
    p99Us: most((part) => part.p99Us),
    maxUs: most((part) => part.maxUs),
    residentBytes: most((part) => part.residentBytes),
  };
}
