/**
 * What a run of paired rows came to: a table for people, rows for programs.
 *
 * @module
 */

import type { Style } from "../terminal/style.ts";
import { renderTable, wrap } from "../terminal/table.ts";
import { isDisturbed } from "./measurement.ts";
import type { Unit } from "./paired_row.ts";
import type { FailedRow, MeasuredRow, RowResult } from "./row_result.ts";

/** A run of paired rows, as it is written with `--json`. */
export interface BenchRun {
  /** The version of this format. */
  readonly version: 1;
  /** Cores of the machine. */
  readonly cores: number;
  /** Its load before the run: runnable threads, over the last minute. */
  readonly load: number;
  /** Its rows. */
  readonly rows: readonly RowResult[];
}

/** Fewer rounds than this carry no claim. */
export const ROUND_COUNT_MIN = 5;

/** Cores in use before the run above which the machine counts as loaded. */
const LOAD_MAX = 0.5;

const PREFIXES = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]] as const;

/** The table, what to know about the machine, and how many targets were met. */
export function renderRun(run: BenchRun, style: Style): string {
  const measured = run.rows.filter(isMeasured);
  const table = renderTable({
    head: ["row", "ours", "peer", "ratio", "target", ""],
    align: ["left", "right", "right", "right", "right", "left"],
    rows: run.rows.map((row) => isMeasured(row) ? cells(row, style) : failedCells(row, style)),
  });
  const failures = run.rows.filter((row) => "failure" in row).map(({ name, failure }) => {
    return wrap(`${name} was not measured; ${failure}`);
  });
  const disturbed = measured.filter(isDisturbed);
  const met = measured.filter((row) => row.met && !isDisturbed(row)).length;
  const unsure = disturbed.length === 0 ? "" : `, ${disturbed.length} too disturbed to tell`;
  const notes = [...machineNotes(run, disturbed), ...roundNotes(measured)];
  return [
    table,
    "",
    wrap("ratio: how many times faster or smaller we are, and half the spread of the rounds."),
    ...measured.flatMap(limitNotes).map((line) => wrap(line)),
    ...failures.map((line) => style("red", line)),
    ...notes.map((line) => style("yellow", wrap(line))),
    `bench: ${met} of ${run.rows.length} targets met${unsure}`,
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

function cells(row: MeasuredRow, style: Style): string[] {
  const [least, most] = row.spread.ratio;
  const percent = Math.round((most - least) / 2 / row.ratio * 100);
  return [
    row.name,
    renderFigure(row.ours, row.unit),
    renderFigure(row.peer, row.unit),
    `${digits(row.ratio)} ±${percent > 99 ? ">99" : percent}%`,
    digits(row.target),
    verdict(row, style),
  ];
}

function verdict(row: MeasuredRow, style: Style): string {
  if (isDisturbed(row)) return style("yellow", "noisy");
  return row.met ? style("green", "met") : style("yellow", "MISSED");
}

function failedCells({ name, target }: FailedRow, style: Style): string[] {
  return [name, "-", "-", "-", digits(target), style("red", "FAILED")];
}

/** How a row stands to the limits of its own. */
function limitNotes({ name, unit, ours, peer, p99, ...row }: MeasuredRow): string[] {
  const limits = [
    ["p50", ours, row.limit],
    ["p99", p99.ours, row.limitP99],
    ["above the peer", ours - peer, row.excessMax],
  ] as const;
  const told = limits.flatMap(([what, value, most]) => {
    if (most === undefined) return [];
    return [`${what} ${renderFigure(value, unit)} of at most ${renderFigure(most, unit)}`];
  });
  return told.length === 0 ? [] : [`${name}: ${told.join(", ")}.`];
}

/** What to know about the machine. */
export function machineNotes(
  { cores, load }: BenchRun,
  disturbed: readonly MeasuredRow[],
): string[] {
  const notes: string[] = [];
  if (load > LOAD_MAX) {
    const busy = `${digits(load)} threads ran on its ${cores} cores`;
    notes.push(`The machine was loaded before the run: ${busy}.`);
  }
  if (disturbed.length > 0) {
    const rows = disturbed.map(({ name, othersCores }) => `${name} (${digits(othersCores ?? 0)})`);
    notes.push(`Other programs used cores during: ${rows.join(", ")}.`);
  }
  return notes;
}

function roundNotes(measured: readonly MeasuredRow[]): string[] {
  const few = measured.find(({ rounds }) => rounds < ROUND_COUNT_MIN);
  if (!few) return [];
  return [`Only ${few.rounds} of at least ${ROUND_COUNT_MIN} rounds: no claim rests on these.`];
}

function isMeasured(row: RowResult): row is MeasuredRow {
  return "ours" in row;
}

/** Three digits, or all before the point: `"0.521"`, `"35.2"`, `"1234"`. */
function digits(value: number): string {
  return String(value >= 1000 ? Math.round(value) : Number(value.toPrecision(3)));
}
