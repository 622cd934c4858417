import { assert, assertEquals } from "@std/assert";
import { boot, type DomainStatus, type System } from "@hako/kernel";
import { chromeTrace } from "../../kernel/trace/chrome_trace.ts";
import type { CallEvent, NoteEvent, TraceEvent } from "../../kernel/trace/events.ts";
import { jsonLine, textLine } from "../../kernel/trace/log_lines.ts";
import { sumSystem } from "../telemetry/test_manifest.ts";
import { Sum } from "../telemetry/test_sum_protocol.ts";

const ON_REQUEST = { start: "request" } as const;

function callsOf(events: readonly TraceEvent[]): CallEvent[] {
  return events.filter((event) => event.type === "call");
}

function happened(events: readonly TraceEvent[]): string[] {
  return events.flatMap((timed) => timed.type === "event" ? [timed.event.type] : []);
}

function noted(system: System, note: NoteEvent["note"], epoch: number): boolean {
  return system.trace().some((event) =>
    event.type === "note" && event.note === note && event.epoch === epoch && event.domain === "sum"
  );
}

/** A call is recorded after its client has the answer: the last one a moment later. */
async function settledStatus(system: System, calls: number): Promise<DomainStatus> {
  for (;;) {
    const { sum } = (await system.status()).domains;
    if (sum!.latency!.calls >= calls) return (await system.status()).domains.sum!;
  }
}

Deno.test("calls are timed and named while a system is observed, and not before and after", async () => {
  await using system = await boot(sumSystem(ON_REQUEST));
  const sum = await system.connect(Sum, "sum");
  const startMs = Date.now();
  const call = (count: number) => {
    for (let each = 0; each < count; each++) sum.callSync("add", { amount: 1 });
  };
  call(20);
  assertEquals((await system.status()).domains.sum?.latency, undefined);
  assertEquals(callsOf(system.trace()), []);

  system.observe(true);
  call(30);
  const { latency, answered } = await settledStatus(system, 30);
  assertEquals([latency?.calls, latency?.errors, answered], [30, 0, 50]);
  assert(latency!.p50Us > 0 && latency!.p50Us <= latency!.p99Us);
  const calls = callsOf(system.trace());
  assertEquals(calls.map(({ sequence, result }) => [sequence, result]), [
    ...Array.from({ length: 30 }, (_, index) => [20 + index, 21 + index]),
  ]);
  for (const { domain, epoch, name, startUs, durationUs } of calls) {
    assertEquals([domain, epoch, name], ["sum", 1, "add"]);
    assert(startUs >= startMs * 1_000 && startUs + durationUs <= (Date.now() + 1) * 1_000);
  }

  system.observe(false);
  call(10);
  assertEquals((await system.status()).domains.sum?.latency, undefined);
  assertEquals(callsOf(system.trace()).length, 30);
});

Deno.test("a death of a server and of the kernel are in the trace, and counts go on over them", async () => {
  await using system = await boot(sumSystem(ON_REQUEST));
  const sum = await system.connect(Sum, "sum");
  system.observe(true);
  let count = 0;
  for (; count < 150; count++) sum.callSync("add", { amount: 1 });
  system.terminate("kernel");
  for (; !noted(system, "adopted", 2); count++) await sum.call("add", { amount: 1 });

  assertEquals((await settledStatus(system, count)).latency?.calls, count);
  const events = system.trace();
  assertEquals(happened(events).filter((type) => type !== "ready"), [
    "died",
    "fenced",
    "kernel-died",
  ]);
  const { traceEvents } = chromeTrace(events);
  const recoveries = traceEvents.flatMap((event) =>
    event.ph === "X" && event.name === "recovery" ? [event] : []
  );
  assertEquals(recoveries.length, 2);
  for (const { dur } of recoveries) assert(dur > 0 && dur < 30e6, `${dur} us`);
  for (const timed of events) {
    if (timed.type !== "event") continue;
    assert(textLine(timed).includes(` event=${timed.event.type}`));
    assertEquals(JSON.parse(jsonLine(timed)).event, timed.event.type);
  }
});
