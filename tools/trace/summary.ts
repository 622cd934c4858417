/**
 * A trace in one line.
 *
 * @module
 */

import type { TraceEvent } from "../../kernel/trace/events.ts";

/** How many calls, deaths and recoveries are in a trace. */
export function summarise(events: readonly TraceEvent[], dropped: number): string {
  const calls = events.filter(({ type }) => type === "call").length;
  const happened = (type: string) =>
    events.filter((timed) => timed.type === "event" && timed.event.type === type).length;
  const counts = [
    count(calls, "call"),
    count(happened("died") + happened("kernel-died"), "death"),
    count(happened("gave-up"), "domain") + " given up",
  ];
  if (dropped > 0) counts.push(`the first ${count(dropped, "event")} left out`);
  return counts.join(", ");
}

function count(number: number, what: string): string {
  return `${number.toLocaleString("en-US")} ${what}${number === 1 ? "" : "s"}`;
}
