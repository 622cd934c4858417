/**
 * The line that shows a scenario at work.
 *
 * ```text
 *  3/18  kill-each-server  [########--------]  52%  431 ops/s  17 deaths  0 errors
 * ```
 *
 * @module
 */

import { renderBar } from "../terminal/progress.ts";
import { displayWidth, stripStyle, type Style } from "../terminal/style.ts";
import type { LiveCounts } from "./play.ts";

/** What is known of the scenario at work. */
export interface LiveState {
  /** Which of how many it is, from 1. */
  readonly number: number;
  /** How many there are. */
  readonly count: number;
  /** Its name. */
  readonly name: string;
  /** What it does at the moment. */
  readonly label: string;
  /** How much of its work is done, from 0 to 1; undefined if nobody knows. */
  readonly share: number | undefined;
  /** How it goes; undefined before it works. */
  readonly counts: LiveCounts | undefined;
}

const BAR_COLUMNS = 16;

/** The line, narrower than the terminal: what does not fit is left out from its end. */
export function renderLive(state: LiveState, style: Style, width: number): string {
  const { number, count, name, label, share, counts } = state;
  const parts = [
    ...(count === 1 ? [] : [`${number}/${count}`.padStart(5)]),
    style("bold", name),
    ...(share === undefined
      ? [label]
      : [renderBar(share, BAR_COLUMNS), `${Math.floor(100 * share)}%`.padStart(4)]),
    ...(counts === undefined ? [] : countWords(counts, style)),
  ];
  let line = parts[0]!;
  for (const part of parts.slice(1)) {
    if (displayWidth(line) + 2 + displayWidth(part) >= width) break;
    line += `  ${part}`;
  }
  return displayWidth(line) < width ? line : stripStyle(line).slice(0, width - 1);
}

function countWords({ perSecond, deaths, errors }: LiveCounts, style: Style): string[] {
  return [
    `${Math.round(perSecond).toLocaleString("en-US")} ops/s`,
    style(deaths === 0 ? "dim" : "yellow", counted(deaths, "death")),
    style(errors === 0 ? "green" : "red", counted(errors, "error")),
  ];
}

/** `"1 death"`, `"2 deaths"`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}
