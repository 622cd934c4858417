/**
 * A sample as a page that fits the terminal.
 *
 * ```text
 * 12 s  kernel life 1  0 slots in use  0 zombies
 *
 * domain  life  state  in flight  calls/s     p50     p99  restarts
 * ------  ----  -----  ---------  -------  ------  ------  --------
 * disk       2  ready          1   12,345  1.2 us  8.0 us         1
 *
 * disk died last: it hangs
 * ```
 *
 * @module
 */

import type { DomainState } from "@hako/kernel";
import { renderDuration } from "../terminal/progress.ts";
import { displayWidth, stripStyle, type Style, type StyleName } from "../terminal/style.ts";
import { renderTable, TERMINAL_COLUMNS } from "../terminal/table.ts";
import type { DomainSample, Sample } from "./sample.ts";

/** How much room there is. */
export interface Room {
  readonly columns: number;
  /** Lines; as many as it takes if left out. */
  readonly rows?: number;
}

const HEAD = ["domain", "life", "state", "in flight", "calls/s", "p50", "p99", "restarts"];

const ALIGN = ["left", "right", "left", "right", "right", "right", "right", "right"] as const;

/** What is left of 80 columns for a name, beside the widest numbers. */
const NAME_COLUMNS_MAX = 12;

const STYLES: Readonly<Record<DomainState, StyleName>> = {
  waiting: "dim",
  starting: "yellow",
  ready: "green",
  fencing: "yellow",
  "backing-off": "yellow",
  finished: "dim",
  "gave-up": "red",
  halted: "dim",
};

/** The page. No line is longer than the room is wide, and there are no more than it has rows. */
export function renderSample(
  sample: Sample,
  style: Style,
  room: Room = { columns: TERMINAL_COLUMNS },
): string {
  const { columns, rows = Infinity } = room;
  const { seconds, kernelEpoch, slotsInUse, zombies, domains } = sample;
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  const head = [
    renderDuration(seconds * 1_000),
    `kernel life ${kernelEpoch}`,
    `${count(slotsInUse, "slot")} in use`,
    count(zombies, "zombie"),
  ].join("  ");
  const table = renderTable({
    head: HEAD,
    rows: domains.map((domain) => rowOf(domain, style)),
    align: ALIGN,
    width: columns,
  });
  const died = domains.filter(({ why }) => why !== "");
  const causes = died.map(({ domain, why }) =>
    cut(`${domain} died last: ${firstLine(why)}`, columns)
  );
  const lines = [head, "", ...table.split("\n")].map((line) => fit(line, columns));
  if (causes.length > 0) lines.push("", ...causes.map((line) => style("dim", line)));
  if (lines.length <= rows) return lines.join("\n");
  return [...lines.slice(0, rows - 1), style("dim", "...")].join("\n");
}

function rowOf(sample: DomainSample, style: Style): string[] {
  const { domain, epoch, state, inFlight, callsPerSecond, p50Us, p99Us, restarts } = sample;
  return [
    cut(domain, NAME_COLUMNS_MAX),
    renderCount(epoch),
    style(STYLES[state], state),
    renderCount(inFlight),
    renderCount(callsPerSecond),
    renderTime(p50Us),
    renderTime(p99Us),
    renderCount(restarts),
  ];
}

/** A number of at most 6 columns: `"0.4"`, `"12,345"`, `"1.2 M"`. */
export function renderCount(count: number): string {
  if (count > 0 && count < 10 && !Number.isInteger(count)) return count.toFixed(1);
  if (count < 99_999.5) return Math.round(count).toLocaleString("en-US");
  if (count < 999_500) return `${Math.round(count / 1_000)} k`;
  return `${(count / 1e6).toFixed(1)} M`;
}

/** A time of at most 6 columns: `"0.8 us"`, `"12 ms"`, `"3.4 s"`; a dash for none. */
export function renderTime(us: number | undefined): string {
  if (us === undefined) return "-";
  const [value, unit] = us < 999.5
    ? [us, "us"]
    : us < 999_500
    ? [us / 1_000, "ms"]
    : [us / 1e6, "s"];
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** What a domain said of its end, without what would draw on the terminal. */
function firstLine(why: string): string {
  return why.split("\n", 1)[0]!.replaceAll(/\p{C}/gu, "?");
}

/** A line that is too wide loses its styles, which must not be cut. */
function fit(line: string, columns: number): string {
  return displayWidth(line) <= columns ? line : cut(stripStyle(line), columns);
}

function cut(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, columns - 3).join("")}...`;
}
