/**
 * What a trace tells: calls, the steps of lives, and what happened in the system.
 *
 * @module
 */

import type { SystemEvent } from "../messages.ts";

/** A request that was answered. */
export interface CallEvent {
  /** Which of the trace events it is. */
  readonly type: "call";
  /** Who answered. */
  readonly domain: string;
  /** In which life. */
  readonly epoch: number;
  /** The client. */
  readonly badge: number;
  /** The operation's number in its protocol. */
  readonly operation: number;
  /** The operation's name, where it is known. */
  readonly name?: string;
  /** The request's number in its channel. */
  readonly sequence: number;
  /** A count, or a negative errno. */
  readonly result: number;
  /** When it was taken: microseconds since 1970. */
  readonly startUs: number;
  /** From taking to answering. */
  readonly durationUs: number;
}

/** A step in the life of a domain. */
export interface NoteEvent {
  /** Which of the trace events it is. */
  readonly type: "note";
  /** Whose life. */
  readonly domain: string;
  /** Which life. */
  readonly epoch: number;
  /** The step, as `TRACE_KIND` explains it. */
  readonly note: "entered" | "serving" | "adopted" | "halting" | "ending";
  /** Microseconds since 1970. */
  readonly atUs: number;
}

/** What happened in the system, and when the kernel said so. */
export interface TimedEvent {
  /** Which of the trace events it is. */
  readonly type: "event";
  /** What happened. */
  readonly event: SystemEvent;
  /** Microseconds since 1970. */
  readonly atUs: number;
}

/** Anything in a trace. */
export type TraceEvent = CallEvent | NoteEvent | TimedEvent;

/** When an event happened or began: microseconds since 1970. */
export function timeOf(event: TraceEvent): number {
  return event.type === "call" ? event.startUs : event.atUs;
}
