/**
 * What a run of paired rows came to, for people: a table for each room, then the sum of all.
 *
 * ```text
 * ipc: calls, messages and bytes between two domains
 *
 * row              ours     peer      ratio    target
 * ---------------  -------  --------  -------  ------  ------
 *   beside ringbuf.js 0.4.0, both ends spinning
 * ipc/null/ringbuf  0.24 us  0.56 us  2.3 ±8%     1.5  met
 * ```
 *
 * @module
 */

import { renderDuration } from "../terminal/progress.ts";
import type { Style } from "../terminal/style.ts";
import { renderTable, TERMINAL_COLUMNS, wrap } from "../terminal/table.ts";
import { type BenchRun, disturbedRows, othersDuring, tallyOf } from "./bench_run.ts";
import type { Unit } from "./paired_row.ts";
import { headingOf } from "./rooms.ts";
import { type FailedRow, isMeasured, type MeasuredRow, type RowResult } from "./row_result.ts";
import { isWithinSpread, shareOfTarget, verdictOf } from "./verdict.ts";

/** Fewer rounds than this carry no claim. */
export const ROUND_COUNT_MIN = 5;

/** Cores in use before the run above which the machine counts as loaded. */
const LOAD_MAX = 0.5;

/** What stands behind a verdict that another run may not confirm. */
const WITHIN_SPREAD = " ~";

const PREFIXES = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]] as const;

/** The table of one room, with what there is to say about its rows. */
export function renderRoom(room: string, rows: readonly RowResult[], style: Style): string {
  const table = renderTable({
    head: ["row", "ours", "peer", "ratio", "target", ""],
    align: ["left", "right", "right", "right", "right", "left"],
    rows: rows.map((row) => isMeasured(row) ? cells(row, style) : failedCells(row, style)),
  }).split("\n");
  const [head = "", rule = "", ...lines] = table;
  let peerName = "";
  const body = lines.flatMap((line, index) => {
    const row = rows[index]!;
    const beside = row.peerName === peerName ? [] : [dim(`beside ${row.peerName}`, 2, style)];
    peerName = row.peerName;
    return [...beside, line, ...underRow(row).map((below) => dim(below, 4, style))];
  });
  const notes = rows.flatMap((row) => notesOf(row, style));
  return [
    style("bold", headingOf(room)),
    "",
    head,
    rule,
    ...body,
    ...(notes.length === 0 ? [] : ["", ...notes]),
  ].join("\n");
}

/** What all rows came to: the misses, what to know about the machine, how many targets were met. */
export function renderSummary(run: BenchRun, style: Style): string {
  const { met, bounded, missed, noisy, failed, withinSpread } = tallyOf(run.rows);
  const within = withinSpread === 0 ? "" : ` (${withinSpread} within the spread)`;
  const notes = [...machineNotes(run), ...roundNotes(run.rows.filter(isMeasured))];
  const all = `${met} of ${run.rows.length} targets met${within}`;
  const others = `${bounded} bounded, ${missed} missed, ${noisy} noisy, ${failed} failed`;
  const missedRows = renderMisses(run.rows);
  return [
    legend(run.rows),
    ...(missedRows === "" ? [] : ["", style("bold", "missed, the farthest first"), missedRows]),
    "",
    ...notes.map((line) => wrap(line)),
    ...(run.isInterrupted ? [style("yellow", "Ended early: only these rows were measured.")] : []),
    style("bold", `bench: ${all}, ${others}`),
  ].join("\n");
}

/** A figure with its unit, in three digits: `"0.521 us"`, `"6.67 M/s"`, `"11.2 GB/s"`. */
export function renderFigure(value: number, unit: Unit): string {
  switch (unit) {
    case "us/call":
    case "us/hand-over":
      return `${digits(value)} us`;
    case "ms":
    case "MB":
    case "GB/s":
      return `${digits(value)} ${unit}`;
    case "requests/s": {
      const [scale, prefix] = PREFIXES.find(([least]) => value >= least) ?? [1, ""];
      return `${digits(value / scale)} ${prefix}/s`;
    }
  }
}

/** Three digits, or all before the point: `"0.521"`, `"35.2"`, `"1234"`. */
export function digits(value: number): string {
  return String(value >= 1000 ? Math.round(value) : Number(value.toPrecision(3)));
}

/** How a row stands to the limits of its own: `"p50 4.2 ms of at most 5 ms"`. */
export function limitsOf({ unit, ours, peer, p99, ...row }: MeasuredRow): string[] {
  const limits = [
    ["p50", ours, row.limit],
    ["p99", p99.ours, row.limitP99],
    ["above the peer", ours - peer, row.excessMax],
  ] as const;
  return limits.flatMap(([what, value, most]) => {
    if (most === undefined) return [];
    return [`${what} ${renderFigure(value, unit)} of at most ${renderFigure(most, unit)}`];
  });
}

