/**
 * How long clients waited around a death.
 *
 * @module
 */

/** One call of a client that took long, on the clock of {@linkcode absoluteMs}. */
export interface LongCall {
  /** When the call was made. */
  readonly startMs: number;
  /** How long it took. */
  readonly tookMs: number;
}

/** A call is reported as long from here on: no call takes this long while its servers live. */
export const LONG_CALL_MS = 1;

/** Milliseconds since 1970 with the resolution of `performance.now()`; the same in all workers. */
export function absoluteMs(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * The pause that clients saw at each death: the longest call that was in flight at that moment or
 * began within `horizonMs` after it; 0 if none was long.
 */
export function pausesAt(
  deathsMs: readonly number[],
  calls: readonly LongCall[],
  horizonMs = 250,
): number[] {
  return deathsMs.map((deathMs) => {
    let longestMs = 0;
    for (const { startMs, tookMs } of calls) {
      if (startMs + tookMs < deathMs || startMs > deathMs + horizonMs) continue;
      longestMs = Math.max(longestMs, tookMs);
    }
    return longestMs;
  });
}

/** The value below which a share of the values lie (nearest rank); 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}
