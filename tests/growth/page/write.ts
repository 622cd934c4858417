/**
 * Writes growth curves to their places in docs/performance.md: a table and a chart for each.
 *
 * @module
 */

import { markdownTable, withBlock } from "../../cost/page/marked_blocks.ts";
import { formatFiles, PAGE, PICTURES } from "../../cost/page/write.ts";
import type { Curve } from "../curve.ts";
import { chartOf, digits, figureNames, type Point } from "./chart.ts";

/** The block of a curve. */
export function curveBlock(curve: Curve): string {
  return `growth:${curve.name}`;
}

/** The chart of a curve, as the page names it. */
export function chartFile(curve: Curve): string {
  return `${PICTURES}/growth_${curve.name}.svg`.replaceAll("-", "_");
}

/** The block that says where the curves were measured. */
export const GROWTH_BLOCK = "growth";

/** The table of a curve, as the page has it. */
export function curveTable(curve: Curve, points: readonly Point[]): string {
  const head = [curve.what, ...points.map(({ count }) => count.toLocaleString("en-US"))];
  const rows = figureNames(points).map((name) => {
    const found = points.map(({ figures }) => figures.find((figure) => figure.name === name));
    const unit = found.find((figure) => figure !== undefined)!.unit;
    return [`${name}, ${unit}`, ...found.map((figure) => figure ? digits(figure.value) : "-")];
  });
  return markdownTable(head, head.map((_, column) => column === 0 ? "left" : "right"), rows);
}

/** Writes the page and its charts, as the formatter wants them. */
export function writeCurves(
  root: string,
  machine: string,
  curves: readonly { readonly curve: Curve; readonly points: readonly Point[] }[],
): void {
  let page = Deno.readTextFileSync(`${root}/${PAGE}`);
  page = withBlock(page, GROWTH_BLOCK, `Measured on ${machine}; each point once.`);
  const charts = curves.map(({ curve, points }) => {
    page = withBlock(page, curveBlock(curve), curveTable(curve, points));
    const file = `docs/${chartFile(curve)}`;
    Deno.writeTextFileSync(`${root}/${file}`, chartOf(curve, points));
    return file;
  });
  Deno.writeTextFileSync(`${root}/${PAGE}`, page);
  formatFiles(root, [PAGE, ...charts]);
}
