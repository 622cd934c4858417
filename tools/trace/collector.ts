/**
 * Collects a trace that is longer than what a system remembers, by reading it again and again.
 *
 * @module
 */

import { timeOf, type TraceEvent } from "../../kernel/trace/events.ts";
import type { Inspected } from "../telemetry/inspected.ts";

/** Events that are collected at most: a file of 100 MB, which viewers still open. */
export const EVENTS_MAX = 500_000;

/** The events of a system since the collection began. */
export class TraceCollector {
  readonly #system: Pick<Inspected, "trace">;
  readonly #limit: number;
  #events: TraceEvent[] = [];
  /** What the last reading found: who is not in it now will not come back. */
  #last: ReadonlySet<string> = new Set();
  #dropped = 0;

  /** Remembers the last `limit` events of `system`. */
  constructor(system: Pick<Inspected, "trace">, limit: number = EVENTS_MAX) {
    this.#system = system;
    this.#limit = limit;
  }

  /** How many events gave way to later ones. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Reads once more. What came and went since the last reading is in no trace. */
  collect(): void {
    const found: Set<string> = new Set();
    for (const event of this.#system.trace()) {
      const key = keyOf(event);
      found.add(key);
      if (!this.#last.has(key)) this.#events.push(event);
    }
    this.#last = found;
    // By halves, so that each event is moved twice at most.
    if (this.#events.length > 2 * this.#limit) this.#trim();
  }

  /** What was collected, in the order of time. */
  finish(): readonly TraceEvent[] {
    this.#trim();
    return this.#events.sort((one, other) => timeOf(one) - timeOf(other));
  }

  #trim(): void {
    const more = this.#events.length - this.#limit;
    if (more <= 0) return;
    this.#dropped += more;
    this.#events = this.#events.slice(more);
  }
}

/** Names an event among those of one reading and the next. */
function keyOf(event: TraceEvent): string {
  switch (event.type) {
    case "call":
      return `${event.domain} ${event.startUs} ${event.badge} ${event.sequence}`;
    case "note":
      return `${event.domain} ${event.atUs} ${event.note} ${event.epoch}`;
    case "event": {
      const { event: what, atUs } = event;
      const domain = "domain" in what ? what.domain : "";
      const epoch = "epoch" in what ? what.epoch : 0;
      return `${what.type} ${domain} ${epoch} ${atUs}`;
    }
  }
}
