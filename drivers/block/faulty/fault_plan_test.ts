import { assertEquals } from "@std/assert";
import {
  DiskFaultPlan,
  type DiskFaultRule,
  type Fate,
  PLAN_WORDS,
  SECTOR_BYTES,
  tear,
} from "./fault_plan.ts";

const BLOCKS = 100;

function plan(faults: readonly DiskFaultRule[], seed = 1): DiskFaultPlan {
  return new DiskFaultPlan(faults, { seed, blockCount: BLOCKS });
}

function fates(of: DiskFaultPlan, count: number): (Fate | undefined)[] {
  return Array.from({ length: count }, (_, index) => of.next("write", index % BLOCKS, 1));
}

Deno.test("DiskFaultPlan.next() draws the same faults by the same seed, and others by another", () => {
  const faults = [
    { kind: "torn", probability: 0.2 },
    { kind: "misdirected", probability: 0.2 },
    { kind: "slow", probability: 0.2, delayMs: 3 },
  ] as const;
  const drawn = fates(plan(faults), 500);
  assertEquals(fates(plan(faults), 500), drawn);
  const others = fates(plan(faults, 2), 500);
  assertEquals(JSON.stringify(others) === JSON.stringify(drawn), false);
  const hits = drawn.filter((fate) => fate?.fault?.kind === "torn").length;
  assertEquals(hits > 70 && hits < 130, true, `${hits} of 500 by a chance of 0.2`);
});

Deno.test("a rule that comes after others leaves their draws as they are", () => {
  const torn = { kind: "torn", probability: 0.3 } as const;
  const alone = fates(plan([torn]), 200);
  const beside = fates(plan([torn, { kind: "stale", probability: 0.3 }]), 200);
  for (const [index, fate] of alone.entries()) {
    if (fate !== undefined) assertEquals(beside[index], fate);
  }
});

Deno.test("a plan goes on from the state of another", () => {
  const faults = [{ kind: "error", probability: 0.1 }, { kind: "stale", at: 150 }] as const;
  const whole = fates(plan(faults), 200);
  const state = new Int32Array(PLAN_WORDS);
  const how = { seed: 1, blockCount: BLOCKS, state };
  const parts = [
    ...fates(new DiskFaultPlan(faults, how), 100),
    ...fates(new DiskFaultPlan(faults, how), 100),
  ];
  assertEquals(parts, whole);
});

Deno.test("a rule befalls the operations, the blocks, the number and the times that it names", () => {
  const only = plan([{ kind: "error", operations: ["flush"], at: 2 }]);
  assertEquals(only.next("flush", 0, 0), undefined);
  assertEquals(only.next("write", 0, 1), undefined);
  assertEquals(only.next("flush", 0, 0)?.fault, { kind: "error", errno: 5 });
  assertEquals(only.next("flush", 0, 0), undefined);
  assertEquals(only.counts, [1]);

  const blocks = plan([{ kind: "error", blocks: { first: 10, count: 2 }, times: 3 }]);
  const hit = [[9, 1], [12, 1], [9, 2], [11, 9], [0, 100], [10, 1], [0, 0]].map(([first, count]) =>
    blocks.next("read", first!, count!) !== undefined
  );
  assertEquals(hit, [false, false, true, true, true, false, false]);
});

Deno.test("every fault lies within its run, and a torn write is torn", () => {
  const torn = plan([{ kind: "torn" }]);
  const shapes = new Set<string>();
  for (let count = 1; count <= 40; count++) {
    const fault = torn.next("write", 3, count)?.fault;
    if (fault?.kind !== "torn") throw new Error("not torn");
    assertEquals(fault.kept.length, count * 8);
    assertEquals([0, 1].map((bit) => fault.kept.includes(bit)), [true, true]);
    shapes.add(fault.kept.slice(0, 8).join(""));
  }
  assertEquals(shapes.size > 5, true);
  const short = plan([{ kind: "short" }]);
  const rot = plan([{ kind: "rot" }]);
  const astray = plan([{ kind: "misdirected" }]);
  for (let index = 0; index < 500; index++) {
    const moved = short.next("write", 3, 4)?.fault;
    assertEquals(moved?.kind === "short" && moved.count >= 0 && moved.count < 4, true);
    const turned = rot.next("read", 3, 2)?.fault;
    assertEquals(turned?.kind === "rot" && turned.byte < 8192 && turned.bit < 8, true);
    const lost = astray.next("read", 50, 10)?.fault;
    assertEquals(lost?.kind === "misdirected" && lost.first !== 50 && lost.first <= 90, true);
  }
  assertEquals(astray.next("read", 0, BLOCKS), undefined, "there is nowhere else to go");
});

Deno.test("`slow` comes on top, and of other faults the first that is meant", () => {
  const many = plan([
    { kind: "slow", delayMs: 2 },
    { kind: "stale", at: 2 },
    { kind: "full" },
    { kind: "slow", operations: ["write"], delayMs: 5 },
  ]);
  assertEquals(many.next("write", 0, 1), { delayMs: 7, fault: { kind: "full", errno: 28 } });
  assertEquals(many.next("zero", 0, 1), { delayMs: 2, fault: { kind: "stale" } });
  assertEquals(many.next("read", 0, 1), { delayMs: 2, fault: undefined });
  assertEquals(many.counts, [3, 1, 1, 1]);
});

Deno.test("tear() writes the sectors that are kept", () => {
  const target = new Uint8Array(4096).fill(1);
  const source = new Uint8Array(4096).fill(2);
  tear(target, source, Uint8Array.of(0, 1, 0, 0, 1, 1, 0, 0));
  const firsts = Array.from({ length: 8 }, (_, sector) => target[sector * SECTOR_BYTES]);
  assertEquals(firsts, [1, 2, 1, 1, 2, 2, 1, 1]);
});
