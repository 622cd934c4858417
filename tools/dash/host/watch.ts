/**
 * What a live view is told of its system: readings, and what happens, in words.
 *
 * @module
 */

import type { SystemEvent } from "@hako/kernel";
import { isPulse } from "../../record/pulse.ts";
import type { IntervalRecord, StrikeRecord } from "../../record/record.ts";
import type { DomainSample, Sample, Sampler } from "../../top/sample.ts";
import type { ClientsReading, Deed, DomainReading, Happening, HostLine } from "../lines.ts";
import { ClientWork } from "./client_work.ts";
import { coarse } from "./coarse_intervals.ts";
import { brief, eventWords, isUpgrade, pressWords, whyWords } from "./event_words.ts";

/** Intervals of a tenth of a second over which operations are counted. */
const SECOND_INTERVALS = 10;

/** Things that happened wait so long for others, which then go in one line. */
const GATHER_MS = 50;

/** Happenings that one line tells; a system that dies a thousand times a second is told in part. */
const HAPPENINGS_MAX = 200;

/** What is wanted of a recorder. */
export interface Recorded {
  /** Milliseconds since the record began. */
  readonly atMs: number;
  /** Operations of clients so far. */
  readonly operations: number;
  /** Those of them that failed. */
  readonly errorCount: number;
  /** The first of them in words. */
  readonly errors: readonly string[];
  /** The intervals that have ended. */
  readonly intervals: readonly IntervalRecord[];
  /** Hears an event. */
  hear(event: SystemEvent, atUs: number): void;
  /** Notes an operation of a client, and its error. */
  note(tookUs: number, error?: string): void;
  /** Notes a fault. */
  strike(domain: string, kind: string): void;
  /** Ends intervals whose time is over. */
  tick(): void;
}

/** What a fault is called in a record. */
const STRIKES: Readonly<Record<Deed, string>> = {
  kill: "terminate",
  hang: "blocked",
  upgrade: "upgrade",
  restart: "restart",
};

/** Watches one system. */
export class Watch {
  readonly #recorded: Recorded;
  readonly #tell: (line: HostLine) => void;
  #happenings: Happening[] = [];
  #strikes: StrikeRecord[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deaths = 0;
  #upgrades = 0;
  #errorsTold = 0;
  #longestUs = 0;
  #lastIntervalMs = -1;
  readonly #work: Map<string, ClientWork> = new Map();
  #sample: Sample | undefined;
  #sampling: Promise<void> | undefined;

  /**
   * Begins to watch.
   *
   * @param recorded Counts and times.
   * @param tell Takes the lines.
   */
  constructor(recorded: Recorded, tell: (line: HostLine) => void) {
    this.#recorded = recorded;
    this.#tell = tell;
  }

