/**
 * The lives of domains as spans of time, found in what the kernel said and the domains noted.
 *
 * ```text
 *   start ─ life 1 ─ ✝ ─── recovery ──────────────── life 2 ─ …
 *                      ├ fence ┤├ start ─────────┤
 *                                      ├ recover ┤
 * ```
 *
 * Spans of one domain lie within one another or apart, whatever order the events came in: a log
 * that has forgotten its beginning, or a zombie's notes, make a poorer picture and no wrong one.
 *
 * @module
 */

import type { SystemEvent } from "../messages.ts";
import type { NoteEvent, TimedEvent, TraceEvent } from "./events.ts";

/** A time in the life of a domain. */
export interface LifeSpan {
  /** Whose; the kernel's if left out. */
  readonly domain?: string;
  /** `"life 2"`, `"recovery"`, and within it `"fence"`, `"start"`, `"recover"`. */
  readonly name: string;
  /** The life that ends it, or that it is. */
  readonly epoch: number;
  /** Microseconds since 1970. */
  readonly startUs: number;
  /** Not before the start. */
  readonly endUs: number;
  /** What else is known. */
  readonly args: Readonly<Record<string, string | number>>;
}

/** Something that took no time. */
export interface Mark {
  /** To whom it happened; to the kernel if left out. */
  readonly domain?: string;
  /** What happened. */
  readonly name: string;
  /** Microseconds since 1970. */
  readonly atUs: number;
  /** What else is known. */
  readonly args: Readonly<Record<string, string | number>>;
}

/** What is known of a domain up to some event. */
interface Story {
  readonly spans: LifeSpan[];
  readonly notes: NoteEvent[];
  state: "unknown" | "alive" | "dead";
  /** When it came into that state. */
  sinceUs: number;
  epoch: number;
  why: string;
  /** Where the last span within a recovery ended: the next begins after it. */
  reachedUs: number;
}

/** The spans and marks of all domains in a trace whose events are in the order of time. */
export function livesOf(
  events: readonly TraceEvent[],
): { readonly spans: readonly LifeSpan[]; readonly marks: readonly Mark[] } {
  const stories: Map<string, Story> = new Map();
  const marks: Mark[] = [];
  let endUs = -Infinity;
  for (const event of events) {
    endUs = Math.max(endUs, event.type === "call" ? event.startUs + event.durationUs : event.atUs);
    if (event.type === "note") storyOf(stories, event.domain).notes.push(event);
  }
  for (const timed of events) {
    if (timed.type !== "event") continue;
    const mark = markOf(timed);
    if (mark !== undefined) marks.push(mark);
    const { event } = timed;
    if (!("domain" in event) || event.type === "report") continue;
    goOn(event.domain, storyOf(stories, event.domain), timed);
  }
  for (const [domain, story] of stories) {
    if (story.state === "alive") endLife(domain, story, endUs);
    if (story.state === "dead") endRecovery(domain, story, endUs, { outcome: "unfinished" });
  }
  const ofDomains = [...stories.values()].flatMap(({ spans }) => spans);
  return { spans: [...kernelRecoveries(events), ...ofDomains], marks };
}

/**
 * A kernel is back when the first domain goes on under its successor: what it did before had no effect
 * outside. One that died again before that was not back.
 */
function kernelRecoveries(events: readonly TraceEvent[]): LifeSpan[] {
  const spans: LifeSpan[] = [];
  let death: { readonly epoch: number; readonly why: string; readonly atUs: number } | undefined;
  for (const timed of events) {
    if (timed.type === "event" && timed.event.type === "kernel-died") {
      death = { ...timed.event, atUs: timed.atUs };
    } else if (timed.type === "note" && timed.note === "adopted" && death !== undefined) {
      const { epoch, why, atUs: startUs } = death;
      spans.push({ name: "recovery", epoch, startUs, endUs: timed.atUs, args: { why } });
      death = undefined;
    }
  }
  return spans;
}

function storyOf(stories: Map<string, Story>, domain: string): Story {
  let story = stories.get(domain);
  if (story === undefined) {
    const unknown = { state: "unknown" as const, sinceUs: 0, epoch: 0, why: "", reachedUs: 0 };
    story = { spans: [], notes: [], ...unknown };
    stories.set(domain, story);
  }
  return story;
}

