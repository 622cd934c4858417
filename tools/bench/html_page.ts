/**
 * A run of paired rows as one page: each ratio as a point on a logarithmic axis, with what lies between
 * its rounds and the target that it is to reach.
 *
 * @module
 */

import { escapeHtml } from "../charts/escape_html.ts";
import { pageStyle } from "../charts/theme.ts";
import { isDisturbed } from "./measurement.ts";
import { type BenchRun, machineNotes, renderFigure } from "./report.ts";
import type { MeasuredRow, RowResult } from "./row_result.ts";

/** The axis, in pixels. */
const WIDTH = 360;
const HEIGHT = 26;

/** Ratios beyond these lie at the edge: the axis is for those near the target. */
const RATIO_MIN = 0.05;
const RATIO_MAX = 200;

const MARKS: readonly number[] = [0.1, 1, 10, 100];

const STYLE = `
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 48px; }
.row-name { font-family: var(--code); font-size: 13px; white-space: nowrap; }
.peer { color: var(--soft); font-size: 13px; }
.axis line { stroke: var(--line); }
.axis text { fill: var(--soft); font-size: 11px; }
.span { stroke: var(--half); stroke-width: 3; stroke-linecap: round; opacity: 0.45; }
.point { fill: var(--half); }
.target { stroke: var(--most); stroke-width: 2; }
.met { color: var(--good); }
.missed { color: var(--warn); font-weight: 600; }
.failed { color: var(--bad); font-weight: 600; }
.scroll { overflow-x: auto; }
`;

/** The page: it needs no network and no script. */
export function renderBenchPage(run: BenchRun, began: Date): string {
  const rooms = [...new Set(run.rows.map(({ name }) => roomOf(name)))];
  const met = run.rows.filter((row) => row.met && isTold(row)).length;
  const notes = machineNotes(run, run.rows.filter(isMeasured).filter(isDisturbed));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Hako: figures</title>
<style>${pageStyle}${STYLE}</style>
</head>
<body>
<main>
<h1>Figures of Hako, beside what people would use instead</h1>
<p>${met} of ${run.rows.length} targets met. Measured ${
    escapeHtml(began.toISOString().slice(0, 16).replace("T", " "))
  } UTC on ${run.cores} cores. A ratio says how many times faster or smaller Hako is: the point is the
median of the rounds, the bar what lies between them, the tick the target.</p>
${notes.map((note) => `<p class="missed">${escapeHtml(note)}</p>`).join("\n")}
${
    rooms.map((room) => section(room, run.rows.filter(({ name }) => roomOf(name) === room))).join(
      "\n",
    )
  }
</main>
</body>
</html>
`;
}

function section(room: string, rows: readonly RowResult[]): string {
  return `<h2>${escapeHtml(room)}</h2>
<div class="scroll"><table>
<thead><tr><th>row</th><th>against</th><th class="number">Hako</th><th class="number">peer</th>
<th class="number">ratio</th><th>${axis()}</th><th></th></tr></thead>
<tbody>
${rows.map((row) => isMeasured(row) ? measuredRow(row) : failedRow(row)).join("\n")}
</tbody></table></div>`;
}

function measuredRow(row: MeasuredRow): string {
  const { name, peerName, ours, peer, unit, ratio, target, met } = row;
  const verdict = isDisturbed(row)
    ? `<span class="missed">noisy</span>`
    : met
    ? `<span class="met">met</span>`
    : `<span class="missed">missed</span>`;
  const goal = target > 0 ? ` of ${Number(target.toPrecision(3))}` : "";
  return `<tr><td class="row-name">${escapeHtml(name)}</td>
<td class="peer">${escapeHtml(peerName)}</td>
<td class="number">${escapeHtml(renderFigure(ours, unit))}</td>
<td class="number">${escapeHtml(renderFigure(peer, unit))}</td>
<td class="number">${ratio.toPrecision(3)}${goal}</td>
<td>${plot(row)}</td><td>${verdict}</td></tr>`;
}

function failedRow({ name, peerName, failure }: Extract<RowResult, { failure: string }>): string {
  return `<tr><td class="row-name">${escapeHtml(name)}</td>
<td class="peer">${escapeHtml(peerName)}</td>
<td colspan="4" class="failed">${escapeHtml(failure)}</td><td class="failed">failed</td></tr>`;
}

function axis(): string {
  const marks = MARKS.map((mark) =>
    `<text x="${xOf(mark)}" y="13" text-anchor="middle">${mark}x</text>`
  );
  return `<svg class="axis" width="${WIDTH}" height="18" aria-hidden="true">${
    marks.join("")
  }</svg>`;
}

function plot({ name, ratio, target, spread }: MeasuredRow): string {
  const [least, most] = spread.ratio;
  const half = HEIGHT / 2;
  const marks = MARKS.map((mark) =>
    `<line x1="${xOf(mark)}" x2="${xOf(mark)}" y1="0" y2="${HEIGHT}"/>`
  );
  const goal = target > 0
    ? `<line class="target" x1="${xOf(target)}" x2="${xOf(target)}" y1="3" y2="${HEIGHT - 3}"/>`
    : "";
  const label = `${name}: ${ratio.toPrecision(3)} times, ${least.toPrecision(3)} to ${
    most.toPrecision(3)
  }`;
  return `<svg class="axis" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${
    escapeHtml(label)
  }">${marks.join("")}${goal}<line class="span" x1="${xOf(least)}" x2="${
    xOf(most)
  }" y1="${half}" y2="${half}"/><circle class="point" cx="${
    xOf(ratio)
  }" cy="${half}" r="5"/></svg>`;
}

/** Where a ratio lies. */
function xOf(ratio: number): number {
  const inside = Math.min(RATIO_MAX, Math.max(RATIO_MIN, ratio));
  const share = Math.log(inside / RATIO_MIN) / Math.log(RATIO_MAX / RATIO_MIN);
  return Math.round(12 + share * (WIDTH - 24));
}

function roomOf(name: string): string {
  return name.split("/")[0]!;
}

function isMeasured(row: RowResult): row is MeasuredRow {
  return "ours" in row;
}

function isTold(row: RowResult): boolean {
  return isMeasured(row) && !isDisturbed(row);
}
