/**
 * What the clients of the copy scenarios have in common: they time their calls, tell how far they are,
 * and finish with what they have seen.
 *
 * @module
 */

import type { Domain } from "@hako/kernel/domain";
import { Pulse } from "../../record/pulse.ts";
import type { SeenEntry } from "../tree.ts";

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

/** Progress is told at least so far apart: often enough to aim at a moment of the work. */
const TOLD_MS_MIN = 4;

/** Times calls and tells of them. */
export class ClientWork {
  readonly #domain: Domain;
  readonly #pulse: Pulse;
  #toldMs = 0;

  /** The work of one client domain. */
  constructor(domain: Domain) {
    this.#domain = domain;
    this.#pulse = new Pulse(domain);
  }

  /** Makes one call and notes how long it took. */
  timed<T>(call: () => T): T {
    return this.#pulse.time(call);
  }

  /** Tells how far the work is, unless that was told a moment ago. */
  reach(done: number): void {
    this.#pulse.reach(done);
    const nowMs = performance.now();
    if (nowMs - this.#toldMs < TOLD_MS_MIN) return;
    this.#toldMs = nowMs;
    this.#pulse.flush();
  }

  /** Does all of it and finishes with what was seen, or with why it stopped. */
  finish(run: (seen: SeenEntry[]) => number): void {
    const seen: SeenEntry[] = [];
    const startMs = performance.now();
    let byteLength = 0;
    let failure = "";
    try {
      byteLength = run(seen);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    const tookMs = performance.now() - startMs;
    this.#pulse.reach(seen.length);
    this.#pulse.flush();
    this.#domain.finish({ seen, byteLength, tookMs, failure } satisfies WorkResult);
  }
}
