/**
 * Looks at a system until it is enough.
 *
 * @module
 */

import type { Inspected } from "../telemetry/inspected.ts";
import { type Sample, Sampler } from "./sample.ts";

/** How often to look, and where to. */
export interface Watching {
  /** Between two looks. */
  readonly intervalMs: number;
  /** Looks at most. */
  readonly samplesMax: number;
  /** Aborted when it is enough. */
  readonly signal: AbortSignal;
  /** The clock of the system's trace, in microseconds. */
  readonly nowUs: () => number;
  /** Resolves after a time, or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Takes a sample. */
  readonly show: (sample: Sample) => void;
}

/** Shows a sample at the end of each interval; not of one that is cut short, whose rates would be guesses. */
export async function watch(system: Inspected, watching: Watching): Promise<void> {
  const { intervalMs, samplesMax, signal, nowUs, wait, show } = watching;
  const sampler = await Sampler.begin(system, nowUs);
  for (let samples = 0; samples < samplesMax && !signal.aborted; samples++) {
    await wait(intervalMs, signal);
    if (signal.aborted) return;
    show(await sampler.next());
  }
}

/** Waits as {@linkcode Watching} wants it. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
