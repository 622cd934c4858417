/**
 * Who of a chain of servers was at work while a client waited: each server's trace says from when to
 * when it had a request, and what the next one had of that time is not its own.
 *
 * @module
 */

import type { CallEvent, TraceEvent } from "../../../kernel/trace/events.ts";

/** A time, in microseconds since 1970. */
export interface Span {
  /** Its beginning. */
  readonly startUs: number;
  /** Its end, not before that. */
  readonly endUs: number;
}

/** What was spent by the client and on its way, and by each server itself: microseconds. */
export interface NestedShares {
  /** All of the time in which the first server had no request. */
  readonly client: number;
  /** By domain, the first server first: its time less that of the next. */
  readonly own: Readonly<Record<string, number>>;
}

/**
 * Splits the time of operations.
 *
 * @param events A trace.
 * @param operation When one operation began and ended, at the client.
 * @param chain The domains, the one that the client calls first.
 */
export function nestedShares(
  events: readonly TraceEvent[],
  { startUs, endUs }: Span,
  chain: readonly string[],
): NestedShares {
  const held = chain.map((domain) => heldUs(events, domain, { startUs, endUs }));
  const own = chain.map((domain, index) => {
    return [domain, Math.max(0, held[index]! - (held[index + 1] ?? 0))] as const;
  });
  return { client: endUs - startUs - (held[0] ?? 0), own: Object.fromEntries(own) };
}

/** How long a domain had requests, of a span of time; two at once count once. */
function heldUs(events: readonly TraceEvent[], domain: string, span: Span): number {
  const calls = events.filter((event): event is CallEvent => {
    return event.type === "call" && event.domain === domain;
  });
  let reachedUs = span.startUs;
  let sumUs = 0;
  for (const { startUs, durationUs } of calls.toSorted((a, b) => a.startUs - b.startUs)) {
    const from = Math.max(reachedUs, startUs);
    const to = Math.min(span.endUs, startUs + durationUs);
    if (to <= from) continue;
    sumUs += to - from;
    reachedUs = to;
  }
  return sumUs;
}