  /** Deaths that no upgrade has caused, and errors that clients saw. */
  get sum(): { readonly deaths: number; readonly errors: number; readonly operations: number } {
    const { errorCount: errors, operations } = this.#recorded;
    return { deaths: this.#deaths, errors, operations };
  }

  /** Hears an event of the system. */
  hear(event: SystemEvent, atUs: number): void {
    this.#recorded.hear(event, atUs);
    if (isUpgrade(event)) this.#upgrades++;
    else if (event.type === "died" || event.type === "kernel-died") this.#deaths++;
    if (event.type === "report" && isPulse(event.value)) {
      this.#workOf(event.domain).add(event.value, this.#recorded.atMs);
    }
    const failure = failureIn(event);
    if (failure !== "" && !this.#recorded.errors.includes(failure)) this.#recorded.note(0, failure);
    this.#happen(eventWords(event, this.#recorded.atMs));
  }

  /** Tells that somebody presses a button, and answers when that is. */
  pressed(deed: Deed, domain: string, isChaos: boolean): number {
    const { atMs } = this.#recorded;
    this.#happen(pressWords(deed, domain, { atMs, isChaos }));
    return atMs;
  }

  /** Notes that a press at some time was carried out, or is now under way. */
  struck(deed: Deed, domain: string, atMs: number): void {
    this.#recorded.strike(domain, STRIKES[deed]);
    this.#strikes.push({ atMs, domain, kind: deed }); // As the button says.
  }

  /** A press that came to nothing. */
  refused(domain: string, why: string): void {
    const { atMs } = this.#recorded;
    this.#happen({ atMs, domain, kind: "fence", text: `Not done: ${brief(why)}.` });
  }

  /**
   * Tells how the system is, as soon as that is known. A kernel that hangs or is being replaced
   * answers later: until then the domains are told as they were, and what clients see goes on.
   */
  read(sampler: Pick<Sampler, "next">): void {
    this.#recorded.tick();
    this.#tellErrors();
    this.#flush();
    if (this.#sampling !== undefined) this.#tellReading(false);
    else this.#sampling = this.#sampleAndTell(sampler).finally(() => this.#sampling = undefined);
  }

  /** Tells what is still to be told; the last sample has come or does not come any more. */
  async end(): Promise<void> {
    await this.#sampling;
    this.#tellErrors();
    this.#flush();
  }

  async #sampleAndTell(sampler: Pick<Sampler, "next">): Promise<void> {
    try {
      this.#sample = await sampler.next();
    } catch {
      return; // A system that halts or has stopped has no status; why is told as an event.
    }
    this.#tellReading(true);
  }

  #tellReading(isCurrent: boolean): void {
    if (this.#sample === undefined) return;
    const { kernelEpoch, zombies, domains } = this.#sample;
    const intervals = this.#newIntervals();
    this.#tell({
      ...{ type: "reading", atMs: this.#recorded.atMs, kernelEpoch, isCurrent, zombies },
      domains: domains.map((domain) => this.#domain(domain)),
      callsPerSecond: domains.reduce((sum, { callsPerSecond }) => sum + callsPerSecond, 0),
      ...{ deaths: this.#deaths, upgrades: this.#upgrades },
      ...this.#clients(),
      ...{ intervals, strikes: this.#strikes },
    });
    this.#strikes = [];
  }

  #domain(sample: DomainSample): DomainReading {
    const work = this.#work.get(sample.domain)?.reading(this.#recorded.atMs);
    return { ...sample, why: whyWords(sample.why), ...(work === undefined ? {} : { work }) };
  }

  #workOf(domain: string): ClientWork {
    let work = this.#work.get(domain);
    if (work === undefined) this.#work.set(domain, work = new ClientWork());
    return work;
  }

  #clients(): { readonly clients?: ClientsReading } {
    const { operations, errorCount: errors, intervals } = this.#recorded;
    if (operations === 0 && errors === 0) return {};
    const perSecond = intervals.slice(-SECOND_INTERVALS).reduce(
      (sum, one) => sum + one.operations,
      0,
    );
    return { clients: { operations, perSecond, errors, longestUs: this.#longestUs } };
  }

  #newIntervals(): IntervalRecord[] {
    const intervals: IntervalRecord[] = [];
    for (const interval of this.#recorded.intervals.toReversed()) {
      if (interval.atMs <= this.#lastIntervalMs) break;
      intervals.push(interval);
      this.#longestUs = Math.max(this.#longestUs, interval.maxUs);
    }
    const told = coarse(intervals.reverse());
    this.#lastIntervalMs = told.at(-1)?.atMs ?? this.#lastIntervalMs;
    return told;
  }

  #tellErrors(): void {
    const { errors, atMs } = this.#recorded;
    for (const error of errors.slice(this.#errorsTold)) {
      const text = `A client saw an error: ${brief(error)}.`;
      this.#happen({ atMs, domain: "clients", kind: "error", text });
    }
    this.#errorsTold = errors.length;
  }

  #happen(happening: Happening | undefined): void {
    if (happening === undefined || this.#happenings.length >= HAPPENINGS_MAX) return;
    this.#happenings.push(happening);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#happenings.length === 0) return;
    this.#tell({ type: "happenings", happenings: this.#happenings });
    this.#happenings = [];
  }
}

/** Why an app has stopped its work that finishes with such a result; empty if it has not. */
function failureIn(event: SystemEvent): string {
  if (event.type !== "finished") return "";
  const { value } = event;
  if (typeof value !== "object" || value === null || !("failure" in value)) return "";
  return typeof value.failure === "string" ? value.failure : "";
}
