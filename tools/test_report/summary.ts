/**
 * What a run of the tests came to, in a few lines.
 *
 * @module
 */

import type { TestResult } from "./junit.ts";

/** How the runner itself ended. */
export interface RunnerEnd {
  /** Its exit code. */
  readonly code: number;
  /** Why it was stopped, if it was. */
  readonly stopped?: string | undefined;
}

/** What a run came to. */
export interface Summary {
  /** The lines to print; the last one has the numbers. */
  readonly lines: readonly string[];
  /** The exit code. */
  readonly code: number;
}

/**
 * Lists the skipped and the failed tests, then says `tests: N passed, N failed`, with `, N skipped`
 * if any was. A runner that failed without a failed test (a module that throws, a report that is
 * missing) counts as one failure: it is never told as a success.
 *
 * @param results The tests of the report; `undefined` if there is none.
 */
export function summarise(results: readonly TestResult[] | undefined, end: RunnerEnd): Summary {
  const lines: string[] = [];
  const list = (verdict: string) => {
    const found = (results ?? []).filter((result) => result.verdict === verdict);
    for (const { module, name } of found) lines.push(`${verdict}: ${name} (${module})`);
    return found.length;
  };
  const skipped = list("skipped");
  let failed = list("failed");
  const passed = (results ?? []).length - skipped - failed;
  if (end.stopped !== undefined) lines.push(`failed: the run was stopped: ${end.stopped}`);
  else if (!results) lines.push(`failed: the runner wrote no report (exit code ${end.code})`);
  else if (end.code !== 0 && failed === 0) {
    lines.push(`failed: the runner ended with code ${end.code} outside any test`);
  }
  if (failed === 0 && (end.code !== 0 || !results || end.stopped !== undefined)) failed = 1;
  const rest = skipped === 0 ? "" : `, ${skipped} skipped`;
  lines.push(`tests: ${passed} passed, ${failed} failed${rest}`);
  return { lines, code: failed === 0 ? 0 : 1 };
}
