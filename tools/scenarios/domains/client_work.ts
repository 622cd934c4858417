/**
 * What the clients of the copy scenarios have in common: they time their calls and tell how far
 * they are.
 *
 * @module
 */

import type { Domain } from "@hako/kernel/domain";
import { absoluteMs, LONG_CALL_MS, type LongCall } from "../pauses.ts";
import type { SeenEntry } from "../tree.ts";

/** What a client tells on the way. */
export interface WorkReport {
  /** Entries dealt with so far. */
  readonly done: number;
  /** Calls since the last report that took long. */
  readonly longCalls: readonly LongCall[];
}

/** What a client finishes with. */
export interface WorkResult {
  /** What it wrote or read. */
  readonly seen: readonly SeenEntry[];
  /** Bytes of the files. */
  readonly byteLength: number;
  /** From the first call to the last. */
  readonly tookMs: number;
  /** Why it stopped early; empty if it did not. */
  readonly failure: string;
}

/** Reports are at least this far apart: often enough to aim at a moment of the work. */
const REPORT_MS_MIN = 4;

/** Times calls and reports. */
export class ClientWork {
  readonly #domain: Domain;
  #longCalls: LongCall[] = [];
  #reportedMs = 0;

  /** The work of one client domain. */
  constructor(domain: Domain) {
    this.#domain = domain;
  }

  /** Makes one call and notes it if it took long. */
  timed<T>(call: () => T): T {
    const startMs = absoluteMs();
    const value = call();
    const tookMs = absoluteMs() - startMs;
    if (tookMs >= LONG_CALL_MS) this.#longCalls.push({ startMs, tookMs });
    return value;
  }

  /** Tells how far the work is, unless that was told a moment ago. */
  reach(done: number): void {
    const nowMs = absoluteMs();
    if (nowMs - this.#reportedMs < REPORT_MS_MIN) return;
    this.#reportedMs = nowMs;
    const report: WorkReport = { done, longCalls: this.#longCalls };
    this.#longCalls = [];
    this.#domain.report(report);
  }

  /** Does all of it and finishes with what was seen, or with why it stopped. */
  finish(run: (seen: SeenEntry[]) => number): void {
    const seen: SeenEntry[] = [];
    const startMs = absoluteMs();
    let byteLength = 0;
    let failure = "";
    try {
      byteLength = run(seen);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    this.#domain.report({ done: seen.length, longCalls: this.#longCalls } satisfies WorkReport);
    const tookMs = absoluteMs() - startMs;
    this.#domain.finish({ seen, byteLength, tookMs, failure } satisfies WorkResult);
  }
}
