import { assert, assertEquals } from "@std/assert";
import type { SystemEvent } from "../messages.ts";
import { type ChromeEvent, chromeTrace } from "./chrome_trace.ts";
import type { CallEvent, NoteEvent, TimedEvent, TraceEvent } from "./events.ts";

const START_US = 1_795_344_834_000_000;

function at(ms: number, event: SystemEvent): TimedEvent {
  return { type: "event", event, atUs: START_US + ms * 1_000 };
}

function note(ms: number, epoch: number, step: NoteEvent["note"]): NoteEvent {
  return { type: "note", domain: "disk", epoch, note: step, atUs: START_US + ms * 1_000 };
}

function call(ms: number, durationUs: number, more: Partial<CallEvent> = {}): CallEvent {
  const rest = { epoch: 1, badge: 3, operation: 1, sequence: 0, result: 1 };
  const startUs = START_US + ms * 1_000;
  return { type: "call", domain: "disk", ...rest, startUs, durationUs, ...more };
}

function spans(events: readonly ChromeEvent[]): string[] {
  return events.flatMap((event) =>
    event.ph === "X" ? [`${event.name} ${event.ts}+${event.dur}`] : []
  );
}

const DEATH: readonly TimedEvent[] = [
  at(10, { type: "ready", domain: "disk", epoch: 1, tookMs: 10 }),
  at(50, { type: "died", domain: "disk", epoch: 1, why: "it hangs" }),
  at(52, { type: "fenced", domain: "disk", epoch: 1, gone: true, tookMs: 2 }),
  at(60, { type: "ready", domain: "disk", epoch: 2, tookMs: 8 }),
];

Deno.test("a death is a mark, and a span from it to the first sign of the next life", () => {
  const steps = [note(54, 2, "entered"), note(59, 2, "serving")];
  const { traceEvents } = chromeTrace([...DEATH, ...steps, call(70, 5)]);

  assertEquals(spans(traceEvents), [
    "start 0+10000",
    "life 1 10000+40000",
    "recovery 50000+10000",
    "fence 50000+2000",
    "start 52000+8000",
    "recover 54000+5000",
    "life 2 60000+10005",
    "operation 1 70000+5",
  ]);
  const marks = traceEvents.filter((event) => event.ph === "i");
  assertEquals(marks.map(({ name, ts, args }) => [name, ts, args]), [
    ["died", 50_000, { epoch: 1, why: "it hangs" }],
  ]);
});

Deno.test("a kernel is away from its death until a domain goes on under its successor", () => {
  const died = (ms: number, epoch: number) =>
    at(ms, { type: "kernel-died", epoch, why: "it threw" });
  const events = [died(10, 1), died(30, 2), note(70, 1, "adopted"), note(71, 1, "adopted")];
  const { traceEvents } = chromeTrace(events);

  assertEquals(
    spans(traceEvents),
    ["recovery 20000+40000"],
    "from the death that was the last one",
  );
  const marks = traceEvents.filter(({ ph }) => ph === "i");
  assertEquals(marks.map(({ pid, ts }) => [pid, ts]), [[1, 0], [1, 20_000]]);
});

Deno.test("processes are named after domains, threads after what is on them", () => {
  const kernelDied = at(70, { type: "kernel-died", epoch: 1, why: "it threw" });
  const events = [...DEATH, call(20, 3), call(20, 3, { domain: "fs" }), kernelDied];
  const { traceEvents } = chromeTrace(events);

  const named = (name: ChromeEvent["name"]) =>
    traceEvents.filter((event) => event.ph === "M" && event.name === name)
      .map(({ pid, args }) => `${pid} ${args.name}`);
  assertEquals(named("process_name"), ["2 disk", "1 kernel", "4 fs"]);
  assertEquals(named("thread_name"), ["2 life", "1 life", "2 calls", "4 life", "4 calls"]);
  const mark = traceEvents.find((event) => event.ph === "i" && event.name === "kernel-died");
  assertEquals(mark?.ph === "i" && [mark.pid, mark.s], [1, "g"]);
});

Deno.test("a call tells its name, its client and its error", () => {
  const { traceEvents } = chromeTrace([call(1, 2, { name: "read", result: -5, sequence: 8 })]);

  const event = traceEvents.find(({ ph }) => ph === "X");
  assert(event?.ph === "X");
  assertEquals([event.name, event.cat], ["read", "call,error"]);
  assertEquals(event.args, { badge: 3, epoch: 1, sequence: 8, result: -5, error: "EIO" });
});

