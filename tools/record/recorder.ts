/**
 * Records a system while it works: who lives, what its clients see, which faults are injected.
 *
 * @module
 */

import type { SystemEvent, SystemManifest, TraceEvent } from "@hako/kernel";
import { bucketOf, bucketStartUs, quantileUs } from "../../kernel/trace/histogram.ts";
import { TRACE_BUCKETS } from "../../kernel/trace/limits.ts";
import { systemGraphOf } from "./graph_of.ts";
import { Lives } from "./lives.ts";
import { isPulse, type PulseReport } from "./pulse.ts";
import type {
  HistogramRecord,
  IntervalRecord,
  StrikeRecord,
  SystemGraph,
  SystemRecord,
} from "./record.ts";

/** How long an interval is. */
export const INTERVAL_MS = 100;

/** Errors that are kept in words. */
const ERRORS_KEPT = 100;

/** Intervals that are kept: ten minutes of them. A record is for looking at. */
const INTERVALS_KEPT = 6_000;

/** Strikes that are kept. */
const STRIKES_KEPT = 10_000;

/** Where a recorder takes time and memory from. */
export interface RecorderHost {
  /** Microseconds since 1970. */
  readonly nowUs: () => number;
  /** Bytes of memory of the process. */
  readonly residentBytes: () => number;
}

const HOST: RecorderHost = {
  nowUs: () => (performance.timeOrigin + performance.now()) * 1_000,
  residentBytes: () => Deno.memoryUsage().rss,
};

/** What clients have done since some moment. */
class Tally {
  readonly counts: Uint32Array = new Uint32Array(TRACE_BUCKETS);
  operations = 0;
  errors = 0;
  maxUs = 0;

  add({ counts, maxUs, failed }: PulseReport): void {
    for (let i = 0; i < counts.length; i += 2) this.addTo(counts[i]!, counts[i + 1]!);
    this.maxUs = Math.max(this.maxUs, maxUs);
    this.errors += failed;
  }

  addTo(bucket: number, count: number): void {
    this.counts[bucket]! += count;
    this.operations += count;
  }

  clear(): void {
    this.counts.fill(0);
    this.operations = 0;
    this.errors = 0;
    this.maxUs = 0;
  }
}

/** The recorder of one system. */
export class Recorder {
  /** Errors that clients saw, in words: the first hundred. */
  readonly errors: string[] = [];
  readonly #graph: SystemGraph;
  readonly #host: RecorderHost;
  readonly #beganUs: number;
  readonly #lives: Lives = new Lives();
  readonly #strikes: StrikeRecord[] = [];
  readonly #intervals: IntervalRecord[] = [];
  readonly #all: Tally = new Tally();
  readonly #now: Tally = new Tally();
  #intervalEndUs: number;
  #residentBytesMax = 0;

  /** Begins the record of a system that is about to boot. */
  constructor(manifest: SystemManifest, host: RecorderHost = HOST) {
    this.#graph = systemGraphOf(manifest);
    this.#host = host;
    this.#beganUs = host.nowUs();
    this.#intervalEndUs = this.#beganUs + INTERVAL_MS * 1_000;
  }

  /** Milliseconds since the record began. */
  get atMs(): number {
    return this.#since(this.#host.nowUs());
  }

  /** Operations of clients so far. */
  get operations(): number {
    return this.#all.operations;
  }

  /** Those of them that failed, and what clients found wrong. */
  get errorCount(): number {
    return this.#all.errors;
  }

  /** Ends of lives so far. */
  get deaths(): number {
    return this.#lives.deaths;
  }

  /** The most memory that the process was seen with. */
  get residentBytesMax(): number {
    return this.#residentBytesMax;
  }

  /** The intervals that have ended, and what is kept of them. */
  get intervals(): readonly IntervalRecord[] {
    return this.#intervals;
  }

  /** Hears an event of the system: pass it on from `boot`. */
  hear(event: SystemEvent, atUs: number): void {
    this.tick();
    if (event.type !== "report") this.#lives.hear(event, this.#since(atUs));
    else if (isPulse(event.value)) this.#take(event.value);
  }

  /** Notes an operation of a client that is no domain. */
  note(tookUs: number, error?: string): void {
    this.tick();
    this.#take({
      type: "pulse",
      counts: [bucketOf(tookUs), 1],
      maxUs: tookUs,
      errors: error === undefined ? [] : [error],
      failed: error === undefined ? 0 : 1,
    });
  }

  /** Notes that a fault is injected now. */
  strike(domain: string, kind: string): void {
    if (this.#strikes.length < STRIKES_KEPT) this.#strikes.push({ atMs: this.atMs, domain, kind });
  }

  /** Ends the intervals whose time is over. */
  tick(): void {
    const nowUs = this.#host.nowUs();
    if (nowUs < this.#intervalEndUs) return;
    const residentBytes = this.#host.residentBytes();
    this.#residentBytesMax = Math.max(this.#residentBytesMax, residentBytes);
    while (nowUs >= this.#intervalEndUs) this.#endInterval(residentBytes);
  }

  /** What a kernel's successor was seen to do: it goes on when the first domain goes on under it. */
  look(trace: readonly TraceEvent[]): void {
    for (const event of trace) {
      if (event.type !== "note" || event.note !== "adopted") continue;
      this.#lives.kernelGoesOn(this.#since(event.atUs));
    }
  }

  /** All that was recorded so far. */
  record(): SystemRecord {
    this.tick();
    return {
      graph: this.#graph,
      durationMs: this.atMs,
      lives: this.#lives.all,
      strikes: [...this.#strikes],
      intervals: [
        ...this.#intervals,
        this.#intervalTo(this.#host.nowUs(), this.#host.residentBytes()),
      ],
      histogram: histogramOf(this.#all.counts),
    };
  }

  #take(pulse: PulseReport): void {
    this.#all.add(pulse);
    this.#now.add(pulse);
    for (const error of pulse.errors) if (this.errors.length < ERRORS_KEPT) this.errors.push(error);
  }

  #intervalTo(endUs: number, residentBytes: number): IntervalRecord {
    const { operations, errors, counts, maxUs } = this.#now;
    const atMs = this.#since(endUs);
    const p50Us = quantileUs(counts, 0.5);
    const p99Us = Math.min(maxUs, quantileUs(counts, 0.99));
    return { atMs, operations, errors, p50Us, p99Us, maxUs, residentBytes };
  }

  #endInterval(residentBytes: number): void {
    this.#intervals.push(this.#intervalTo(this.#intervalEndUs, residentBytes));
    if (this.#intervals.length > INTERVALS_KEPT) this.#intervals.shift();
    this.#now.clear();
    this.#intervalEndUs += INTERVAL_MS * 1_000;
  }

  #since(us: number): number {
    return Math.max(0, (us - this.#beganUs) / 1_000);
  }
}

function histogramOf(counts: Uint32Array): HistogramRecord {
  const buckets = [...counts].flatMap((count, bucket) => {
    if (count === 0) return [];
    return [{ fromUs: bucketStartUs(bucket), toUs: bucketStartUs(bucket + 1), count }];
  });
  return { buckets };
}
