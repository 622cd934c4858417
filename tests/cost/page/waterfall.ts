/**
 * The picture of a table: its steps one below the other, each beginning where the one before it
 * ended; below them the whole, and what stands beside it.
 *
 * @module
 */

import { digits } from "../cells.ts";
import type { TablePlan } from "../cost_path.ts";
import type { Figure } from "../figures.ts";
import { barAt, type Colour, svgOf, textAt } from "./svg.ts";

const WIDTH = 1000;
const MARGIN = 16;
const NAME_WIDTH = 560;

/** A longer name would run into its bar. */
export const NAME_CHARACTERS_MAX = 74;

const ROW_HEIGHT = 24;
const BAR_HEIGHT = 14;
const HEAD_HEIGHT = 44;

/** The room for a number behind a bar. */
const NUMBER_WIDTH = 70;

const LANE_COLOURS: readonly Colour[] = ["client", "life1", "life2", "keep", "dead"];

interface Row {
  readonly who: string;
  readonly name: string;
  readonly from: number;
  readonly length: number;
  readonly colour: Colour;
}

/** Draws it; nothing if a step or the whole was not measured. */
export function waterfall(
  table: TablePlan,
  figures: Readonly<Record<string, Figure>>,
): string | undefined {
  const rows = rowsIn(table, figures);
  if (rows === undefined) return undefined;
  const most = Math.max(...rows.map(({ from, length }) => from + length));
  const scale = (WIDTH - NAME_WIDTH - NUMBER_WIDTH - MARGIN) / most;
  const shapes = rows.flatMap(({ who, name, from, length, colour }, index) => {
    const y = HEAD_HEIGHT + index * ROW_HEIGHT;
    const x = NAME_WIDTH + from * scale;
    return [
      textAt(MARGIN, y + 12, who, "soft"),
      textAt(MARGIN + 82, y + 12, name),
      barAt({ x, y: y + 1, width: length * scale, height: BAR_HEIGHT }, colour),
      textAt(x + Math.max(1, length * scale) + 6, y + 12, digits(length), "soft"),
    ];
  });
  return svgOf({
    title: table.title,
    description: rows.map(({ who, name, length }) => {
      return `${who === "" ? "" : `${who}: `}${name}, ${digits(length)} ${table.unit}`;
    }).join("; "),
    width: WIDTH,
    height: HEAD_HEIGHT + rows.length * ROW_HEIGHT + MARGIN / 2,
    shapes: [textAt(MARGIN, 26, `${table.title}, ${table.unit}`, "name"), ...shapes],
  });
}

function rowsIn(table: TablePlan, figures: Readonly<Record<string, Figure>>): Row[] | undefined {
  const lanes = [...new Set(Object.values(table.steps).map(({ lane }) => lane))];
  const rows: Row[] = [];
  let from = 0;
  for (const [key, { lane, name }] of Object.entries(table.steps)) {
    const length = figures[key]?.median;
    if (length === undefined) return undefined;
    const colour = LANE_COLOURS[lanes.indexOf(lane) % LANE_COLOURS.length]!;
    // What is below nothing is drawn as nothing: an error of measurement.
    rows.push({ who: lane, name: plain(name), from, length: Math.max(0, length), colour });
    from += Math.max(0, length);
  }
  const whole = figures["whole"]?.median;
  if (table.whole === undefined || whole === undefined) return undefined;
  rows.push({ who: "", name: plain(table.whole.name), from: 0, length: whole, colour: "plain" });
  for (const [key, { name }] of Object.entries(table.beside)) {
    const length = figures[key]?.median;
    if (length === undefined) continue;
    rows.push({ who: "", name: plain(name), from: 0, length, colour: "plain" });
  }
  return rows;
}

/** Without the marks of Markdown. */
export function plain(text: string): string {
  return text.replaceAll(/[`*]/g, "");
}
