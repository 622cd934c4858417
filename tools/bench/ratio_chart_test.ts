import { assertEquals } from "@std/assert";
import { axisOf, renderAxis, renderPoint, sharesOf } from "./ratio_chart.ts";
import type { MeasuredRow } from "./row_result.ts";
import { MEASURED } from "./test_rows.ts";

const ROW: MeasuredRow = {
  ...MEASURED,
  target: 2,
  ratio: 4,
  perRound: { ours: [2, 4, 5], p99: [4, 8, 10], peer: [8, 4, 10], ratio: [4, 1, 8] },
};

Deno.test("sharesOf() tells what each round came to of what is asked", () => {
  assertEquals(sharesOf(ROW), [2, 0.5, 4]);
  assertEquals(sharesOf({ ...ROW, target: 0, limit: 8 }), [4, 2, 1.6]);
  assertEquals(sharesOf({ ...ROW, target: 0, excessMax: 2 }), [5, 1.5, 2.4]);
  assertEquals(sharesOf({ ...ROW, target: 0 }), [4, 1, 8]);
  assertEquals(sharesOf({ ...ROW, limit: 4 }), [2, 0.5, 0.8], "the worst counts");
  assertEquals(sharesOf({ ...ROW, target: 0, limitP99: 8 }), [2, 1, 0.8]);
});

Deno.test("axisOf() shows the target, all rounds and the bound, and bears what is far off", () => {
  const inside = ({ least, most }: { least: number; most: number }, share: number) =>
    least < share && share < most;
  const axis = axisOf([ROW]);
  for (const share of [0.5, 1, 4]) assertEquals(inside(axis, share), true, `${share}`);
  assertEquals(inside(axisOf([{ ...ROW, ofBound: 0.25 }]), 8), true, "the bound");
  assertEquals(axisOf([{ ...ROW, perRound: { ...ROW.perRound, ratio: [1e9] } }]).most <= 550, true);
  assertEquals(inside(axisOf([]), 1), true);
});

Deno.test("renderPoint() draws every round, the median, and the bound if there is one", () => {
  const axis = axisOf([ROW]);
  const drawn = renderPoint(ROW, axis, "a <b>");
  assertEquals(drawn.match(/class="round"/g)?.length, 3);
  assertEquals(drawn.match(/class="middle"/g)?.length, 1);
  assertEquals([drawn.includes("<b>"), drawn.includes('class="bound"')], [false, false]);
  assertEquals(renderPoint({ ...ROW, ofBound: 0.5 }, axis, "").includes('class="bound"'), true);
});

Deno.test("renderPoint() puts what is better farther to the right, within the chart", () => {
  const axis = axisOf([ROW]);
  const drawn = renderPoint(ROW, axis, "");
  const places = [...drawn.matchAll(/class="round" cx="([\d.]+)%"/g)].map(([, x]) => Number(x));
  const [two = NaN, half = NaN, four = NaN] = places;
  assertEquals(half < two && two < four && half > 0 && four < 100, true);
  assertEquals(renderAxis(axis).includes(">target<"), true);
});
