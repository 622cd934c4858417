import { assert, assertEquals, assertThrows } from "@std/assert";
import { type FaultBody, FaultPoints, ORDERED } from "./fault_points.ts";
import type { ArmedFault, PointFault } from "./point_fault.ts";

class Ended extends Error {}

/** A body that notes what happens to it. */
class NotedBody implements FaultBody {
  readonly notes: string[] = [];

  terminate(point: string): never {
    this.notes.push(`terminated at ${point}`);
    throw new Ended();
  }

  exit(): never {
    this.notes.push("exited");
    throw new Ended();
  }

  reject(error: Error): void {
    this.notes.push(error.message);
  }

  isFenced(): boolean {
    return true;
  }

  holdings(): never {
    throw new Error("nobody asks what is not scribbled on");
  }
}

function arm(faults: readonly Partial<PointFault>[], visits = new Int32Array(8)) {
  const body = new NotedBody();
  const armed = faults.map((fault, index) => {
    return { domain: "d", point: "p", kind: "throw", ...fault, index } as ArmedFault;
  });
  return { body, visits, points: new FaultPoints(armed, visits, body) };
}

Deno.test("points that are not armed do nothing and count nothing", () => {
  const { points, visits, body } = arm([]);
  for (let i = 0; i < 100; i++) points.visit("p");
  assertEquals([points.isArmed, body.notes, visits], [false, [], new Int32Array(8)]);
});

Deno.test("a fault happens at its visit and at no other, counted over all incarnations", () => {
  const { points, visits } = arm([{ visit: 3 }, { visit: 5 }]);
  points.visit("p");
  points.visit("other");
  points.visit("p");
  assertThrows(() => points.visit("p"), Error, "injected fault at p");
  // The successor counts on, and what has happened happens no more.
  const successor = arm([{ visit: 3 }, { visit: 5 }], visits).points;
  successor.visit("p");
  assertThrows(() => successor.visit("p"), Error, "injected fault at p");
  for (let i = 0; i < 20; i++) successor.visit("p");
});

Deno.test("a fault that happens does not keep others from counting the visit", () => {
  const { points, visits, body } = arm([{ kind: "reject" }, { visit: 2, kind: "exit" }]);
  points.visit("p");
  assertEquals([...visits.subarray(0, 2)], [1, 1]);
  assertThrows(() => points.visit("p"), Ended);
  assertEquals(body.notes, ["injected rejection at p", "exited"]);
});

Deno.test("an ordered fault happens at the next visit after each order, in whatever life", () => {
  const faults = [{ visit: "ordered" }, { kind: "exit", visit: "ordered" }] as const;
  const { points, visits, body } = arm(faults);
  for (let i = 0; i < 5; i++) points.visit("p");
  visits[0] = ORDERED;
  points.visit("other");
  assertThrows(() => points.visit("p"), Error, "injected fault at p");
  visits[1] = ORDERED;
  const successor = arm(faults, visits);
  assertThrows(() => successor.points.visit("p"), Ended);
  for (let i = 0; i < 5; i++) successor.points.visit("p");
  assertEquals([body.notes, successor.body.notes], [[], ["exited"]]);
});

Deno.test("termination and exit are the body's business", () => {
  const { points, body } = arm([{ kind: "terminate" }, { kind: "exit", visit: 2 }]);
  for (let i = 0; i < 2; i++) assertThrows(() => points.visit("p"), Ended);
  assertEquals(body.notes, ["terminated at p", "exited"]);
});

Deno.test("a slow point takes its time, and goes on", () => {
  const { points } = arm([{ kind: "slow", slowMs: 20 }]);
  const startMs = performance.now();
  points.visit("p");
  assert(performance.now() - startMs >= 20);
});

for (const kind of ["busy-loop", "blocked", "zombie"] as const) {
  Deno.test(`a ${kind} lasts for its time`, () => {
    const { points } = arm([{ kind, lastsMs: 20 }]);
    const startMs = performance.now();
    points.visit("p");
    assert(performance.now() - startMs >= 19, "a core's clock is coarser than ours");
  });

  Deno.test(`a ${kind} that has been stopped does not begin`, () => {
    const stop = new SharedArrayBuffer(4);
    new Int32Array(stop)[0] = 1;
    arm([{ kind, stop }]).points.visit("p");
  });
}

Deno.test("a heap grows by what was said", () => {
  const { points } = arm([{ kind: "heap", heapMb: 8 }]);
  const before = Deno.memoryUsage().heapUsed;
  points.visit("p");
  const grownMb = (Deno.memoryUsage().heapUsed - before) / 2 ** 20;
  assert(grownMb > 4, `${grownMb} MiB`); // A collection of other garbage may come in between.
});