Deno.test("calls that overlap are on threads of their own, those one after the other on one", () => {
  const serial = [call(1, 1_000), call(1.9998, 1_000), call(2.9996, 1_000)];
  assertEquals(threads(serial), [1, 1, 1]);
  assertEquals(threads([call(1, 3_000), call(2, 1_000), call(3, 500), call(4.5, 1)]), [1, 2, 2, 1]);
  checkNesting(chromeTrace(serial).traceEvents);
});

Deno.test("whatever is missing, the spans of a thread lie within one another or apart", () => {
  let state = 11;
  const random = (count: number) => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) % count;
  for (let round = 0; round < 300; round++) {
    const events: TraceEvent[] = Array.from({ length: 30 }, () => {
      const ms = random(1_000) / 4;
      const [epoch, tookMs] = [1 + random(4), random(60)];
      const domain = ["disk", "fs"][random(2)]!;
      const kinds: readonly TraceEvent[] = [
        at(ms, { type: "ready", domain, epoch, tookMs }),
        at(ms, { type: "died", domain, epoch, why: "" }),
        at(ms, { type: "fenced", domain, epoch, gone: false, tookMs }),
        at(ms, { type: "gave-up", domain, epoch, why: "" }),
        at(ms, { type: "finished", domain, value: 1 }),
        at(ms, { type: "rolled-back", domain, epoch, why: "" }),
        note(ms, epoch, (["entered", "serving", "adopted"] as const)[random(3)]!),
        call(ms, random(30_000), { domain }),
        at(ms, { type: "kernel-died", epoch, why: "" }),
      ];
      return kinds[random(kinds.length)]!;
    });
    checkNesting(chromeTrace(events).traceEvents);
  }
});

Deno.test("the text of a trace is JSON of the documented shape", () => {
  const poisoned = at(61, {
    type: "poisoned",
    domain: "disk",
    endpoint: "disk",
    operation: 1,
    badge: 2,
    sequence: 3,
    tries: 3,
    why: "",
  });
  const trace = chromeTrace([...DEATH, poisoned, call(20, 0.125), call(30, 1e6)]);
  const { traceEvents, displayTimeUnit, otherData } = JSON.parse(JSON.stringify(trace));

  assertEquals(displayTimeUnit, "ns");
  assertEquals(new Date(otherData.beganAt).getTime(), START_US / 1_000);
  assertEquals(traceEvents.length > 10, true);
  for (const event of traceEvents) checkShape(event);
});

Deno.test("a trace of nothing is an empty one", () => {
  assertEquals(chromeTrace([]).traceEvents, []);
});

/** What "Trace Event Format" demands of each kind of event ("Event Descriptions"). */
function checkShape(event: Record<string, unknown>): void {
  assertEquals(typeof event.name, "string");
  for (const id of [event.pid, event.tid]) assert(Number.isSafeInteger(id) && Number(id) > 0);
  assertEquals(typeof event.args, "object");
  if (event.ph === "M") {
    const [key, value] = Object.entries(event.args as object)[0]!;
    assertEquals(typeof value, key === "sort_index" ? "number" : "string");
    assertEquals([event.cat, event.ts], ["__metadata", 0]);
    return;
  }
  assertEquals(typeof event.cat, "string");
  assert(typeof event.ts === "number" && event.ts >= 0);
  if (event.ph === "X") assert(typeof event.dur === "number" && event.dur >= 0);
  else assert(event.ph === "i" && ["g", "p", "t"].includes(event.s as string));
}

/** The threads of calls, in the order of time, numbered from 1 as they come. */
function threads(calls: readonly CallEvent[]): number[] {
  const tids: number[] = [];
  return chromeTrace(calls).traceEvents.flatMap((event) => {
    if (event.ph !== "X") return [];
    if (!tids.includes(event.tid)) tids.push(event.tid);
    return [tids.indexOf(event.tid) + 1];
  });
}

function checkNesting(events: readonly ChromeEvent[]): void {
  const open: Map<number, number[]> = new Map();
  let lastTs = 0;
  for (const event of events) {
    if (event.ph !== "X") continue;
    assert(event.ts >= lastTs, "in the order of time");
    lastTs = event.ts;
    const ends = open.get(event.tid) ?? [];
    while (ends.length > 0 && ends.at(-1)! <= event.ts) ends.pop();
    const end = event.ts + event.dur;
    // Sums of rounded numbers: a thousandth of a microsecond is no overlap.
    assert(ends.every((outer) => end <= outer + 0.002), `${event.name} at ${event.ts} crosses`);
    ends.push(end);
    open.set(event.tid, ends);
  }
}
