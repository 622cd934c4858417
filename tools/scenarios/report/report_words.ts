/**
 * What the report says of results, in words and numbers.
 *
 * @module
 */

import { errorsOf } from "../result_numbers.ts";
import type { Result, Run } from "../run_record.ts";
import type { Figure } from "../scenario.ts";

/** How a scenario or a check ended. */
export type Outcome = Result["outcome"];

/** What is shown beside the word: an outcome is seen by more than its colour. */
export const SIGNS: Readonly<Record<Outcome, string>> = {
  passed: "✓",
  failed: "✗",
  skipped: "–",
};

/** What the overview tells of a scenario. */
export interface Digest {
  /** Checks that passed. */
  readonly passed: number;
  /** Checks that passed or failed. */
  readonly checked: number;
  /** Lives that ended while the system went on; nothing if no system booted. */
  readonly deaths: number | undefined;
  /** Errors that clients saw and were not to see. */
  readonly errors: number | undefined;
  /** The pause that a death makes for half of the deaths, and for all but one in a hundred. */
  readonly pauses: readonly [Figure | undefined, Figure | undefined];
}

/** Sums up a result. */
export function digest(result: Result): Digest {
  const { checks, figures, record } = result;
  const passed = checks.filter(({ outcome }) => outcome === "passed").length;
  const failed = checks.filter(({ outcome }) => outcome === "failed").length;
  const named = (name: string) => figures.find((figure) => figure.name === name);
  return {
    passed,
    checked: passed + failed,
    deaths: record?.lives.filter(({ why }) => why !== undefined).length,
    errors: record === undefined ? undefined : errorsOf(result),
    pauses: [named("pause at a death, p50"), named("pause at a death, p99")],
  };
}

/** The outcome of a run. */
export function runOutcome({ results }: Run): Outcome {
  if (results.some(({ outcome }) => outcome === "failed")) return "failed";
  return results.some(({ outcome }) => outcome === "passed") ? "passed" : "skipped";
}

/** What became of a run, in a sentence. */
export function verdict({ results }: Run): string {
  if (results.length === 0) return "No scenario was played";
  const count = (wanted: Outcome) => results.filter(({ outcome }) => outcome === wanted).length;
  const skipped = count("skipped") === 0 ? "" : `, ${count("skipped")} not played here`;
  if (count("failed") > 0) return `${count("failed")} of ${results.length} failed${skipped}`;
  if (count("passed") === 0) return `None of ${results.length} could be played here`;
  if (skipped !== "") return `${count("passed")} of ${results.length} passed${skipped}`;
  return results.length === 1 ? "The scenario passed" : `All ${results.length} scenarios passed`;
}

/** A number as people read it: three digits say enough. */
export function figureWords({ value, unit }: Pick<Figure, "value" | "unit">): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100
    ? Math.round(value).toLocaleString("en-US")
    : String(Number(value.toPrecision(3)));
  return unit === "" ? digits : `${digits} ${unit}`;
}

/** A day and a time of day. What is no time is shown as it is. */
export function momentWords(iso: string): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return iso;
  return moment.toLocaleString("en-GB", {
    dateStyle: "long",
    timeStyle: "medium",
    timeZone: "UTC",
  }) +
    " UTC";
}
