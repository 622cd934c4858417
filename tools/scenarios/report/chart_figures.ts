/**
 * What the page's script is given of a record: numbers in columns, few enough to be drawn and to load
 * quickly.
 *
 * @module
 */

import type { IntervalRecord, SystemRecord } from "../../record/record.ts";

/** Points of a chart, at most: more than that no screen shows. */
export const INTERVALS_MAX = 600;

/** Faults and lives that are given, at most. */
const LIVES_MAX = 400;
const STRIKES_MAX = 600;

/** What the script is given of one scenario. Each row is an array: `report.js` knows the order. */
export interface ChartFigures {
  /** How long the scenario was watched. */
  readonly untilMs: number;
  /** End, operations, errors, p50, p99, longest, KiB of memory. */
  readonly intervals: readonly (readonly number[])[];
  /** When, whom, what. */
  readonly strikes: readonly (readonly [number, string, string])[];
  /** From, to, how many. */
  readonly buckets: readonly (readonly [number, number, number])[];
  /** Whom, epoch, beginning, service, end, fence, whether it was gone, why. */
  readonly lives: readonly (readonly (string | number | boolean | null)[])[];
  /** Lives that are left out. */
  readonly livesLeftOut: number;
}

/** What is drawn of a record. */
export function chartFigures(record: SystemRecord): ChartFigures {
  const { durationMs, strikes, histogram, lives } = record;
  return {
    untilMs: short(durationMs),
    intervals: fewerIntervals(record.intervals, INTERVALS_MAX).map((one) => {
      const { atMs, operations, errors, p50Us, p99Us, maxUs, residentBytes } = one;
      const kibibytes = Math.round(residentBytes / 1024);
      return [...[atMs, operations, errors, p50Us, p99Us, maxUs].map(short), kibibytes];
    }),
    strikes: strikes.slice(0, STRIKES_MAX)
      .map(({ atMs, domain, kind }) => [short(atMs), domain, kind]),
    buckets: histogram.buckets.map(({ fromUs, toUs, count }) => [fromUs, toUs, count]),
    lives: lives.slice(0, LIVES_MAX).map((life) => {
      const { domain, epoch, startMs, readyMs, endMs, fencedMs, isGone, why } = life;
      const times = [readyMs, endMs, fencedMs].map((ms) => ms === undefined ? null : short(ms));
      return [domain, epoch, short(startMs), ...times, isGone ?? null, why ?? null];
    }),
    livesLeftOut: Math.max(0, lives.length - LIVES_MAX),
  };
}

/**
 * Neighbours joined until there are few enough. Operations and errors add up; of times the worst
 * stays, so that no pause is lost: those of p50 and p99 say at most how long.
 */
export function fewerIntervals(
  intervals: readonly IntervalRecord[],
  countMax: number,
): readonly IntervalRecord[] {
  if (intervals.length <= countMax) return intervals;
  const step = Math.ceil(intervals.length / countMax);
  return Array.from({ length: Math.ceil(intervals.length / step) }, (_, index) => {
    const group = intervals.slice(index * step, (index + 1) * step);
    const most = (of: (one: IntervalRecord) => number) => Math.max(...group.map(of));
    const sum = (of: (one: IntervalRecord) => number) =>
      group.reduce((all, one) => all + of(one), 0);
    return {
      atMs: group.at(-1)!.atMs,
      operations: sum(({ operations }) => operations),
      errors: sum(({ errors }) => errors),
      p50Us: most(({ p50Us }) => p50Us),
      p99Us: most(({ p99Us }) => p99Us),
      maxUs: most(({ maxUs }) => maxUs),
      residentBytes: most(({ residentBytes }) => residentBytes),
    };
  });
}

/** A tenth is fine enough, and short. */
function short(value: number): number {
  return Math.round(value * 10) / 10;
}
