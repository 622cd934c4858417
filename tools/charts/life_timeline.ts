/**
 * The lives of domains as a picture: when each served, how it died, when it was fenced, how long its
 * successor took, and which faults befell it.
 *
 * Along the picture all is told in percent, so that it fits every width and its words keep their size.
 *
 * @module
 */

import type { LifeRecord, StrikeRecord, SystemRecord } from "../record/record.ts";
import { escapeHtml } from "./escape_html.ts";
import {
  type LifeMark,
  rowsOf,
  type StrikeMark,
  type TimelineRow,
  timeMarks,
} from "./timeline_marks.ts";

/** A row: its words, then its bar, with room for marks above and below. */
const ROW_HEIGHT = 46;
const BAR_TOP = 24;
const BAR_HEIGHT = 12;

const AXIS_HEIGHT = 22;

/** Faults that are no harm. */
const UPGRADES: ReadonlySet<string> = new Set(["upgrade", "restart"]);

/**
 * An SVG as wide as its place, with a row for each domain. A full bar is a life that serves, a low one
 * a start; a line through it is a death, a tick below that the fence, a ring a zombie; a triangle is a fault.
 */
export function renderTimeline(
  { lives, strikes, durationMs }: Pick<SystemRecord, "lives" | "strikes" | "durationMs">,
): string {
  const lengthMs = Math.max(
    durationMs,
    1,
    ...lives.map(({ startMs, endMs }) => Math.max(startMs, endMs ?? 0)),
  );
  const rows = rowsOf(lives, strikes, lengthMs);
  const height = rows.length * ROW_HEIGHT + AXIS_HEIGHT;
  const x = (ms: number) => `${percent(ms / lengthMs)}%`;
  const deaths = rows.reduce((sum, row) => sum + row.deaths, 0);
  const label = `Lives of ${counted(rows.length, "domain")} in ${seconds(lengthMs)}: ${
    counted(deaths, "death")
  }`;
  return `<svg class="timeline" xmlns="http://www.w3.org/2000/svg" height="${height}" role="group" aria-label="${
    escapeHtml(label)
  }">
${renderAxis(lengthMs, height, x)}
${rows.map((row, index) => renderRow(row, index * ROW_HEIGHT, x)).join("\n")}
</svg>`;
}

/** Where a moment lies. */
type Place = (ms: number) => string;

function renderAxis(lengthMs: number, height: number, x: Place): string {
  const foot = height - AXIS_HEIGHT;
  return timeMarks(lengthMs).map((ms) => {
    // Words at the ends stay inside.
    const anchor = ms === 0 ? "start" : ms > lengthMs * 0.97 ? "end" : "middle";
    return `<line class="grid" x1="${x(ms)}" x2="${x(ms)}" y1="0" y2="${foot + 4}"/><text x="${
      x(ms)
    }" y="${foot + 17}" text-anchor="${anchor}">${seconds(ms)}</text>`;
  }).join("");
}

function renderRow(row: TimelineRow, y: number, x: Place): string {
  const { domain, lives, strikes, deaths, lifeCount } = row;
  const counts = `${counted(lifeCount, "life", "lives")}, ${counted(deaths, "death")}`;
  const safe = escapeHtml(domain);
  return `<svg y="${y}" height="${ROW_HEIGHT}" width="100%" overflow="visible" role="img" aria-label="${safe}: ${counts}">
<text class="words" y="13"><tspan class="who">${safe}</tspan><tspan dx="8">${counts}</tspan></text>
<rect class="ground" y="${BAR_TOP}" width="100%" height="${BAR_HEIGHT}"/>
${lives.map((mark) => renderLife(mark, x)).join("\n")}
${strikes.map((mark) => renderStrike(mark, x)).join("\n")}
</svg>`;
}

