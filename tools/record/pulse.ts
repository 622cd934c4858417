/**
 * What a client domain tells of its operations, ten times a second, while it works.
 *
 * @module
 */

import type { Domain } from "@hako/kernel/domain";
import { TRACE_BUCKETS } from "../../kernel/trace/limits.ts";
import { bucketOf } from "../../kernel/trace/histogram.ts";

/** What a client reports. */
export interface PulseReport {
  /** Tells it from other reports. */
  readonly type: "pulse";
  /** Operations since the last report: a bucket of the kernel's histogram and its count, in turns. */
  readonly counts: readonly number[];
  /** The longest of them. */
  readonly maxUs: number;
  /** What those said that failed, at most {@linkcode ERRORS_TOLD_MAX} of them. */
  readonly errors: readonly string[];
  /** How many failed. */
  readonly failed: number;
  /** How far the work is, if that is known. */
  readonly done?: number;
}

/** Errors that one report tells in words. */
export const ERRORS_TOLD_MAX = 8;

/** Reports are at least so far apart. */
const REPORT_US_MIN = 100_000;

/** An error in words. Of two, as when a file can't be closed after a failure, both are told. */
export function toldError(error: unknown): string {
  if (error instanceof SuppressedError) {
    return `${toldError(error.suppressed)}; then ${toldError(error.error)}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Whether a report is a pulse. */
export function isPulse(value: unknown): value is PulseReport {
  return typeof value === "object" && value !== null && "type" in value && value.type === "pulse";
}

/** Times the operations of one client domain and reports them. */
export class Pulse {
  readonly #domain: Pick<Domain, "report">;
  readonly #nowUs: () => number;
  readonly #counts: Uint32Array = new Uint32Array(TRACE_BUCKETS);
  #maxUs = 0;
  #errors: string[] = [];
  #failed = 0;
  #done: number | undefined;
  #reportedUs: number;

  /**
   * @param domain Who reports.
   * @param nowUs A clock.
   */
  constructor(
    domain: Pick<Domain, "report">,
    nowUs: () => number = () => performance.now() * 1_000,
  ) {
    this.#domain = domain;
    this.#nowUs = nowUs;
    this.#reportedUs = nowUs();
  }

  /** Makes a call and notes how long it took, and its error if it fails, which is thrown on. */
  time<T>(call: () => T): T {
    const startUs = this.#nowUs();
    try {
      return call();
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      this.#note(startUs);
    }
  }

  /** The same for a call that answers later. */
  async timeAsync<T>(call: () => Promise<T>): Promise<T> {
    const startUs = this.#nowUs();
    try {
      return await call();
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      this.#note(startUs);
    }
  }

  /** An error that the client saw, or found: what it read is not what it wrote. */
  failed(error: unknown): void {
    this.#failed++;
    if (this.#errors.length < ERRORS_TOLD_MAX) this.#errors.push(toldError(error));
  }

  /** How far the work is. */
  reach(done: number): void {
    this.#done = done;
  }

  /** Reports what has not been reported. At the end of the work, before `domain.finish()`. */
  flush(): void {
    const counts: number[] = [];
    this.#counts.forEach((count, bucket) => count > 0 && counts.push(bucket, count));
    const report: PulseReport = {
      type: "pulse",
      counts,
      maxUs: this.#maxUs,
      errors: this.#errors,
      failed: this.#failed,
      ...(this.#done === undefined ? {} : { done: this.#done }),
    };
    this.#domain.report(report);
    this.#counts.fill(0);
    this.#maxUs = 0;
    this.#errors = [];
    this.#failed = 0;
    this.#reportedUs = this.#nowUs();
  }

  #note(startUs: number): void {
    const endUs = this.#nowUs();
    const tookUs = endUs - startUs;
    this.#counts[bucketOf(tookUs)]!++;
    if (tookUs > this.#maxUs) this.#maxUs = tookUs;
    if (endUs - this.#reportedUs >= REPORT_US_MIN) this.flush();
  }
}
