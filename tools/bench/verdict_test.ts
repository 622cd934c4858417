import { assertEquals } from "@std/assert";
import type { MeasuredRow } from "./row_result.ts";
import { isWithinSpread, shareOfTarget, verdictOf } from "./verdict.ts";

const ROW: MeasuredRow = {
  name: "room/claim",
  peerName: "a peer",
  unit: "us/call",
  target: 2,
  ours: 1,
  peer: 1,
  ratio: 1,
  met: false,
  rounds: 3,
  perRound: { ours: [1, 1, 1], p99: [2, 2, 2], peer: [1, 1, 1], ratio: [1, 1, 1] },
  spread: { ours: [1, 1], peer: [1, 1], ratio: [1, 1] },
  p99: { ours: 2, peer: 2 },
  othersCores: 0,
};

Deno.test("verdictOf() tells a missed target as missed, and a met one as met", () => {
  assertEquals(verdictOf(ROW), "missed");
  assertEquals(verdictOf({ ...ROW, met: true }), "met");
});

Deno.test("verdictOf() tells a missed target as bounded within 1.15 times the bound", () => {
  assertEquals(verdictOf({ ...ROW, bound: 0.87, ofBound: 0.87 }), "bounded");
  assertEquals(verdictOf({ ...ROW, bound: 0.86, ofBound: 0.86 }), "missed");
  assertEquals(verdictOf({ ...ROW, bound: 1.3, ofBound: 1.3 }), "bounded");
});

Deno.test("verdictOf() tells a met target as met, however far from the bound", () => {
  assertEquals(verdictOf({ ...ROW, met: true, bound: 0.1, ofBound: 0.1 }), "met");
});

Deno.test("verdictOf() wants the 99th percentile of the bound where ours is too long", () => {
  const row = { ...ROW, bound: 1, ofBound: 1, limitP99: 1.5 };
  assertEquals(verdictOf({ ...row, p99: { ours: 2, peer: 2, bound: 1 } }), "missed");
  assertEquals(verdictOf({ ...row, p99: { ours: 2, peer: 2, bound: 1.9 } }), "bounded");
});

Deno.test("verdictOf() says nothing of a row that others disturbed", () => {
  assertEquals(verdictOf({ ...ROW, met: true, othersCores: 0.5 }), "noisy");
  assertEquals(verdictOf({ ...ROW, ofBound: 1, othersCores: 0.5 }), "noisy");
});

Deno.test("isWithinSpread() tells rounds on both sides of the target, or of the limit", () => {
  const spread = { ...ROW.spread, ratio: [1.9, 2.1] } as const;
  assertEquals(isWithinSpread({ ...ROW, spread }), true);
  assertEquals(isWithinSpread({ ...ROW, spread, target: 1.9 }), false, "all rounds reach it");
  assertEquals(isWithinSpread({ ...ROW, spread, target: 2.2 }), false, "no round reaches it");
  assertEquals(isWithinSpread({ ...ROW, spread, target: 0 }), false, "nothing is asked");
  const limited = { ...ROW, spread: { ...ROW.spread, ours: [4, 6] } } as const;
  assertEquals(isWithinSpread({ ...limited, limit: 5 }), true);
  assertEquals(isWithinSpread({ ...limited, limit: 6 }), false);
});

Deno.test("shareOfTarget() tells the worst of ratio and limits", () => {
  assertEquals(shareOfTarget(ROW), 0.5);
  assertEquals(shareOfTarget({ ...ROW, limit: 0.25 }), 0.25);
  assertEquals(shareOfTarget({ ...ROW, limitP99: 0.5 }), 0.25);
  assertEquals(shareOfTarget({ ...ROW, target: 0, ours: 4, peer: 1, excessMax: 1 }), 0.5);
  assertEquals(shareOfTarget({ ...ROW, target: 0 }), Infinity);
});
