import { assertThrows } from "@std/assert";
import { checkFaults } from "./fault_check.ts";
import type { PointFault } from "./point_fault.ts";

const DOMAINS = [{ name: "storage" }, { name: "fs", memoryLimitMb: 64 }];
const FAULT: PointFault = { domain: "storage", point: "commit.started", kind: "throw" };

Deno.test("checkFaults() takes every kind with what it needs", () => {
  const stop = new SharedArrayBuffer(4);
  const faults: PointFault[] = [
    FAULT,
    { ...FAULT, kind: "reject", visit: 2 },
    { ...FAULT, kind: "terminate", visit: 3 },
    { ...FAULT, kind: "exit", point: "runtime.request" },
    { ...FAULT, kind: "busy-loop", point: "a" },
    { ...FAULT, kind: "blocked", point: "b", lastsMs: 0.5 },
    { ...FAULT, kind: "slow", point: "c", slowMs: 3 },
    { ...FAULT, kind: "heap", point: "d", heapMb: 1 },
    { ...FAULT, kind: "heap", point: "d", domain: "fs" },
    { ...FAULT, kind: "zombie", point: "e", stop },
    { ...FAULT, point: "f", visit: "ordered" },
    { ...FAULT, kind: "exit", point: "f", visit: "ordered" },
  ];
  checkFaults(faults, DOMAINS);
  checkFaults([], []);
});

/** What is refused, by the field that is at fault, and what is said of it. */
const REFUSED: readonly (readonly [Partial<Record<keyof PointFault, unknown>>, string])[] = [
  [{ domain: "sotrage" }, 'domain: there is no domain "sotrage"; did you mean "storage"?'],
  [{ point: "" }, "point: a point has a name"],
  [{ point: "runtime.anser" }, 'has no point runtime.anser; did you mean "runtime.answer"?'],
  [{ point: "kernel.tock" }, 'the kernel has no point kernel.tock; did you mean "kernel.tick"?'],
  [{ visit: 0 }, "visit: 0 is no visit; the first one is 1"],
  [{ visit: 1.5 }, "visit: 1.5 is no visit"],
  [{ visit: 2 ** 31 }, "visit: 2147483648 is no visit"],
  [{ kind: "thorw" }, 'kind: "thorw" is no kind; did you mean "throw"?'],
  [{ kind: "slow" }, "slowMs: say for how long it is slow"],
  [{ kind: "slow", slowMs: 0 }, "slowMs: 0 is no time in milliseconds"],
  [{ slowMs: 5 }, "slowMs: throw is not slow"],
  [{ kind: "heap" }, "heapMb: say how far the heap grows, since storage has no memoryLimitMb"],
  [{ kind: "heap", heapMb: 0 }, "heapMb: 0 is no count of MiB from 1"],
  [{ heapMb: 1 }, "heapMb: throw grows no heap"],
  [{ lastsMs: 5 }, "lastsMs: throw does not last"],
  [{ kind: "zombie", lastsMs: -1 }, "lastsMs: -1 is no time in milliseconds"],
  [{ stop: new SharedArrayBuffer(4) }, "stop: throw needs nobody to stop it"],
  [{ kind: "blocked", stop: new SharedArrayBuffer(2) }, "stop: it is a SharedArrayBuffer of at"],
  [{ kind: "blocked", stop: new ArrayBuffer(4) }, "stop: it is a SharedArrayBuffer of at least"],
];

for (const [wrong, message] of REFUSED) {
  const name = JSON.stringify(wrong, (_, value) => value instanceof Object ? value : String(value));
  Deno.test(`checkFaults() refuses ${name}: ${message}`, () => {
    const fault = { ...FAULT, ...wrong } as PointFault;
    const error = () => checkFaults([FAULT, { ...fault, visit: fault.visit ?? 9 }], DOMAINS);
    assertThrows(error, TypeError, `Cannot inject faults: faults[1].`);
    assertThrows(error, TypeError, message);
  });
}

Deno.test("checkFaults() refuses two faults at one visit, since one of them would be lost", () => {
  const twins: PointFault[] = [FAULT, { ...FAULT, visit: 2 }, { ...FAULT, kind: "exit", visit: 1 }];
  const message = "faults[2].visit: faults[0] happens at the same visit";
  assertThrows(() => checkFaults(twins, DOMAINS), TypeError, message);
});
