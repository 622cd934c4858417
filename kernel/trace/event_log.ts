/**
 * Remembers what happened in a system, within bounds.
 *
 * @module
 */

import type { SystemEvent } from "../messages.ts";
import { nowUs } from "./clock.ts";
import type { TimedEvent } from "./events.ts";
import { EVENTS_KEPT } from "./limits.ts";

/** The last events of a system, each with its time. Older ones give way to newer ones. */
export class EventLog {
  readonly #limit: number;
  readonly #ring: TimedEvent[] = [];
  #count = 0;

  /** Remembers the last `limit` events. */
  constructor(limit: number = EVENTS_KEPT) {
    this.#limit = limit;
  }

  /** How many events gave way to newer ones. */
  get forgotten(): number {
    return this.#count - this.#ring.length;
  }

  /**
   * Remembers an event. What apps report and finish with is left out of it: values of any size have
   * no place in a memory of fixed size.
   *
   * @param atUs When it happened, if it is not now.
   */
  record(event: SystemEvent, atUs: number = nowUs()): TimedEvent {
    const kept = event.type === "report" || event.type === "finished"
      ? { ...event, value: undefined }
      : event;
    const timed: TimedEvent = { type: "event", event: kept, atUs };
    this.#ring[this.#count % this.#limit] = timed;
    this.#count++;
    return timed;
  }

  /** The events that are remembered, oldest first. */
  entries(): TimedEvent[] {
    const oldest = this.#count % this.#limit;
    return this.#ring.length < this.#limit
      ? [...this.#ring]
      : [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)];
  }
}
