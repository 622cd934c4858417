import { assertEquals } from "@std/assert";
import type { TraceEvent } from "../../../kernel/trace/events.ts";
import { middleHalf } from "./middle_half.ts";
import { nestedShares } from "./nested_calls.ts";
import { readCounts } from "./switches.ts";

function call(domain: string, startUs: number, durationUs: number): TraceEvent {
  const rest = { epoch: 1, badge: 1, operation: 1, sequence: 0, result: 0 };
  return { type: "call", domain, startUs, durationUs, ...rest };
}

Deno.test("nestedShares() gives each server its own time, and the client what is left", () => {
  const events = [
    call("fs", 110, 50),
    call("storage", 120, 10),
    call("storage", 125, 15), // Under way together with the first: counted once.
    call("disk", 130, 5),
    call("fs", 300, 50), // Another operation's.
  ];
  const shares = nestedShares(events, { startUs: 100, endUs: 200 }, ["fs", "storage", "disk"]);
  assertEquals(shares, { client: 50, own: { fs: 30, storage: 15, disk: 5 } });
});

Deno.test("nestedShares() counts of a call only what lies in the operation", () => {
  const events = [call("fs", 90, 30), call("fs", 190, 30)];
  const shares = nestedShares(events, { startUs: 100, endUs: 200 }, ["fs"]);
  assertEquals(shares, { client: 70, own: { fs: 30 } });
});

Deno.test("middleHalf() leaves out the quickest and the slowest quarter; its parts add up", () => {
  const operations = [1, 2, 4, 8].map((n) => ({ there: n, back: 2 * n, whole: 3 * n }));
  assertEquals(middleHalf(operations), { there: 3, back: 6, whole: 9 });
});

Deno.test("readCounts() reads what perf counted in a second, for each operation", () => {
  const text = "400,,context-switches,1000,100.00,,\n" +
    "<not supported>,,raw_syscalls:sys_enter,0,100.00,,\n" +
    "800,,syscalls:sys_enter_futex,1000,100.00,,\n";
  assertEquals(readCounts(text, 100), { switches: 4, futex: 8 });
});
