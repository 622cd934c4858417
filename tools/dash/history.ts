/**
 * What a page that comes later must be told: the last minute of a system, and nothing else.
 *
 * @module
 */

import type { IntervalRecord, StrikeRecord } from "../record/record.ts";
import type {
  AnswerLine,
  BeginLine,
  Happening,
  HappeningsLine,
  HostLine,
  ReadingLine,
} from "./lines.ts";

/** How much of the past is shown. */
export const SHOWN_MS = 60_000;

/** How many things that happened are shown. */
export const HAPPENINGS_SHOWN = 200;

/** Strikes that are marked at most; at twenty presses a second a minute has no more. */
const STRIKES_SHOWN = 1_200;

/** The system has ended. */
export interface EndLine {
  /** Tells it from the other lines. */
  readonly type: "end";
  /** Why, in words. */
  readonly text: string;
}

/** What a page hears: what the host says, but no answers to presses, and the end. */
export type PageLine = Exclude<HostLine, AnswerLine> | EndLine;

/** The last minute. */
export class History {
  #begin: BeginLine | undefined;
  #reading: ReadingLine | undefined;
  #intervals: IntervalRecord[] = [];
  #strikes: StrikeRecord[] = [];
  #happenings: Happening[] = [];
  #end: EndLine | undefined;

  /** What the system consists of; `undefined` as long as that is not known. */
  get begin(): BeginLine | undefined {
    return this.#begin;
  }

  /** Takes a line. */
  add(line: PageLine): void {
    switch (line.type) {
      case "begin":
        this.#begin = line;
        return;
      case "reading": {
        const { intervals, strikes, atMs } = line;
        const isShown = (one: { readonly atMs: number }) => one.atMs > atMs - SHOWN_MS;
        this.#reading = line;
        this.#intervals = [...this.#intervals, ...intervals].filter(isShown);
        this.#strikes = [...this.#strikes, ...strikes].filter(isShown).slice(-STRIKES_SHOWN);
        return;
      }
      case "happenings":
        this.#happenings = [...this.#happenings, ...line.happenings].slice(-HAPPENINGS_SHOWN);
        return;
      case "end":
        this.#end = line;
    }
  }

  /** What brings a new page up to date. */
  lines(): PageLine[] {
    const lines: PageLine[] = [];
    if (this.#begin !== undefined) lines.push(this.#begin);
    if (this.#happenings.length > 0) {
      const line: HappeningsLine = { type: "happenings", happenings: this.#happenings };
      lines.push(line);
    }
    if (this.#reading !== undefined) {
      const { intervals: _intervals, strikes: _strikes, ...reading } = this.#reading;
      lines.push({ ...reading, intervals: this.#intervals, strikes: this.#strikes });
    }
    if (this.#end !== undefined) lines.push(this.#end);
    return lines;
  }
}
