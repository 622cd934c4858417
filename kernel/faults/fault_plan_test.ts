import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { checkFaults } from "./fault_check.ts";
import { faultPlan, type FaultPlanOptions } from "./fault_plan.ts";
import { FAULT_KINDS, type FaultKind } from "./point_fault.ts";

const points = { disk: ["disk.a"], fs: ["fs.a", "fs.b", "fs.c"] };

Deno.test("faultPlan() draws the same plan from the same seed, and others from others", () => {
  const plans = [7, 7, 8].map((seed) => faultPlan({ seed, count: 50, points }));
  assertEquals(plans[0], plans[1]);
  assertNotEquals(plans[0], plans[2]);
});

Deno.test("faultPlan() keeps places and visits when the kinds are others", () => {
  const places = (kinds: readonly FaultKind[]) =>
    faultPlan({ seed: 3, count: 40, points, kinds }).map(({ domain, point, visit }) => {
      return [domain, point, visit];
    });
  assertEquals(places(["throw"]), places(["slow", "exit", "terminate"]));
});

Deno.test("faultPlan() draws plans that pass the check, whatever the kinds", () => {
  const domains = Object.keys(points).map((name) => ({ name }));
  for (let seed = 0; seed < 50; seed++) {
    const plan = faultPlan({
      seed,
      count: 40,
      points,
      kinds: FAULT_KINDS,
      visitMax: 30,
      heapMb: 4,
      lastsMs: 100,
    });
    checkFaults(plan, domains);
    assertEquals(plan.length, 40);
  }
});

Deno.test("faultPlan() reaches every place and every kind, and nothing else", () => {
  const plan = faultPlan({ seed: 1, count: 8, points, visitMax: 2, kinds: ["exit", "throw"] });
  const places = plan.map(({ domain, point, visit }) => `${domain} ${point} ${visit}`).sort();
  const all = Object.entries(points).flatMap(([domain, names]) =>
    names.flatMap((point) => [1, 2].map((visit) => `${domain} ${point} ${visit}`))
  );
  assertEquals(places, all.sort());
  assertEquals(new Set(plan.map(({ kind }) => kind)), new Set(["exit", "throw"] as const));
});

Deno.test("faultPlan() says how slow, how far and how long, where that means something", () => {
  const options = { seed: 5, count: 60, points, slowMsMax: 9, heapMb: 3, lastsMs: 70 };
  for (const fault of faultPlan({ ...options, kinds: FAULT_KINDS })) {
    const { kind, slowMs, heapMb, lastsMs } = fault;
    assertEquals(slowMs !== undefined, kind === "slow");
    if (slowMs !== undefined) assert(slowMs >= 1 && slowMs <= 9);
    assertEquals(heapMb, kind === "heap" ? 3 : undefined);
    assertEquals(lastsMs, ["busy-loop", "blocked", "zombie"].includes(kind) ? 70 : undefined);
  }
});

/** What is refused, and what is said of it. */
const REFUSED: readonly (readonly [Partial<FaultPlanOptions>, string])[] = [
  [{ seed: 0.5 }, "0.5 is no seed"],
  [{ count: -1 }, "-1 is no count"],
  [{ count: 401 }, "401 faults do not fit 4 points of 100 visits each"],
  [{ points: {} }, "1 faults do not fit 0 points"],
  [{ visitMax: 0 }, "0 is no visit from 1"],
  [{ slowMsMax: 0 }, "0 is no time"],
  [{ kinds: [] }, "no kind to draw from"],
  [{ kinds: ["thorw" as FaultKind] }, '"thorw" is no kind'],
];

for (const [wrong, message] of REFUSED) {
  Deno.test(`faultPlan() refuses ${JSON.stringify(wrong)}`, () => {
    assertThrows(() => faultPlan({ seed: 1, count: 1, points, ...wrong }), RangeError, message);
  });
}
