/**
 * System events as lines of a log: for people and `grep`, or as JSON, one object a line.
 *
 * The text is logfmt, `name=value` pairs with blanks between them (Kleppmann and Heroku's
 * convention, as Go's `slog.TextHandler` writes it): a value with a blank, a quote or a control
 * character in it is quoted as in JSON, so that no event spans two lines or passes for another.
 *
 * ```text
 * time=2026-11-22T10:59:45.123456Z level=warn domain=disk epoch=2 event=died why="it hangs"
 * ```
 *
 * @module
 */

import type { SystemEvent } from "../messages.ts";
import type { TimedEvent } from "./events.ts";
import { LOG_VALUE_CHARACTERS_MAX } from "./limits.ts";

/** How much a line matters. */
export type LogLevel = "info" | "warn" | "error";

/** A line before it is written: what every line has, and then what the event tells. */
export interface LogRecord {
  /** ISO 8601, in UTC, with microseconds. */
  readonly time: string;
  /** How much it matters. */
  readonly level: LogLevel;
  /** Whom it is about; `"kernel"` for the kernel and the system as a whole. */
  readonly domain: string;
  /** Which life of it, where the event is about one. */
  readonly epoch?: number;
  /** What happened: the event's `type`. */
  readonly event: string;
  /** What else the event tells, by its own names. */
  readonly [name: string]: unknown;
}

const LEVELS: Readonly<Record<SystemEvent["type"], LogLevel>> = {
  ready: "info",
  died: "warn",
  fenced: "info",
  "gave-up": "error",
  poisoned: "error",
  "rolled-back": "warn",
  "kernel-died": "warn",
  stopped: "error",
  report: "info",
  finished: "info",
};

/** What an event says, in the order in which a line tells it. */
export function logRecord({ event, atUs }: TimedEvent): LogRecord {
  const { type, ...rest } = event;
  const domain = "domain" in event ? event.domain : "kernel";
  const epoch = "epoch" in event ? { epoch: event.epoch } : {};
  const begin = { time: isoTime(atUs), level: LEVELS[type], domain, ...epoch, event: type };
  return { ...begin, ...rest };
}

/**
 * One line of text, without its end. Of a reason of several lines only the first is told: the rest
 * is a stack, which {@linkcode jsonLine} has.
 */
export function textLine(timed: TimedEvent): string {
  return Object.entries(logRecord(timed))
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${textValue(value)}`)
    .join(" ");
}

/** One JSON object on one line, without its end. */
export function jsonLine(timed: TimedEvent): string {
  const record = logRecord(timed);
  if (!("value" in record)) return JSON.stringify(record);
  return JSON.stringify({ ...record, value: plain(record.value) });
}

function textValue(value: unknown): string {
  if (typeof value === "number") return String(Math.round(value * 1_000) / 1_000);
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = typeof value === "string" ? value.split("\n", 1)[0]! : stringOf(value);
  const bounded = shorten(text);
  return /^[^\s"=\p{C}]+$/u.test(bounded) ? bounded : quote(bounded);
}

/** As JSON has it, and control characters that JSON leaves alone as escapes too: C1 and DEL. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What a domain reported, if JSON has a form for it that is short enough; else as text. */
function plain(value: unknown): unknown {
  const text = stringOf(value);
  return text.length > LOG_VALUE_CHARACTERS_MAX || isUnspeakable(value) ? shorten(text) : value;
}

/** A value as JSON, which has no form for a `bigint` and for an object that holds itself. */
function stringOf(value: unknown): string {
  if (value === undefined || typeof value === "bigint") return String(value);
  if (isUnspeakable(value)) return `[${typeof value}]`;
  return JSON.stringify(value);
}

function isUnspeakable(value: unknown): boolean {
  try {
    return JSON.stringify(value) === undefined;
  } catch {
    return true;
  }
}

function shorten(text: string): string {
  if (text.length <= LOG_VALUE_CHARACTERS_MAX) return text;
  return `${text.slice(0, LOG_VALUE_CHARACTERS_MAX)}...`;
}

function isoTime(atUs: number): string {
  const ms = Math.floor(atUs / 1_000);
  const rest = String(Math.floor(atUs - ms * 1_000)).padStart(3, "0");
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}
