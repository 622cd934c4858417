/**
 * What a scenario's process is told, and what it tells: a line of JSON each.
 *
 * @module
 */

import type { LiveCounts, PlayedOut } from "./play.ts";
import type { UnstagedContext } from "./scenario.ts";

/** What to play: the process hears it on its standard input. */
export interface HostOrder {
  /** The scenario's name. */
  readonly scenario: string;
  /** What it is given. */
  readonly context: UnstagedContext;
  /** The fault plan. */
  readonly faults: readonly string[];
}

/** What the process tells on its standard output. */
export type HostLine =
  | {
    readonly type: "progress";
    readonly label: string;
    readonly done: number;
    readonly total: number;
  }
  | { readonly type: "live"; readonly counts: LiveCounts }
  | { readonly type: "misused"; readonly why: string }
  | { readonly type: "played"; readonly out: PlayedOut };

/** Reads a line; undefined if it is none of ours: a domain may print what it likes. */
export function readHostLine(line: string): HostLine | undefined {
  if (!line.startsWith('{"type":"')) return undefined;
  try {
    return JSON.parse(line) as HostLine;
  } catch {
    return undefined;
  }
}
