/**
 * A run of paired rows as one page: for each room a chart and the same as a table, and what all of them
 * came to. It needs no network and no script.
 *
 * @module
 */

import { escapeHtml } from "../charts/escape_html.ts";
import { pageStyle } from "../charts/theme.ts";
import { renderDuration } from "../terminal/progress.ts";
import { type BenchRun, disturbedRows, othersDuring, tallyOf } from "./bench_run.ts";
import ownStyle from "./html_page.css" with { type: "text" };
import { type Axis, axisOf, renderAxis, renderPoint } from "./ratio_chart.ts";
import { boundOf, digits, limitsOf, renderFigure } from "./report.ts";
import { byRoom, headingOf } from "./rooms.ts";
import { type FailedRow, isMeasured, type MeasuredRow, type RowResult } from "./row_result.ts";
import { isWithinSpread, shareOfTarget, verdictOf } from "./verdict.ts";

/** Bytes in a GiB. */
const GiB = 2 ** 30;

const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** The page. */
export function renderBenchPage(run: BenchRun): string {
  const rooms = byRoom(run.rows);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>Hako: figures</title>
<style>${pageStyle}${ownStyle}</style>
</head>
<body>
<a class="skip" href="#rooms">To the rows</a>
<main>
<h1>Figures of Hako, beside what people would use instead</h1>
<p class="about">Measured ${escapeHtml(run.began.slice(0, 16).replace("T", " "))} UTC in ${
    renderDuration(run.tookMs)
  }${run.isInterrupted ? ", ended early: only these rows were measured" : ""}.</p>
${renderTally(run.rows)}
<nav aria-label="Rooms"><ul>${
    rooms.map(([room]) => `<li><a href="#${escapeHtml(room)}">${escapeHtml(room)}</a></li>`).join(
      "",
    )
  }<li><a href="#machine">machine</a></li></ul></nav>
${renderMisses(run.rows)}
<p id="rooms">Each side of a row was measured in a process of its own, the sides in turn. A row lies at
how much of what is asked it comes to: its ratio to the peer divided by the ratio that is asked, or by
the worst of its limits. Right of the dashed line the target is met. Where nothing is asked, it lies at
its ratio.</p>
${renderKeys()}
${rooms.map(([room, rows]) => renderSection(room, rows)).join("\n")}
${renderMachine(run)}
</main>
</body>
</html>
`;
}

function renderTally(rows: readonly RowResult[]): string {
  const { withinSpread, ...counts } = tallyOf(rows);
  const items = Object.entries(counts).map(([verdict, count]) => {
    return `<li><b class="${verdict}">${count}</b>${verdict}</li>`;
  });
  const unsure = withinSpread === 0
    ? ""
    : `<p>Of the rows that met their target ${withinSpread} ${
      withinSpread === 1 ? "has" : "have"
    } it within the spread of the rounds: another run may say otherwise.</p>`;
  return `<ul class="tally" aria-label="What ${rows.length} rows came to">${
    items.join("")
  }</ul>${unsure}`;
}

function renderMisses(rows: readonly RowResult[]): string {
  const missed = rows.filter(isMeasured).filter((row) => verdictOf(row) === "missed").sort(
    (one, other) => shareOfTarget(one) - shareOfTarget(other),
  );
  if (missed.length === 0) return "";
  const lines = missed.map((row) =>
    `<tr><td class="row-name">${escapeHtml(row.name)}</td><td class="number">${
      Math.floor(shareOfTarget(row) * 100)
    }%</td><td>${isWithinSpread(row) ? "within the spread" : ""}</td></tr>`
  );
  return `<h2>Missed, the farthest first</h2>
<p class="about">How much of what is asked they come to.</p>
<div class="scroll" tabindex="0"><table class="misses"><tbody>${
    lines.join("\n")
  }</tbody></table></div>`;
}

/** What the signs of the charts mean. */
function renderKeys(): string {
  const sign = (marks: string) => `<svg viewBox="0 0 34 16" aria-hidden="true">${marks}</svg>`;
  const span = '<line class="span" x1="3" x2="31" y1="8" y2="8"/>';
  return `<ul class="keys">
<li>${sign('<circle class="middle" cx="17" cy="8" r="5.5"/>')}median of the rounds</li>
<li>${sign(`${span}<circle class="round" cx="10" cy="8" r="2.5"/>`)}each round, and all of them</li>
<li>${sign('<line class="goal" x1="17" x2="17" y1="0" y2="16"/>')}target</li>
<li>${
    sign('<path class="bound" d="M 17 13 l 5 -8 h -10 z"/>')
  }the best that the platform allows</li>
</ul>`;
}

function renderSection(room: string, rows: readonly RowResult[]): string {
  const axis = axisOf(rows.filter(isMeasured));
  const notes = rows.flatMap((row) => {
    if (row.note === undefined || (isMeasured(row) && verdictOf(row) === "met")) return [];
    return [`<p class="notes"><code>${escapeHtml(row.name)}</code>: ${escapeHtml(row.note)}</p>`];
  });
  return `<section aria-labelledby="${escapeHtml(room)}">
<h2 id="${escapeHtml(room)}">${escapeHtml(room)}</h2>
<p class="about">${escapeHtml(headingOf(room).slice(room.length + 2))}</p>
<div class="chart-rows">
<div class="chart-row"><span class="empty"></span>${
    renderAxis(axis)
  }<span class="empty"></span></div>
${rows.map((row) => isMeasured(row) ? chartRow(row, axis) : failedChartRow(row)).join("\n")}
</div>
${notes.join("\n")}
${renderTable(rows)}
</section>`;
}

function chartRow(row: MeasuredRow, axis: Axis): string {
  const verdict = verdictOf(row);
  const label = `${row.name}, ${verdict}: ${renderFigure(row.ours, row.unit)} beside ${
    renderFigure(row.peer, row.unit)
  } of ${row.peerName}; ${ratioOf(row)}`;
  return `<div class="chart-row ${verdict}"><span class="row-name">${escapeHtml(row.name)}</span>
${renderPoint(row, axis, label)}<span class="verdict">${verdictText(row)}</span></div>`;
}

function failedChartRow({ name }: FailedRow): string {
  return `<div class="chart-row failed"><span class="row-name">${escapeHtml(name)}</span>
<span class="points"></span><span class="verdict">not measured</span></div>`;
}

/** The same as the chart, with all figures. */
function renderTable(rows: readonly RowResult[]): string {
  return `<details class="as-table"><summary>As a table</summary>
<div class="scroll" tabindex="0"><table>
<thead><tr><th scope="col">row</th><th scope="col" class="number">Hako</th>
<th scope="col" class="number">peer</th><th scope="col" class="number">ratio</th>
<th scope="col" class="number">target</th><th scope="col" class="number">of bound</th>
<th scope="col">verdict</th><th scope="col">against</th></tr></thead>
<tbody>
${rows.map((row) => isMeasured(row) ? tableRow(row) : failedTableRow(row)).join("\n")}
</tbody></table></div></details>`;
}

function tableRow(row: MeasuredRow): string {
  const { name, peerName, ours, peer, unit, target } = row;
  const [least, most] = row.spread.ratio;
  const about = [peerName, ...limitsOf(row), boundOf(row) ?? []].flat().join("; ");
  return `<tr><th scope="row" class="row-name">${escapeHtml(name)}</th>
<td class="number">${escapeHtml(renderFigure(ours, unit))}</td>
<td class="number">${escapeHtml(renderFigure(peer, unit))}</td>
<td class="number">${digits(row.ratio)} (${digits(least)} to ${digits(most)})</td>
<td class="number">${target > 0 ? digits(target) : "limits"}</td>
<td class="number">${row.ofBound === undefined ? "" : digits(row.ofBound)}</td>
<td class="verdict ${verdictOf(row)}">${verdictText(row)}</td>
<td>${escapeHtml(about)}</td></tr>`;
}

function failedTableRow({ name, peerName, failure }: FailedRow): string {
  return `<tr><th scope="row" class="row-name">${escapeHtml(name)}</th>
<td colspan="5" class="failed">${escapeHtml(failure)}</td>
<td class="verdict failed">failed</td><td>${escapeHtml(peerName)}</td></tr>`;
}

function renderMachine(run: BenchRun): string {
  const { processor, memoryBytes, system, versions } = run.machine;
  const others = othersDuring(run.rows);
  const disturbed = disturbedRows(run.rows).map(({ name, othersCores }) => {
    return `${name} (${digits(othersCores ?? 0)})`;
  });
  const facts = [
    ["processor", `${processor}, ${run.cores} cores`],
    ["memory", `${digits(memoryBytes / GiB)} GiB`],
    ["system", system],
    ["versions", `Hako ${versions.hako}, Deno ${versions.deno}, V8 ${versions.v8}`],
    ["load before the run", `${digits(run.load)} threads`],
    [
      "cores that others used during it",
      others === undefined
        ? "not known"
        : `${others.median.toFixed(2)} during the median row, ${others.most.toFixed(2)} at most`,
    ],
    ["rows that others disturbed", disturbed.length === 0 ? "none" : disturbed.join(", ")],
  ] as const;
  const items = facts.map(([what, told]) => `<dt>${what}</dt><dd>${escapeHtml(told)}</dd>`);
  return `<section><h2 id="machine">The machine</h2><dl class="machine">${
    items.join("\n")
  }</dl></section>`;
}

function verdictText(row: MeasuredRow): string {
  const verdict = verdictOf(row);
  const unsure = (verdict === "met" || verdict === "missed") && isWithinSpread(row);
  return unsure ? `${verdict}, within the spread` : verdict;
}

function ratioOf({ ratio, target }: MeasuredRow): string {
  return target > 0 ? `ratio ${digits(ratio)} of ${digits(target)}` : `ratio ${digits(ratio)}`;
}
