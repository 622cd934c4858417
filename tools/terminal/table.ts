/**
 * Aligned text that fits a terminal of 80 columns.
 *
 * @module
 */

import { displayWidth } from "./style.ts";

/** Columns of the terminal that every page of Hako fits. */
export const TERMINAL_COLUMNS = 80;

/** What {@linkcode renderTable} draws. */
export interface Table {
  /** The cells. Rows may be of different lengths. */
  readonly rows: readonly (readonly string[])[];
  /** A row above the others, underlined with dashes. */
  readonly head?: readonly string[];
  /** `"right"` for the columns that hold numbers; left when left out. */
  readonly align?: readonly ("left" | "right")[];
  /** Columns of the terminal. */
  readonly width?: number;
}

const GAP = "  ";

/** The least width that a last column is squeezed to before it is let run on. */
const WRAP_MIN = 20;

/**
 * A table with aligned columns, two blanks apart, no blanks at the ends of lines. Text of the last
 * column that would leave the terminal is wrapped within its column.
 */
export function renderTable(
  { rows, head, align = [], width = TERMINAL_COLUMNS }: Table,
): string {
  const all = head ? [head, ...rows] : rows;
  const widths = columnWidths(all);
  const lines = rows.flatMap((row) => renderRow(row, widths, align, width));
  if (!head) return lines.join("\n");
  const rule = widths.map((columns) => "-".repeat(columns));
  const headLines = renderRow(head, widths, align, width);
  return [...headLines, ...renderRow(rule, widths, align, width, true), ...lines].join("\n");
}

/** Text broken at blanks so that no line is longer than `width`; a longer word stays whole. */
export function wrap(text: string, width: number = TERMINAL_COLUMNS): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (line !== "" && displayWidth(joined) > width) {
      lines.push(line);
      line = word;
    } else {
      line = joined;
    }
  }
  lines.push(line);
  return lines.join("\n");
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
    }
  }
  return widths;
}

function renderRow(
  row: readonly string[],
  widths: readonly number[],
  align: readonly ("left" | "right")[],
  width: number,
  rule = false,
): string[] {
  const last = widths.length - 1;
  const start = widths.slice(0, -1).reduce((sum, columns) => sum + columns + GAP.length, 0);
  const room = Math.max(width - start, WRAP_MIN);
  const cells = row.map((cell, column) => pad(cell, widths[column] ?? 0, align[column]));
  if (row.length - 1 < last || (widths[last] ?? 0) <= room) return [cells.join(GAP).trimEnd()];
  const text = rule ? "-".repeat(room) : row[last] ?? "";
  const [first = "", ...rest] = wrap(text, room).split("\n");
  const opening = [...cells.slice(0, -1), first].join(GAP).trimEnd();
  return [opening, ...rest.map((line) => " ".repeat(start) + line)];
}

function pad(cell: string, columns: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, columns - displayWidth(cell)));
  return align === "right" ? blanks + cell : cell + blanks;
}
