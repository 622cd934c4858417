/**
 * What is drawn of lives and faults: bars and marks, few enough to be seen. Lives that would lie within
 * a hair's breadth of each other become one mark that tells their number.
 *
 * @module
 */

import type { LifeRecord, StrikeRecord } from "../record/record.ts";

/** Bars and marks of one timeline, at most: beyond that nobody could tell them apart. */
export const MARKS_MAX = 800;

/** The finest that is drawn apart, as a share of the whole time. */
const FINEST = 1 / 2_000;

/** One life, or several that are too short to be told apart. */
export interface LifeMark {
  /** The lives, in order. */
  readonly lives: readonly LifeRecord[];
  /** When the first began. */
  readonly startMs: number;
  /** When the last ended, or the record did. */
  readonly untilMs: number;
}

/** One fault, or several that are too close to be told apart. */
export interface StrikeMark {
  /** The faults, in order. */
  readonly strikes: readonly StrikeRecord[];
  /** When the first happened. */
  readonly atMs: number;
}

/** One row: a domain. */
export interface TimelineRow {
  /** Its name. */
  readonly domain: string;
  /** Its lives. */
  readonly lives: readonly LifeMark[];
  /** The faults that befell it. */
  readonly strikes: readonly StrikeMark[];
  /** How often it was ended: not counted is an end in order. */
  readonly deaths: number;
  /** How many lives it had. */
  readonly lifeCount: number;
}

/** The rows of a record: callers first, who are the last to begin; the kernel stands last. */
export function rowsOf(
  lives: readonly LifeRecord[],
  strikes: readonly StrikeRecord[],
  durationMs: number,
): TimelineRow[] {
  const names = [...new Set([...lives, ...strikes].map(({ domain }) => domain))].reverse();
  const stem = (name: string) => name.replace(/\d+$/, "");
  const collator = new Intl.Collator("en", { numeric: true });
  const places = new Map(names.map((name, place) => [name, place]));
  // Those who differ by a number stand together, in the order of their numbers.
  const placeOf = (name: string) => {
    return Math.min(
      ...names.filter((one) => stem(one) === stem(name)).map((one) => places.get(one)!),
    );
  };
  const all = new Map(names.map((name) => [name, placeOf(name)]));
  names.sort((a, b) => all.get(a)! - all.get(b)! || collator.compare(a, b));
  names.sort((a, b) => Number(a === "kernel") - Number(b === "kernel"));
  let finestMs = durationMs * FINEST;
  for (;;) {
    const rows = names.map((name) => rowOf(name, lives, strikes, { durationMs, finestMs }));
    const count = rows.reduce((sum, row) => sum + row.lives.length + row.strikes.length, 0);
    if (count <= Math.max(MARKS_MAX, 2 * names.length) || finestMs > durationMs) return rows;
    finestMs *= 2;
  }
}

function rowOf(
  domain: string,
  lives: readonly LifeRecord[],
  strikes: readonly StrikeRecord[],
  { durationMs, finestMs }: { readonly durationMs: number; readonly finestMs: number },
): TimelineRow {
  const own = lives.filter((life) => life.domain === domain);
  const mine = strikes.filter((strike) => strike.domain === domain);
  const untilOf = ({ startMs, endMs, fencedMs }: LifeRecord) =>
    Math.max(startMs, endMs ?? durationMs, endMs === undefined ? 0 : fencedMs ?? 0);
  const lifeGroups = joined(own, (a, b) => untilOf(b) - a.startMs <= finestMs);
  const strikeGroups = joined(mine, (a, b) => b.atMs - a.atMs <= finestMs);
  return {
    domain,
    lives: lifeGroups.map((group) => ({
      lives: group,
      startMs: group[0]!.startMs,
      untilMs: Math.max(...group.map(untilOf)),
    })),
    strikes: strikeGroups.map((group) => ({ strikes: group, atMs: group[0]!.atMs })),
    deaths: own.filter(({ why }) => why !== undefined).length,
    lifeCount: own.length,
  };
}

/** Neighbours in one group as long as each is close to the group's first. */
function joined<T>(all: readonly T[], isClose: (first: T, one: T) => boolean): T[][] {
  const groups: T[][] = [];
  for (const one of all) {
    const group = groups.at(-1);
    if (group !== undefined && isClose(group[0]!, one)) group.push(one);
    else groups.push([one]);
  }
  return groups;
}

/** Round times along an axis, from 0: at most eight of them. */
export function timeMarks(durationMs: number): number[] {
  if (!(durationMs > 0) || !Number.isFinite(durationMs)) return [0];
  const rough = durationMs / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough)!;
  return Array.from({ length: Math.floor(durationMs / step) + 1 }, (_, index) => index * step);
}