/** Takes a domain's story one event further. */
function goOn(domain: string, story: Story, { event, atUs }: TimedEvent): void {
  switch (event.type) {
    case "ready":
      return becomeReady(domain, story, event, atUs);
    case "died":
      if (story.state === "alive") endLife(domain, story, atUs);
      if (story.state !== "dead") {
        Object.assign(story, { state: "dead", sinceUs: atUs, reachedUs: atUs, why: event.why });
      }
      story.epoch = event.epoch;
      return;
    case "fenced": {
      const startUs = Math.max(atUs - event.tookMs * 1_000, story.reachedUs);
      if (story.state === "alive") endLife(domain, story, startUs);
      if (story.state !== "dead") return; // An app that has finished is started again.
      const args = { gone: event.gone ? "yes" : "no" };
      addSpan(story, { domain, name: "fence", epoch: event.epoch, startUs, endUs: atUs, args });
      story.reachedUs = Math.max(startUs, atUs);
      return;
    }
    case "gave-up":
      if (story.state === "alive") endLife(domain, story, atUs);
      if (story.state === "dead") endRecovery(domain, story, atUs, { outcome: "given up" });
      return;
    case "finished":
      if (story.state === "alive") endLife(domain, story, atUs);
      return;
  }
}

function becomeReady(
  domain: string,
  story: Story,
  { epoch, tookMs }: Extract<SystemEvent, { readonly type: "ready" }>,
  atUs: number,
): void {
  const startUs = Math.max(atUs - tookMs * 1_000, story.reachedUs);
  if (story.state === "alive") endLife(domain, story, startUs);
  addSpan(story, { domain, name: "start", epoch, startUs, endUs: atUs, args: {} });
  const noted = (step: NoteEvent["note"]) =>
    story.notes.find(({ note, epoch: noteEpoch }) => note === step && noteEpoch === epoch)?.atUs;
  const enteredUs = noted("entered");
  const servingUs = noted("serving");
  if (enteredUs !== undefined && servingUs !== undefined) {
    const recover = { startUs: within(enteredUs), endUs: within(servingUs) };
    addSpan(story, { domain, name: "recover", epoch, ...recover, args: {} });
  }
  story.epoch = epoch;
  if (story.state === "dead") endRecovery(domain, story, atUs, {});
  Object.assign(story, { state: "alive", sinceUs: atUs, reachedUs: atUs });

  function within(us: number): number {
    return Math.min(Math.max(us, startUs), atUs);
  }
}

function endLife(domain: string, story: Story, endUs: number): void {
  const { epoch, sinceUs: startUs } = story;
  addSpan(story, { domain, name: `life ${epoch}`, epoch, startUs, endUs, args: {} });
  story.state = "unknown";
  story.reachedUs = Math.max(startUs, endUs);
}

function endRecovery(
  domain: string,
  story: Story,
  endUs: number,
  outcome: { readonly outcome?: string },
): void {
  const { epoch, sinceUs: startUs, why } = story;
  const args = { why, ...outcome };
  addSpan(story, { domain, name: "recovery", epoch, startUs, endUs, args });
  story.state = "unknown";
  story.reachedUs = Math.max(startUs, endUs);
}

function addSpan(story: Story, span: LifeSpan): void {
  if (span.endUs >= span.startUs) story.spans.push(span);
}

/** The mark of an event that has one. */
function markOf({ event, atUs }: TimedEvent): Mark | undefined {
  switch (event.type) {
    case "died":
    case "gave-up":
    case "rolled-back": {
      const { domain, epoch, why } = event;
      return { domain, name: event.type, atUs, args: { epoch, why } };
    }
    case "poisoned": {
      const { type, ...args } = event;
      return { domain: args.domain, name: type, atUs, args };
    }
    case "kernel-died": {
      const { epoch, why } = event;
      return { name: event.type, atUs, args: { epoch, why } };
    }
    case "stopped":
      return { name: event.type, atUs, args: { why: event.why } };
    case "finished":
      return { domain: event.domain, name: event.type, atUs, args: {} };
    default:
      return undefined;
  }
}
