/**
 * What is measured of every scenario.
 *
 * @module
 */

import type { SystemRecord } from "../record/record.ts";
import type { Figure } from "./scenario.ts";

/** The name of the number of errors that clients of a scenario were to see. */
export const EXPECTED_ERRORS = "errors that were to be seen";

/** A call that a death held up has ended within so long after it, or began in that time. */
const PAUSE_HORIZON_MS = 500;

/** Start, throughput, latency, deaths and what they cost. */
export function commonFigures(
  record: SystemRecord,
  { bootMs, haltMs }: { readonly bootMs: number; readonly haltMs: number },
): Figure[] {
  const { lives, intervals } = record;
  const deaths = lives.filter(({ why }) => why !== undefined);
  const pauses = deaths.map(({ endMs }) => pauseAtMs(record, endMs!));
  const successors = lives.filter(({ epoch, readyMs }) => epoch > 1 && readyMs !== undefined);
  const recoveries = successors.map(({ startMs, readyMs }) => readyMs! - startMs);
  const operations = intervals.reduce((sum, interval) => sum + interval.operations, 0);
  const longestMs = Math.max(0, ...intervals.map(({ maxUs }) => maxUs / 1_000));
  return [
    { name: "start to ready", value: bootMs, unit: "ms" },
    ...(operations === 0 ? [] : [
      { name: "operations of clients", value: operations, unit: "" },
      { name: "longest operation", value: longestMs, unit: "ms" },
    ]),
    { name: "deaths", value: deaths.length, unit: "" },
    ...(deaths.length === 0 || operations === 0 ? [] : [
      { name: "pause at a death, p50", value: percentile(pauses, 0.5), unit: "ms" },
      { name: "pause at a death, p99", value: percentile(pauses, 0.99), unit: "ms" },
    ]),
    ...(recoveries.length === 0 ? [] : [
      { name: "death to successor ready, p50", value: percentile(recoveries, 0.5), unit: "ms" },
    ]),
    { name: "halt, everything flushed", value: haltMs, unit: "ms" },
  ];
}

/** The longest operation that ended around a death. */
function pauseAtMs({ intervals }: SystemRecord, deathMs: number): number {
  let longestUs = 0;
  for (const { atMs, maxUs } of intervals) {
    if (atMs < deathMs || atMs > deathMs + PAUSE_HORIZON_MS) continue;
    longestUs = Math.max(longestUs, maxUs);
  }
  return longestUs / 1_000;
}

/** The value below which a share of the values lie (nearest rank); 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}
