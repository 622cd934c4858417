/**
 * A trace as `chrome://tracing` and https://ui.perfetto.dev read it: the JSON object form of the
 * Trace Event Format (Google, "Trace Event Format", section "JSON Object Format").
 *
 * A domain is a process there. Its first thread is its life: the spans in which it served, died,
 * was fenced and came back, and a mark at each death. The calls that it answered are on threads of
 * their own: one for a server that answers one after the other, more for a driver that has several
 * under way, because spans of one thread must lie within one another or apart.
 *
 * @module
 */

import { errnoName } from "@hako/ipc";
import { type CallEvent, timeOf, type TraceEvent } from "./events.ts";
import { type LifeSpan, livesOf, type Mark } from "./lives.ts";

/** What a viewer shows beside an event. */
export type ChromeArguments = Readonly<Record<string, string | number>>;

/** What names a process or a thread, and says where it stands among the others. */
export type NameEvent = "process_name" | "thread_name" | "process_sort_index" | "thread_sort_index";

/** One event: a span (`X`), a mark (`i`), or the name of a process or thread (`M`). */
export type ChromeEvent =
  | {
    readonly ph: "X";
    readonly name: string;
    readonly cat: string;
    readonly pid: number;
    readonly tid: number;
    /** Microseconds since the trace began. */
    readonly ts: number;
    /** Microseconds. */
    readonly dur: number;
    readonly args: ChromeArguments;
  }
  | {
    readonly ph: "i";
    readonly name: string;
    readonly cat: string;
    readonly pid: number;
    readonly tid: number;
    readonly ts: number;
    /** What the mark is drawn across: its process, or everything. */
    readonly s: "p" | "g";
    readonly args: ChromeArguments;
  }
  | {
    readonly ph: "M";
    readonly name: NameEvent;
    /** As Chrome writes it: some readers want a category and a time of every event. */
    readonly cat: "__metadata";
    readonly ts: 0;
    readonly pid: number;
    readonly tid: number;
    readonly args: ChromeArguments;
  };

/** A whole trace. */
export interface ChromeTrace {
  /** Names first, then all else in the order of time. */
  readonly traceEvents: readonly ChromeEvent[];
  /** How fine a viewer shows times. */
  readonly displayTimeUnit: "ns";
  /** What a viewer shows of the trace as a whole. */
  readonly otherData: {
    /** The time of day at which the trace begins. */
    readonly beganAt: string;
  };
}

/** The kernel's process; those of the domains follow. 0 is the idle process of a real machine. */
const KERNEL_PID = 1;

/** The clock ticks in quarters of a microsecond: calls that overlap by less came one by one. */
const OVERLAP_US_MAX = 0.5;

/** A process and its threads, whose numbers are unlike those of all other threads. */
interface Process {
  readonly pid: number;
  readonly lifeTid: number;
  /** Where the last call of each thread ended. */
  readonly lanes: { readonly tid: number; endUs: number }[];
}

/**
 * The events as a viewer wants them, their times counted from the first one.
 *
 * @example
 * ```ts
 * import { chromeTrace } from "./chrome_trace.ts";
 *
 * if (chromeTrace([]).traceEvents.length !== 0) throw new Error("something out of nothing");
 * ```
 */
export function chromeTrace(events: readonly TraceEvent[]): ChromeTrace {
  const inOrder = events.toSorted((one, other) => timeOf(one) - timeOf(other));
  const beganUs = inOrder.reduce((least, event) => Math.min(least, beginOf(event)), Infinity);
  if (beganUs === Infinity) return { traceEvents: [], displayTimeUnit: "ns", otherData: NEVER };
  const drawing = new Drawing(beganUs);
  const { spans, marks } = livesOf(inOrder);
  for (const span of spans) drawing.life(span);
  for (const mark of marks) drawing.mark(mark);
  for (const event of inOrder) if (event.type === "call") drawing.call(event);
  return {
    traceEvents: drawing.finish(),
    displayTimeUnit: "ns",
    otherData: { beganAt: new Date(beganUs / 1_000).toISOString() },
  };
}

const NEVER = { beganAt: "" };

/** An event that tells how long something took began before it was told. */
function beginOf(event: TraceEvent): number {
  const tookMs = event.type === "event" && "tookMs" in event.event ? event.event.tookMs : 0;
  return timeOf(event) - tookMs * 1_000;
}

