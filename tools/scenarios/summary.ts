/**
 * What a run of scenarios shows: each in three lines, or with all that was checked and measured; and
 * at the end what it came to.
 *
 * @module
 */

import { renderDuration } from "../terminal/progress.ts";
import { displayWidth, type Style, type StyleName } from "../terminal/style.ts";
import { renderTable, TERMINAL_COLUMNS, wrap } from "../terminal/table.ts";
import { deathsOf, errorsOf, figureOf } from "./result_numbers.ts";
import { counted } from "./live_line.ts";
import type { Result, Run } from "./run_record.ts";
import type { Check, Scenario } from "./scenario.ts";

const MARKS: Readonly<Record<Check["outcome"], readonly [StyleName, string]>> = {
  passed: ["green", "ok"],
  failed: ["red", "FAILED"],
  skipped: ["yellow", "skipped"],
};

/** Where everything but the mark begins. */
const INDENT = " ".repeat(9);

/** The scenarios that there are: a name, and below it what happens. */
export function renderList(scenarios: readonly Scenario[], style: Style): string {
  return scenarios.map(({ name, story, faults }) => {
    const plan = faults.map((fault) => `  ${style("dim", `--fault '${fault}'`)}`);
    return [style("bold", name), indented(story, "  "), ...plan].join("\n");
  }).join("\n\n");
}

/** One scenario in short; of checks only those that did not pass. */
export function renderShort(result: Result, style: Style): string {
  const { story, checks } = result;
  const others = checks.filter(({ outcome }) => outcome !== "passed");
  return [
    title(result, style),
    indented(style("dim", story)),
    `${INDENT}${numbers(result, style)}`,
    ...(others.length === 0 ? [] : [renderChecks(others, style)]),
  ].join("\n");
}

/** One scenario with all that was checked and measured. */
export function renderResult(result: Result, style: Style): string {
  const { story, faults, checks, figures } = result;
  const rows = figures.map(({ name, value, unit }) => [`  ${name}`, renderNumber(value), unit]);
  const parts = [
    title(result, style),
    indented(style("dim", story)),
    ...faults.map((fault) => `${INDENT}${style("dim", `--fault '${fault}'`)}`),
    "",
    renderChecks(checks, style),
  ];
  if (rows.length > 0) parts.push("", renderTable({ rows, align: ["left", "right", "left"] }));
  return parts.join("\n");
}

/** The last lines: what the run came to, and how to see again what failed. */
export function renderRun({ results }: Run, tookMs: number, style: Style): string {
  const count = (outcome: Check["outcome"]) =>
    results.filter((result) => result.outcome === outcome).length;
  const failed = results.filter(({ outcome }) => outcome === "failed");
  const sum = (of: (result: Result) => number) => results.reduce((all, one) => all + of(one), 0);
  const counts = [
    style("green", `${count("passed")} passed`),
    ...(failed.length === 0 ? [] : [style("red", `${failed.length} failed`)]),
    ...(count("skipped") === 0 ? [] : [style("yellow", `${count("skipped")} skipped`)]),
  ].join(", ");
  const deaths = counted(sum(deathsOf), "death");
  const errors = counted(sum(errorsOf), "error");
  const last = `${counts} in ${renderDuration(tookMs)}: ${deaths}, ${errors} at clients`;
  if (failed.length === 0) return last;
  return [last, "", "To see it again:", ...failed.map(({ replay }) => `  ${replay}`)].join("\n");
}

function title({ name, outcome, tookMs }: Result, style: Style): string {
  const [colour, mark] = MARKS[outcome];
  const time = renderDuration(tookMs);
  const gap = TERMINAL_COLUMNS - 1 - INDENT.length - displayWidth(name) - time.length;
  return `${style(colour, mark.padEnd(INDENT.length))}${style("bold", name)}${
    " ".repeat(Math.max(2, gap))
  }${time}`;
}

function numbers(result: Result, style: Style): string {
  const { checks } = result;
  const passed = checks.filter(({ outcome }) => outcome === "passed").length;
  const errors = errorsOf(result);
  const operations = figureOf(result, "operations of clients");
  const longestMs = figureOf(result, "longest operation");
  return [
    `${passed} of ${counted(checks.length, "check")}`,
    counted(deathsOf(result), "death"),
    ...(operations === undefined ? [] : [counted(operations, "operation")]),
    style(errors === 0 ? "green" : "red", counted(errors, "error")),
    ...(longestMs === undefined ? [] : [`longest ${renderNumber(longestMs)} ms`]),
  ].join("  ");
}

/** A check in a line, and what was seen below it if it does not fit beside it. */
function renderChecks(checks: readonly Check[], style: Style): string {
  return checks.flatMap(({ what, outcome, detail }) => {
    const [colour, mark] = MARKS[outcome];
    const head = `${style(colour, mark.padStart(INDENT.length - 2))}  ${what}`;
    const oneLine = `${head}  ${style("dim", detail)}`;
    const lines = detail.split("\n");
    if (lines.length === 1 && displayWidth(oneLine) < TERMINAL_COLUMNS) return [oneLine];
    return [head, ...lines.map((line) => indented(style("dim", line), `${INDENT}  `))];
  }).join("\n");
}

function indented(text: string, indent: string = INDENT): string {
  const lines = wrap(text, TERMINAL_COLUMNS - 1 - indent.length).split("\n");
  return lines.map((line) => `${indent}${line}`).join("\n");
}

function renderNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: Number.isInteger(value) ? 0 : digits,
    maximumFractionDigits: digits,
  });
}
