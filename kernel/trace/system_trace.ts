/**
 * The trace of a whole system, on the machine's thread: it outlives domains and kernels.
 *
 * @module
 */

import type { SystemEvent } from "../messages.ts";
import { nowUs } from "./clock.ts";
import { EventLog } from "./event_log.ts";
import { type TimedEvent, timeOf, type TraceEvent } from "./events.ts";
import type { ObservedCalls } from "./observed_calls.ts";
import { TraceReader } from "./reader.ts";

/** The name of an operation of a domain's protocols, if it is known. */
export type OperationName = (domain: string, operation: number) => string | undefined;

/** Everything that is remembered of a system. */
export class SystemTrace {
  readonly #readers: Map<string, TraceReader> = new Map();
  readonly #log: EventLog = new EventLog();
  readonly #operationName: OperationName;
  #isObserved = false;
  #lastReader = 0;

  /** @param operationName Names operations; those that it does not know are as their domain says. */
  constructor(operationName: OperationName = () => undefined) {
    this.#operationName = operationName;
  }

  /** Reads the trace memory of a domain from here on. The same memory again changes nothing. */
  add(domain: string, buffer: SharedArrayBuffer): void {
    if (this.#readers.get(domain)?.reads(buffer)) return;
    const reader = new TraceReader(domain, buffer, ++this.#lastReader);
    this.#readers.set(domain, reader);
    if (this.#isObserved) reader.observe(nowUs());
  }

  /** Remembers a system event. */
  record(event: SystemEvent, atUs?: number): TimedEvent {
    return this.#log.record(event, atUs);
  }

  /** Begins or ends the timing of every call; steps and events are remembered in any case. */
  observe(isObserved: boolean): void {
    this.#isObserved = isObserved;
    const atUs = nowUs();
    for (const reader of this.#readers.values()) {
      if (isObserved) reader.observe(atUs);
      else reader.disregard();
    }
  }

  /** What was counted of a domain since the observation began; nothing while it is not observed. */
  observed(domain: string): ObservedCalls | undefined {
    const reader = this.#readers.get(domain);
    return reader?.isObserved ? reader.observed() : undefined;
  }

  /** All that is remembered, in the order of time. */
  events(): TraceEvent[] {
    const events: TraceEvent[] = this.#log.entries();
    for (const reader of this.#readers.values()) {
      events.push(...reader.notes());
      const names = reader.names();
      for (const call of reader.calls()) {
        const { domain, operation } = call;
        const name = this.#operationName(domain, operation) ?? names.get(operation);
        events.push(name === undefined ? call : { ...call, name });
      }
    }
    return events.sort((one, other) => timeOf(one) - timeOf(other));
  }
}