/** An event that has a time. */
type DrawnEvent = Exclude<ChromeEvent, { readonly ph: "M" }>;

/** Collects the events of one trace. */
class Drawing {
  readonly #beganUs: number;
  readonly #names: ChromeEvent[] = [];
  readonly #events: DrawnEvent[] = [];
  readonly #processes: Map<string, Process> = new Map();
  #lastTid = 0;

  constructor(beganUs: number) {
    this.#beganUs = beganUs;
  }

  life({ domain, name, epoch, startUs, endUs, args }: LifeSpan): void {
    const { pid, lifeTid: tid } = this.#process(domain);
    this.#span({ name, cat: "life", pid, tid, startUs, endUs, args: { epoch, ...args } });
  }

  mark({ domain, name, atUs, args }: Mark): void {
    const { pid, lifeTid: tid } = this.#process(domain);
    const s = domain === undefined ? "g" : "p";
    this.#events.push({ ph: "i", name, cat: "event", pid, tid, ts: this.#time(atUs), s, args });
  }

  call(call: CallEvent): void {
    const { domain, operation, name = `operation ${operation}`, result, startUs } = call;
    const { badge, epoch, sequence } = call;
    const { pid, tid, freeUs } = this.#lane(domain, call);
    const args = { badge, epoch, sequence, result };
    const error = result < 0 ? { error: errnoName(-result) ?? `errno ${-result}` } : {};
    const cat = result < 0 ? "call,error" : "call";
    const endUs = startUs + call.durationUs;
    const from = { startUs: Math.max(startUs, freeUs), endUs };
    this.#span({ name, cat, pid, tid, ...from, args: { ...args, ...error } });
  }

  /** All events in the order in which a viewer nests them: the longer of two that begin at once first. */
  finish(): ChromeEvent[] {
    this.#events.sort((one, other) => one.ts - other.ts || lengthOf(other) - lengthOf(one));
    return [...this.#names, ...this.#events];
  }

  #span(span: {
    readonly name: string;
    readonly cat: string;
    readonly pid: number;
    readonly tid: number;
    readonly startUs: number;
    readonly endUs: number;
    readonly args: ChromeArguments;
  }): void {
    const { startUs, endUs, ...rest } = span;
    const ts = this.#time(startUs);
    const dur = Math.max(0, Math.round((this.#time(endUs) - ts) * 1_000) / 1_000);
    this.#events.push({ ph: "X", ...rest, ts, dur });
  }

  #time(us: number): number {
    return Math.round((us - this.#beganUs) * 1_000) / 1_000;
  }

  /** The first thread of the domain that is free when a call begins. */
  #lane(domain: string, { startUs, durationUs }: CallEvent) {
    const { pid, lanes } = this.#process(domain);
    let lane = lanes.find(({ endUs }) => endUs <= startUs + OVERLAP_US_MAX);
    if (lane === undefined) {
      lane = { tid: ++this.#lastTid, endUs: 0 };
      lanes.push(lane);
      this.#nameThread(pid, lane.tid, lanes.length === 1 ? "calls" : `calls ${lanes.length}`);
    }
    const freeUs = lane.endUs;
    lane.endUs = Math.max(freeUs, startUs + durationUs);
    return { pid, tid: lane.tid, freeUs };
  }

  /** The process of a domain, or the kernel's. */
  #process(domain: string | undefined): Process {
    const key = domain ?? "";
    const known = this.#processes.get(key);
    if (known !== undefined) return known;
    const pid = domain === undefined ? KERNEL_PID : KERNEL_PID + 1 + this.#processes.size;
    const process: Process = { pid, lifeTid: ++this.#lastTid, lanes: [] };
    this.#processes.set(key, process);
    const tid = process.lifeTid;
    this.#name(pid, tid, "process_name", { name: domain ?? "kernel" });
    this.#name(pid, tid, "process_sort_index", { sort_index: pid });
    this.#nameThread(pid, tid, "life");
    return process;
  }

  #nameThread(pid: number, tid: number, name: string): void {
    this.#name(pid, tid, "thread_name", { name });
    this.#name(pid, tid, "thread_sort_index", { sort_index: tid });
  }

  #name(pid: number, tid: number, name: NameEvent, args: ChromeArguments): void {
    this.#names.push({ ph: "M", name, cat: "__metadata", ts: 0, pid, tid, args });
  }
}

function lengthOf(event: DrawnEvent): number {
  return event.ph === "X" ? event.dur : 0;
}
