/**
 * A table of costs as cells, for the terminal and for the page.
 *
 * @module
 */

import type { RowPlan, TablePlan } from "./cost_path.ts";
import { balanceOf, type Figure } from "./figures.ts";

/** What a cell of figures says where nothing was measured. */
export const NOT_MEASURED = "-";

/** A row: who, what, how much, its middle half, its share of the whole, how it was measured. */
export type Cells = readonly [string, string, string, string, string, string];

/** The heads of the columns. */
export function headOf({ unit }: TablePlan): Cells {
  return ["who", "what", unit, "half of all", "share", "how it was measured"];
}

/** The rows of a table. */
export function cellsOf(
  table: TablePlan,
  figures: Readonly<Record<string, Figure>>,
): Cells[] {
  const balance = balanceOf(table, figures);
  const wholeMedian = figures["whole"]?.median;
  const row = (lane: string, { name, how }: RowPlan, figure?: Figure, isPart = false): Cells => {
    if (figure === undefined) return [lane, name, NOT_MEASURED, "", "", how];
    const isShare = isPart && wholeMedian !== undefined;
    const share = isShare ? `${Math.round(figure.median / wholeMedian * 100)} %` : "";
    const spread = `${digits(figure.low)} - ${digits(figure.high)}`;
    return [lane, name, digits(figure.median), spread, share, how];
  };
  const plain = (lane: string, name: string, value: number | undefined, how: string): Cells => {
    if (value === undefined || wholeMedian === undefined) {
      return [lane, name, NOT_MEASURED, "", "", how];
    }
    return [lane, name, digits(value), "", `${Math.round(value / wholeMedian * 100)} %`, how];
  };
  const steps = Object.entries(table.steps).map(([key, step]) =>
    row(step.lane, step, figures[key], true)
  );
  const sums = table.whole === undefined ? [] : [
    plain("", "sum of the steps", balance?.sum, "added"),
    row("", { ...table.whole, name: `**${table.whole.name}**` }, figures["whole"], true),
    plain("", "left unexplained", balance?.unexplained, "the whole less the sum"),
  ];
  const beside = Object.entries(table.beside).map(([key, plan]) => row("", plan, figures[key]));
  const counts = Object.entries(table.counts).map(([key, plan]) => row("", plan, figures[key]));
  return [...steps, ...(steps.length > 0 ? sums : sums.slice(1, 2)), ...beside, ...counts];
}

/** Three digits that count, as a reader wants them. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(2);
}
