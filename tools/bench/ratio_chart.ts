/**
 * Rows as points on a logarithmic axis, where 1 is what is asked of them: each round a dot, the median
 * a disc, what lies between the rounds a bar, the bound a triangle.
 *
 * Positions are shares of the width, so the chart needs no script to fit a telephone or a sheet of
 * paper.
 *
 * @module
 */

import { escapeHtml } from "../charts/escape_html.ts";
import type { MeasuredRow } from "./row_result.ts";
import { shareOfTarget } from "./verdict.ts";

/** The part of the axis that a chart shows. */
export interface Axis {
  /** Its left end. */
  readonly least: number;
  /** Its right end. */
  readonly most: number;
}

/** Pixels. */
const HEIGHT = 30;
const HALF = HEIGHT / 2;

/** Per cent of the width that are left free on each side. */
const MARGIN = 4;

/** Shares farther from the target than this lie at the edge. */
const SHARE_MIN = 0.02;
const SHARE_MAX = 500;

/** Steps within a power of ten. */
const STEPS = [1, 2, 5] as const;

/** More ticks than this stand too close. */
const TICK_COUNT_MAX = 6;

/** The axis that shows all rounds of some rows, and the target. */
export function axisOf(rows: readonly MeasuredRow[]): Axis {
  const shares = [1, ...rows.flatMap(sharesOf), ...rows.flatMap((row) => boundShareOf(row) ?? [])];
  const inside = shares.filter(Number.isFinite).map(clamped);
  return { least: Math.min(0.5, ...inside) / 1.1, most: Math.max(2, ...inside) * 1.1 };
}

/**
 * What a row came to in each round: 1 is what is asked. Where there are limits besides the target the
 * worst counts; where nothing is asked, it is the ratio.
 */
export function sharesOf(row: MeasuredRow): number[] {
  const { perRound } = row;
  return perRound.ratio.map((ratio, round) => {
    const ours = perRound.ours[round]!;
    const peer = perRound.peer[round]!;
    const p99 = { ...row.p99, ours: perRound.p99[round]! };
    return shareOf({ ...row, ratio, ours, peer, p99 });
  });
}

/** The axis with its marks, as text for a page. */
export function renderAxis(axis: Axis): string {
  const marks = ticksOf(axis).map((tick) => {
    const label = tick === 1 ? "target" : `${tick}x`;
    return `<text x="${placeOf(tick, axis)}" y="14" text-anchor="middle"${
      tick === 1 ? ' class="goal"' : ""
    }>${label}</text>`;
  });
  return `<svg class="axis" height="20" aria-hidden="true">${marks.join("")}</svg>`;
}

/** A row, as text for a page. */
export function renderPoint(row: MeasuredRow, axis: Axis, label: string): string {
  const shares = sharesOf(row);
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  const lines = ticksOf(axis).map((tick) => vertical(tick === 1 ? "goal" : "grid", tick, axis));
  const dots = shares.map((share) => {
    return `<circle class="round" cx="${placeOf(share, axis)}" cy="${HALF}" r="2.5"/>`;
  });
  const bound = boundShareOf(row);
  return `<svg class="points" height="${HEIGHT}" role="img" aria-label="${escapeHtml(label)}">
<title>${escapeHtml(label)}</title>${lines.join("")}
<line class="span" x1="${placeOf(least, axis)}" x2="${
    placeOf(most, axis)
  }" y1="${HALF}" y2="${HALF}"/>
<circle class="middle" cx="${placeOf(shareOf(row), axis)}" cy="${HALF}" r="5.5"/>
${dots.join("")}${bound === undefined ? "" : renderBound(bound, axis)}</svg>`;
}

/** Where a row lies: 1 is what is asked. */
function shareOf(row: MeasuredRow): number {
  const share = shareOfTarget(row);
  return Number.isFinite(share) ? share : row.ratio;
}

/** Where the bound of a row lies. */
function boundShareOf(row: MeasuredRow): number | undefined {
  return row.ofBound === undefined ? undefined : shareOf(row) / row.ofBound;
}

function renderBound(share: number, axis: Axis): string {
  return `<svg x="${placeOf(share, axis)}" y="0" overflow="visible">
<path class="bound" d="M 0 ${HALF - 5} l 5 -8 h -10 z"/></svg>`;
}

function vertical(kind: string, share: number, axis: Axis): string {
  const x = placeOf(share, axis);
  return `<line class="${kind}" x1="${x}" x2="${x}" y1="0" y2="${HEIGHT}"/>`;
}

/** Round numbers on the axis, 1 among them. */
function ticksOf({ least, most }: Axis): number[] {
  const ticks: number[] = [];
  for (let power = -2; power <= 2; power++) {
    for (const step of STEPS) ticks.push(Number((step * 10 ** power).toPrecision(1)));
  }
  const inside = ticks.filter((tick) => least <= tick && tick <= most);
  if (inside.length <= TICK_COUNT_MAX) return inside;
  return inside.filter((tick) => Number.isInteger(Math.log10(tick)));
}

/** Where a share lies, in per cent of the width. */
function placeOf(share: number, { least, most }: Axis): string {
  const inside = Math.min(most, Math.max(least, share));
  const part = Math.log(inside / least) / Math.log(most / least);
  return `${(MARGIN + part * (100 - 2 * MARGIN)).toFixed(2)}%`;
}

function clamped(share: number): number {
  return Math.min(SHARE_MAX, Math.max(SHARE_MIN, share));
}