function renderLife({ lives, startMs, untilMs }: LifeMark, x: Place): string {
  const title = lives.length === 1 ? lifeWords(lives[0]!) : manyWords(lives, startMs, untilMs);
  const last = lives.at(-1)!;
  const { endMs, fencedMs, isGone, why } = last;
  const parts = [`<title>${escapeHtml(title)}</title>`];
  const readyMs = lives.length === 1 ? last.readyMs : undefined;
  const servedUntilMs = endMs ?? untilMs;
  if ((readyMs ?? servedUntilMs) > startMs) {
    parts.push(bar("start", startMs, readyMs ?? servedUntilMs, x));
  }
  if (readyMs !== undefined) parts.push(bar("served", readyMs, servedUntilMs, x));
  if (endMs !== undefined) {
    const isDeath = lives.some((life) => life.why !== undefined) || why !== undefined;
    parts.push(moment(isDeath ? "death" : "end", endMs, BAR_TOP - 2, BAR_HEIGHT + 4, x));
  }
  if (fencedMs !== undefined) {
    parts.push(
      isGone === false
        ? `<circle class="zombie" cx="${x(fencedMs)}" cy="${BAR_TOP + BAR_HEIGHT + 4}" r="3"/>`
        : moment("fence", fencedMs, BAR_TOP + BAR_HEIGHT + 2, 6, x),
    );
  }
  return `<g>${parts.join("")}</g>`;
}

/** A bar of one kind: those of starts are low. */
function bar(className: "start" | "served", fromMs: number, toMs: number, x: Place): string {
  const width = x(Math.max(0, toMs - fromMs));
  const [y, height] = className === "start"
    ? [BAR_TOP + BAR_HEIGHT / 2 - 1.5, 3]
    : [BAR_TOP, BAR_HEIGHT];
  return `<rect class="${className}" x="${
    x(fromMs)
  }" y="${y}" width="${width}" height="${height}"/>`;
}

/** An upright mark at a moment; the style moves it to the left by half of its width. */
function moment(className: string, atMs: number, y: number, height: number, x: Place): string {
  return `<rect class="${className}" x="${x(atMs)}" y="${y}" width="2" height="${height}"/>`;
}

/** Marks of faults are drawn around their moment. */
const TRIANGLE = `M-4 ${BAR_TOP - 8}h8l-4 7z`;
const DIAMOND = `M0 ${BAR_TOP - 9}l4 4l-4 4l-4 -4z`;

function mark(x: string, className: string, path: string): string {
  return `<svg x="${x}" overflow="visible"><path class="${className}" d="${path}"/></svg>`;
}

function renderStrike({ strikes, atMs }: StrikeMark, x: Place): string {
  const isUpgrade = strikes.every(({ kind }) => UPGRADES.has(kind));
  const shape = isUpgrade
    ? mark(x(atMs), "strike upgrade", DIAMOND)
    : mark(x(atMs), "strike", TRIANGLE);
  return `<g><title>${
    escapeHtml(strikes.map(strikeWords).slice(0, 8).join("\n"))
  }</title>${shape}</g>`;
}

/** A fault in words. */
export function strikeWords({ atMs, domain, kind }: StrikeRecord): string {
  return `fault at ${seconds(atMs)}: ${kind} ${domain}`;
}

/** A life in words. */
export function lifeWords(life: LifeRecord): string {
  const { domain, epoch, startMs, readyMs, endMs, fencedMs, isGone, why } = life;
  const lines = [
    `${domain}, life ${epoch}`,
    readyMs === undefined
      ? `began at ${seconds(startMs)} and never served`
      : `served from ${seconds(readyMs)}, ${duration(readyMs - startMs)} after its beginning`,
    endMs === undefined
      ? "lived to the end"
      : `ended at ${seconds(endMs)}${why === undefined ? ", in order" : `: ${why}`}`,
  ];
  if (fencedMs !== undefined) {
    const state = isGone === false ? "it was a zombie then" : "it was gone then";
    lines.push(`fenced ${duration(Math.max(0, fencedMs - (endMs ?? fencedMs)))} later; ${state}`);
  }
  return lines.join("\n");
}

function manyWords(lives: readonly LifeRecord[], startMs: number, untilMs: number): string {
  const [first] = lives;
  return `${first!.domain}, lives ${first!.epoch} to ${lives.at(-1)!.epoch}\nfrom ${
    seconds(startMs)
  } to ${seconds(untilMs)}`;
}

/** A moment, as people say it. */
export function seconds(ms: number): string {
  const value = ms / 1_000;
  return `${Number(value.toFixed(value < 0.1 ? 3 : value < 100 ? 2 : 1))} s`;
}

/** How long something took. */
export function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`;
  if (ms < 1_000) return `${Number(ms.toPrecision(ms < 100 ? 2 : 3))} ms`;
  return `${Number((ms / 1_000).toPrecision(3))} s`;
}

/** A number of things. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

function percent(part: number): number {
  return Math.round(Math.min(1, Math.max(0, part)) * 10_000) / 100;
}