/** What to know about the machine: its load before the run and during it. */
export function machineNotes({ cores, load, rows, tookMs, machine }: BenchRun): string[] {
  const others = othersDuring(rows);
  const { processor, system, versions: { deno } } = machine;
  const notes = [
    `${processor}, ${cores} cores, ${system}, Deno ${deno}; ${renderDuration(tookMs)}.`,
    `The machine was ${load > LOAD_MAX ? "loaded" : "quiet"} before the run: ` +
    `${digits(load)} threads ran on its ${cores} cores.` +
    (others === undefined ? "" : " During it other programs used " +
      `${others.median.toFixed(2)} cores (the median row), ${others.most.toFixed(2)} at most.`),
  ];
  const disturbed = disturbedRows(rows);
  if (disturbed.length > 0) {
    const told = disturbed.map(({ name, othersCores }) => `${name} (${digits(othersCores ?? 0)})`);
    notes.push(`Other programs used cores during: ${told.join(", ")}.`);
  }
  return notes;
}

/** The share of its bound that a row comes to: `"0.93 of the bound, 7.1 us: two wake-ups"`. */
export function boundOf({ bound, ofBound, boundName, unit }: MeasuredRow): string | undefined {
  if (bound === undefined || ofBound === undefined) return undefined;
  return `${digits(ofBound)} of the bound, ${renderFigure(bound, unit)}: ${boundName}`;
}

function cells(row: MeasuredRow, style: Style): string[] {
  return [
    row.name,
    renderFigure(row.ours, row.unit),
    renderFigure(row.peer, row.unit),
    `${digits(row.ratio)} ±${halfSpread(row)}%`,
    row.target === 0 ? "-" : digits(row.target),
    verdictCell(row, style),
  ];
}

function halfSpread({ spread, ratio }: MeasuredRow): string {
  const [least, most] = spread.ratio;
  const percent = Math.round((most - least) / 2 / ratio * 100);
  return percent > 99 ? ">99" : String(percent);
}

function verdictCell(row: MeasuredRow, style: Style): string {
  const verdict = verdictOf(row);
  const unsure = isWithinSpread(row) && (verdict === "met" || verdict === "missed");
  const said = (verdict === "missed" ? "MISSED" : verdict) + (unsure ? WITHIN_SPREAD : "");
  return style(verdict === "met" ? "green" : "yellow", said);
}

function failedCells({ name, target }: FailedRow, style: Style): string[] {
  return [name, "-", "-", "-", digits(target), style("red", "FAILED")];
}

function underRow(row: RowResult): string[] {
  if (!isMeasured(row)) return [];
  return [...limitsOf(row), boundOf(row) ?? []].flat();
}

/** Why a row could not be measured; what is to be known of one that misses its target. */
function notesOf(row: RowResult, style: Style): string[] {
  if (!isMeasured(row)) {
    return [style("red", wrap(`${row.name} was not measured; ${row.failure}`))];
  }
  if (row.note === undefined || verdictOf(row) === "met") return [];
  return [wrap(`${row.name}: ${row.note}`)];
}

function renderMisses(rows: readonly RowResult[]): string {
  const missed = rows.filter(isMeasured).filter((row) => verdictOf(row) === "missed").sort(
    (one, other) => shareOfTarget(one) - shareOfTarget(other),
  );
  if (missed.length === 0) return "";
  return renderTable({
    align: ["left", "right", "left"],
    rows: missed.map((row) => [
      `  ${row.name}`,
      `${Math.floor(shareOfTarget(row) * 100)}%`,
      "of what is asked" + (isWithinSpread(row) ? ", within the spread" : ""),
    ]),
  });
}

/** Says what the signs mean that stand in the tables. */
function legend(rows: readonly RowResult[]): string {
  const measured = rows.filter(isMeasured);
  const verdicts = new Set(measured.map(verdictOf));
  return [
    "ratio: how many times faster or smaller we are, by the medians of the rounds, and half the " +
    "spread of the rounds.",
    ...(measured.some(isWithinSpread)
      ? ["~: the target lies within that spread; another run may say otherwise."]
      : []),
    ...(verdicts.has("bounded")
      ? [
        "bounded: the target is missed, but the best that the platform allows is less than 1.15 " +
        "times better.",
      ]
      : []),
    ...(verdicts.has("noisy")
      ? ["noisy: other programs used so much of the machine that neither can be told."]
      : []),
  ].map((line) => wrap(line)).join("\n");
}

function roundNotes(measured: readonly MeasuredRow[]): string[] {
  const few = measured.find(({ rounds }) => rounds < ROUND_COUNT_MIN);
  if (!few) return [];
  return [`Only ${few.rounds} of at least ${ROUND_COUNT_MIN} rounds: no claim rests on these.`];
}

function dim(text: string, indent: number, style: Style): string {
  const blanks = " ".repeat(indent);
  return wrap(text, TERMINAL_COLUMNS - indent).split("\n").map((line) => {
    return blanks + style("dim", line);
  }).join("\n");
}
