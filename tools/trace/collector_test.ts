import { assertEquals } from "@std/assert";
import type { CallEvent, TraceEvent } from "../../kernel/trace/events.ts";
import { TraceCollector } from "./collector.ts";

function call(sequence: number): CallEvent {
  const rest = { domain: "disk", epoch: 1, badge: 1, operation: 1, result: 0 };
  return { type: "call", ...rest, sequence, startUs: 1e15 + sequence, durationUs: 1 };
}

/** A system that remembers the last five of the events that it is given. */
class Forgetful {
  readonly #events: TraceEvent[] = [];

  happen(...events: readonly TraceEvent[]): void {
    this.#events.push(...events);
  }

  trace(): TraceEvent[] {
    return this.#events.slice(-5);
  }
}

function sequences(events: readonly TraceEvent[]): number[] {
  return events.map((event) => event.type === "call" ? event.sequence : -1);
}

Deno.test("events are collected once each, in the order of time, beyond what is remembered", () => {
  const system = new Forgetful();
  const collector = new TraceCollector(system);
  for (let first = 0; first < 12; first += 3) {
    system.happen(call(first + 1), call(first), call(first + 2));
    collector.collect();
    collector.collect();
  }

  assertEquals(sequences(collector.finish()), Array.from({ length: 12 }, (_, index) => index));
  assertEquals(collector.dropped, 0);
});

Deno.test("steps and events that look alike are told apart", () => {
  const system = new Forgetful();
  const collector = new TraceCollector(system);
  const ready = { type: "ready", epoch: 1, tookMs: 1 } as const;
  system.happen(
    { type: "note", domain: "disk", epoch: 1, note: "entered", atUs: 1 },
    { type: "note", domain: "disk", epoch: 1, note: "serving", atUs: 1 },
    { type: "event", event: { ...ready, domain: "disk" }, atUs: 1 },
    { type: "event", event: { ...ready, domain: "fs" }, atUs: 1 },
    { type: "event", event: { type: "kernel-died", epoch: 1, why: "" }, atUs: 1 },
  );
  collector.collect();
  collector.collect();

  assertEquals(collector.finish().length, 5);
});

Deno.test("beyond its limit a collection keeps the last events, and counts the others", () => {
  const system = new Forgetful();
  const collector = new TraceCollector(system, 7);
  for (let sequence = 0; sequence < 40; sequence++) {
    system.happen(call(sequence));
    collector.collect();
  }

  assertEquals(sequences(collector.finish()), [33, 34, 35, 36, 37, 38, 39]);
  assertEquals(collector.dropped, 33);
});
