/**
 * What a run of scenarios shows at its end: a table for people, a value for programs.
 *
 * @module
 */

import { renderDuration } from "../terminal/progress.ts";
import type { Style } from "../terminal/style.ts";
import { renderTable } from "../terminal/table.ts";
import type { Check, Figure } from "./scenario.ts";

/** What became of one scenario. */
export interface Result {
  /** The scenario. */
  readonly name: string;
  /** Whether no check failed. */
  readonly passed: boolean;
  /** How long it took. */
  readonly tookMs: number;
  /** What was checked. */
  readonly checks: readonly Check[];
  /** What was measured. */
  readonly figures: readonly Figure[];
}

/** A whole run, as `--json` writes it. */
export interface Run {
  /** The format of this value. */
  readonly version: 1;
  /** The seed of all choices. */
  readonly seed: number;
  /** What was copied. */
  readonly input: string;
  /** The scenarios that ran. */
  readonly results: readonly Result[];
}

const MARKS = {
  passed: ["green", "ok"],
  failed: ["red", "FAILED"],
  skipped: ["yellow", "skipped"],
} as const;

/** One scenario: its checks, then its figures. */
export function renderResult(result: Result, style: Style): string {
  const state = result.passed ? style("green", "passed") : style("red", "failed");
  const title = `${style("bold", result.name)}  ${state}  ${renderDuration(result.tookMs)}`;
  const checks = result.checks.map(({ what, outcome, detail }) => {
    const [colour, mark] = MARKS[outcome];
    return [`  ${style(colour, mark)}`, what, style("dim", detail)];
  });
  const figures = result.figures.map((
    { name, value, unit },
  ) => [`  ${name}`, renderNumber(value), unit]);
  const parts = [title];
  if (checks.length > 0) parts.push(renderChecks(checks));
  if (figures.length > 0) {
    parts.push(renderTable({ rows: figures, align: ["left", "right", "left"] }));
  }
  return parts.join("\n");
}

/** The last lines: each scenario once, then the sum. */
export function renderRun({ results, seed }: Run, style: Style): string {
  const rows = results.map(({ name, passed, tookMs, checks }) => [
    name,
    passed ? style("green", "passed") : style("red", "FAILED"),
    String(checks.filter(({ outcome }) => outcome === "passed").length),
    String(checks.filter(({ outcome }) => outcome === "failed").length),
    String(checks.filter(({ outcome }) => outcome === "skipped").length),
    renderDuration(tookMs),
  ]);
  const head = ["scenario", "result", "ok", "failed", "skipped", "time"];
  const table = renderTable({
    rows,
    head,
    align: ["left", "left", "right", "right", "right", "right"],
  });
  const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
  if (failed.length === 0) return `${table}\n\nAll ${results.length} passed.`;
  const again = `deno task scenarios ${failed.join(" ")} --seed ${seed}`;
  return `${table}\n\n${failed.length} of ${results.length} failed. To see it again: ${again}`;
}

/** Rows that fit 80 columns: the detail goes on a line of its own where it must. */
function renderChecks(rows: readonly (readonly string[])[]): string {
  return renderTable({ rows });
}

function renderNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: Number.isInteger(value) ? 0 : digits,
    maximumFractionDigits: digits,
  });
}
