/**
 * What the host of a live view and the program that serves its page say to each other: lines of JSON,
 * each with a mark before it that was drawn for this run, because what a domain prints goes the same
 * way.
 *
 * @module
 */

import type { IntervalRecord, StrikeRecord, SystemGraph } from "../record/record.ts";
import type { DomainSample } from "../top/sample.ts";

/** What a button does to a domain. */
export const DEEDS = ["kill", "hang", "upgrade", "restart"] as const;

/** What a button does. */
export type Deed = (typeof DEEDS)[number];

/** A domain that has buttons. */
export interface Target {
  /** Its name; `"kernel"` is the kernel's. */
  readonly domain: string;
  /** What can be done to it. */
  readonly deeds: readonly Deed[];
}

/** A button that was pressed. */
export interface Press {
  /** What to do. */
  readonly deed: Deed;
  /** To whom. */
  readonly domain: string;
}

/** Which kind of thing happened: the page marks each in its own way. */
export type HappeningKind =
  | "press"
  | "death"
  | "fence"
  | "life"
  | "upgrade"
  | "error"
  | "end";

/** Something that happened, in words. */
export interface Happening {
  /** When, in milliseconds since the system was booted. */
  readonly atMs: number;
  /** To whom. */
  readonly domain: string;
  /** Which kind of thing. */
  readonly kind: HappeningKind;
  /** A sentence. */
  readonly text: string;
  /** The number of the life that began, if one did. */
  readonly epoch?: number;
}

/** The system has booted. */
export interface BeginLine {
  /** Tells it from the other lines. */
  readonly type: "begin";
  /** What it consists of. */
  readonly graph: SystemGraph;
  /** Who has buttons. */
  readonly targets: readonly Target[];
}

/** How a domain is. */
export interface DomainReading extends DomainSample {
  /** Operations as it tells of them itself, if it is a client that does. */
  readonly work?: WorkReading;
}

/** What a client tells of its own operations. */
export interface WorkReading {
  /** Operations that ended in a second. */
  readonly perSecond: number;
  /** Operations so far. */
  readonly operations: number;
  /** Errors that it saw so far. */
  readonly errors: number;
}

/** How the system is, twice a second. */
export interface ReadingLine {
  /** Tells it from the other lines. */
  readonly type: "reading";
  /** Milliseconds since the system was booted. */
  readonly atMs: number;
  /** The number of the kernel's present life. */
  readonly kernelEpoch: number;
  /** Whether kernel and domains are as they are now: a kernel that hangs tells nothing. */
  readonly isCurrent: boolean;
  /** Fenced incarnations that have not said that they are gone. */
  readonly zombies: number;
  /** The domains. */
  readonly domains: readonly DomainReading[];
  /** Requests that the domains have answered in a second. */
  readonly callsPerSecond: number;
  /** Ends of lives that something else than an upgrade has caused. */
  readonly deaths: number;
  /** Domains that were upgraded. */
  readonly upgrades: number;
  /** What the clients saw; left out if none of them tells. */
  readonly clients?: ClientsReading;
  /** Intervals of a fifth of a second that have ended since the last reading. */
  readonly intervals: readonly IntervalRecord[];
  /** Buttons that were pressed since the last reading, by what they say. */
  readonly strikes: readonly StrikeRecord[];
}

/** What clients saw that tell of it. */
export interface ClientsReading {
  /** Operations so far. */
  readonly operations: number;
  /** Operations that ended in the last second. */
  readonly perSecond: number;
  /** Errors so far. */
  readonly errors: number;
  /** The longest operation so far. */
  readonly longestUs: number;
}

/** Things that happened, in the order of time. */
export interface HappeningsLine {
  /** Tells it from the other lines. */
  readonly type: "happenings";
  /** What. */
  readonly happenings: readonly Happening[];
}

/** What became of a press. */
export interface AnswerLine {
  /** Tells it from the other lines. */
  readonly type: "answer";
  /** The number of the press. */
  readonly number: number;
  /** Why it could not be done; left out if it was. */
  readonly error?: string;
}

/** A line of the host. */
export type HostLine = BeginLine | ReadingLine | HappeningsLine | AnswerLine;

/** A line to the host: a press and its number. */
export interface PressLine extends Press {
  /** By which the answer is known. */
  readonly number: number;
}

const HOST_LINES: ReadonlySet<string> = new Set(["begin", "reading", "happenings", "answer"]);

/** A line of the host without its end. */
export function hostLine(mark: string, line: HostLine): string {
  return mark + JSON.stringify(line);
}

/** A line that has come from the host. */
export interface HeardLine {
  /** What the host says in it, if it does. */
  readonly line?: HostLine;
  /** What a domain has printed before it, or all of it. */
  readonly printed: string;
}

/** What is in a line: the host's words, and what a domain has printed that did not end its line. */
export function readHostLine(mark: string, text: string): HeardLine {
  const at = text.indexOf(mark);
  if (at < 0) return { printed: text };
  try {
    const line = JSON.parse(text.slice(at + mark.length)) as HostLine;
    if (HOST_LINES.has(line.type)) return { line, printed: text.slice(0, at) };
  } catch {
    // A domain wrote into the midst of it; the next reading is not far.
  }
  return { printed: text };
}

/** Whether a value is a press; whom it means is for others to say. */
export function isPress(value: unknown): value is Press {
  if (typeof value !== "object" || value === null) return false;
  const { deed, domain } = value as Partial<Press>;
  return typeof domain === "string" && DEEDS.some((known) => known === deed);
}

/** The lines of a stream of bytes; one that is longer than `lengthMax` is cut there. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  lengthMax: number,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!.slice(0, lengthMax);
    for (const line of lines) yield line.slice(0, lengthMax);
  }
  if (rest !== "") yield rest;
}
