/**
 * Numbers that are read off a result, for whoever shows it.
 *
 * @module
 */

import { EXPECTED_ERRORS } from "./common_figures.ts";
import type { Result } from "./run_record.ts";

/** A figure by its name, if it was measured. */
export function figureOf({ figures }: Pick<Result, "figures">, name: string): number | undefined {
  return figures.find((candidate) => candidate.name === name)?.value;
}

/** Lives that have ended. */
export function deathsOf(result: Result): number {
  return figureOf(result, "deaths") ?? 0;
}

/** Errors that clients saw and were not to see. */
export function errorsOf(result: Pick<Result, "figures" | "record">): number {
  const all = result.record?.intervals.reduce((sum, { errors }) => sum + errors, 0) ?? 0;
  return all - (figureOf(result, EXPECTED_ERRORS) ?? 0);
}
