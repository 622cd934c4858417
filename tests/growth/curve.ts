/**
 * A growth curve: what something costs when there is more and more of it.
 *
 * @module
 */

import { quantile } from "../../tools/bench/measurement.ts";

/** One measured number at one point. */
export interface GrowthFigure {
  /** What was measured. */
  readonly name: string;
  /** The number. */
  readonly value: number;
  /** Its unit. */
  readonly unit: string;
}

/** What is measured at growing numbers of something. */
export interface Curve {
  /** Its name on the command line. */
  readonly name: string;
  /** What grows, as a plural: `"idle domains"`. */
  readonly what: string;
  /** The numbers. */
  readonly points: readonly number[];
  /** Measures at one of them, in a process of its own, with a directory for what it writes. */
  measure(count: number, directory: string): Promise<readonly GrowthFigure[]>;
}

/** Bytes of memory of this process. */
export function residentBytes(): number {
  return Deno.memoryUsage().rss;
}

/** The middle of some values. */
export function median(values: readonly number[]): number {
  return quantile(values.toSorted((a, b) => a - b), 0.5);
}

/** How long each of some runs of an operation took, in microseconds; the middle of the runs. */
export function medianUs(
  runs: number,
  operations: number,
  operation: (run: number) => void,
): number {
  return median(Array.from({ length: runs }, (_, run) => {
    const startMs = performance.now();
    operation(run);
    return (performance.now() - startMs) * 1_000 / operations;
  }));
}
