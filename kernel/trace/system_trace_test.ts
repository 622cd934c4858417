import { assertEquals, assertNotStrictEquals } from "@std/assert";
import { TRACE_BYTES, TRACE_KIND } from "../layouts/trace.ts";
import type { SystemEvent } from "../messages.ts";
import { EventLog } from "./event_log.ts";
import { TraceRecorder } from "./recorder.ts";
import { SystemTrace } from "./system_trace.ts";

function died(epoch: number): SystemEvent {
  return { type: "died", domain: "disk", epoch, why: "it hangs" };
}

Deno.test("EventLog remembers the last events, in their order, and counts the others", () => {
  const log = new EventLog(3);
  for (let epoch = 1; epoch <= 8; epoch++) {
    log.record(died(epoch), epoch * 10);
    const kept = Math.min(epoch, 3);
    assertEquals(log.entries().map(({ atUs }) => atUs / 10), [
      ...Array.from({ length: kept }, (_, index) => epoch - kept + 1 + index),
    ]);
    assertEquals(log.forgotten, epoch - kept);
  }
});

Deno.test("EventLog keeps no value that an app made", () => {
  const log = new EventLog();
  log.record({ type: "report", domain: "app", value: new Uint8Array(1_000_000) });

  assertEquals(log.entries()[0]!.event, { type: "report", domain: "app", value: undefined });
});

Deno.test("SystemTrace.events() has calls, steps and events in the order of time", () => {
  const trace = new SystemTrace((domain, operation) => `${domain}.${operation}`);
  const [disk, app] = [new SharedArrayBuffer(TRACE_BYTES), new SharedArrayBuffer(TRACE_BYTES)];
  trace.add("disk", disk);
  trace.observe(true);
  trace.add("app", app);
  const startMs = performance.now();
  const began = trace.record(died(1));
  const recorders = [new TraceRecorder(disk, 2), new TraceRecorder(app, 1)] as const;
  recorders[0].note(TRACE_KIND.ENTERED, startMs + 1_000);
  recorders[1].answered(1, 9, 0, startMs + 3_000, startMs + 3_001, 0);
  recorders[0].answered(1, 4, 0, startMs + 2_000, startMs + 2_001, -1);
  trace.record(died(2), began.atUs + 5e6);

  const events = trace.events();

  assertEquals(events.map((event) => event.type === "call" ? event.name : event.type), [
    "event",
    "note",
    "disk.4",
    "app.9",
    "event",
  ]);
  assertEquals(trace.observed("disk")?.errors, 1);
  assertEquals(trace.observed("app")?.calls, 1, "it was added while the system was observed");
  trace.observe(false);
  assertEquals([trace.observed("disk"), trace.observed("nobody")], [undefined, undefined]);
});

Deno.test("SystemTrace.add() goes on with the same memory, and begins anew with another", () => {
  const trace = new SystemTrace();
  const buffer = new SharedArrayBuffer(TRACE_BYTES);
  trace.add("disk", buffer);
  trace.observe(true);
  const recorder = new TraceRecorder(buffer, 1);
  recorder.answered(1, 1, 0, 1, 2, 0);

  // By message it comes as another object over the same memory.
  trace.add("disk", structuredClone(buffer));
  assertEquals(trace.observed("disk")?.calls, 1);

  const fresh = new SharedArrayBuffer(TRACE_BYTES);
  trace.add("disk", fresh);
  assertNotStrictEquals(trace.observed("disk"), undefined);
  assertEquals(trace.observed("disk")?.calls, 0);
  assertEquals(new TraceRecorder(fresh, 2).observed[0], 1);
});
