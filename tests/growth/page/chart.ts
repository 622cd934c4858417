/**
 * A growth curve as a picture: a small chart for each figure, all over the same numbers.
 *
 * @module
 */

import { rounded, svgOf, textAt } from "../../cost/page/svg.ts";
import type { Curve, GrowthFigure } from "../curve.ts";

/** A point that was measured. */
export interface Point {
  /** How many there were of what grows. */
  readonly count: number;
  /** What was measured then. */
  readonly figures: readonly GrowthFigure[];
}

const COLUMNS = 3;
const CHART_WIDTH = 280;
const CHART_HEIGHT = 150;
const MARGIN = 20;
const HEAD_HEIGHT = 34;

/** Between the edges of a chart and its line. */
const INSET = { left: 10, right: 46, top: 34, bottom: 26 } as const;

/** The names of all figures of some points. */
export function figureNames(points: readonly Point[]): string[] {
  return [...new Set(points.flatMap(({ figures }) => figures.map(({ name }) => name)))];
}

/** Draws a curve. */
export function chartOf(curve: Curve, points: readonly Point[]): string {
  const names = figureNames(points);
  const charts = names.map((name, index) => {
    const x = MARGIN + (index % COLUMNS) * CHART_WIDTH;
    const y = HEAD_HEIGHT + Math.floor(index / COLUMNS) * CHART_HEIGHT;
    return lineOf(name, points, { x, y });
  });
  const first = points[0]?.count ?? 0;
  const last = points.at(-1)?.count ?? 0;
  const range = `${first.toLocaleString("en-US")} to ${last.toLocaleString("en-US")} ${curve.what}`;
  return svgOf({
    title: `What ${curve.what} cost`,
    description: `Over ${range}: ${names.join(", ")}. The numbers stand in the table.`,
    width: 2 * MARGIN + COLUMNS * CHART_WIDTH,
    height: HEAD_HEIGHT + Math.ceil(names.length / COLUMNS) * CHART_HEIGHT + MARGIN / 2,
    shapes: [textAt(MARGIN, 24, `${range}, each axis from 0`, "name"), ...charts.flat()],
  });
}

/** One figure: a line over the points, which stand at equal distances. */
function lineOf(
  name: string,
  points: readonly Point[],
  { x, y }: { readonly x: number; readonly y: number },
): string[] {
  const found = points.flatMap(({ count, figures }, index) => {
    const figure = figures.find((candidate) => candidate.name === name);
    return figure === undefined ? [] : [{ index, count, ...figure }];
  });
  const most = Math.max(Number.MIN_VALUE, ...found.map(({ value }) => value));
  const width = CHART_WIDTH - INSET.left - INSET.right;
  const height = CHART_HEIGHT - INSET.top - INSET.bottom;
  const bottom = y + INSET.top + height;
  const place = ({ index, value }: { readonly index: number; readonly value: number }) => ({
    atX: rounded(x + INSET.left + width * index / Math.max(1, points.length - 1)),
    atY: rounded(bottom - height * Math.max(0, value) / most),
  });
  const places = found.map(place);
  const line = places.map(({ atX, atY }) => `${atX},${atY}`).join(" ");
  const last = found.at(-1)!;
  const end = place(last);
  return [
    textAt(x + INSET.left, y + 22, `${name}, ${last.unit}`),
    `<line class="edge" x1="${x + INSET.left}" y1="${bottom}" x2="${
      x + INSET.left + width
    }" y2="${bottom}" />`,
    `<polyline class="line-client" points="${line}" />`,
    ...places.map(({ atX, atY }) => `<circle class="fill-client" cx="${atX}" cy="${atY}" r="3" />`),
    textAt(end.atX + 6, end.atY + 4, digits(last.value), "soft"),
    textAt(x + INSET.left, bottom + 16, points[0]!.count.toLocaleString("en-US"), "soft"),
    textAt(x + INSET.left + width, bottom + 16, last.count.toLocaleString("en-US"), "soft end"),
  ];
}

/** Three digits that count. */
export function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}
