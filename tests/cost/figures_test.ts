import { assertAlmostEquals, assertEquals } from "@std/assert";
import { cellsOf, digits, NOT_MEASURED } from "./cells.ts";
import type { CostPath, TablePlan } from "./cost_path.ts";
import { balanceOf, faultsOf, figuresOf } from "./figures.ts";
import { PATHS } from "./paths.ts";

const TABLE: TablePlan = {
  title: "Two steps",
  unit: "us",
  steps: {
    there: { lane: "client", name: "there", how: "a clock" },
    back: { lane: "server", name: "back", how: "a clock" },
  },
  whole: { name: "all", how: "another clock" },
  beside: { floor: { name: "floor", how: "by itself" } },
  counts: {},
};

const PATH: CostPath = {
  name: "path",
  what: "A path",
  tables: { table: TABLE },
  parts: { all: { measure: () => Promise.resolve({}) } },
};

const ROUNDS = [
  { "table.there": 1, "table.back": 4, "table.whole": 6 },
  { "table.there": 3, "table.back": 5, "table.whole": 9 },
  { "table.there": 2, "table.back": 90, "table.whole": 99 },
];

Deno.test("figuresOf() tells the middle of the rounds, and leaves out what nobody measured", () => {
  const { table } = figuresOf(PATH, ROUNDS);
  assertEquals(table!["there"], { low: 1.5, median: 2, high: 2.5 });
  assertEquals(table!["back"]!.median, 5);
  assertEquals(table!["floor"], undefined);
});

Deno.test("balanceOf() adds the steps and tells what is left of the whole", () => {
  const { table } = figuresOf(PATH, ROUNDS);
  assertEquals(balanceOf(TABLE, table!), { sum: 7, unexplained: 2 });
  assertEquals(balanceOf(TABLE, { whole: table!["whole"]! }), undefined, "steps are missing");
});

Deno.test("cellsOf() shows steps, sum, whole, rest and floor, and says what was not measured", () => {
  const rows = cellsOf(TABLE, figuresOf(PATH, ROUNDS)["table"]!);
  assertEquals(rows.map(([who, what, value]) => [who, what, value]), [
    ["client", "there", "2.00"],
    ["server", "back", "5.00"],
    ["", "sum of the steps", "7.00"],
    ["", "**all**", "9.00"],
    ["", "left unexplained", "2.00"],
    ["", "floor", NOT_MEASURED],
  ]);
  const shares = rows.slice(0, 5).map(([, , , , share]) => Number(share.split(" ")[0]));
  assertAlmostEquals(shares[0]! + shares[1]!, shares[2]!, 1);
  assertAlmostEquals(shares[2]! + shares[4]!, 100, 1);
});

Deno.test("faultsOf() names rows that no table has, and what is no number", () => {
  assertEquals(faultsOf(PATH, { "table.there": 1 }), []);
  assertEquals(faultsOf(PATH, { "table.where": 1, "table.back": NaN }), [
    "path has no row table.where",
    "path: table.back is NaN",
  ]);
});

Deno.test("digits() shows three digits that count", () => {
  assertEquals([1234.5, 100, 99.96, 12.34, 0.123, -4.5].map(digits), [
    "1,235",
    "100",
    "100.0",
    "12.3",
    "0.12",
    "-4.50",
  ]);
});

Deno.test("a null call's steps can be measured, each by a number", async () => {
  const path = PATHS.find(({ name }) => name === "null-call")!;
  const sample = await path.parts["steps"]!.measure({ directory: "/" });
  assertEquals(faultsOf(path, sample), []);
  const steps = ["post", "take", "complete", "reap", "encode", "decode"].map((step) => {
    return sample[`hot.${step}`]!;
  });
  assertEquals(steps.filter((ns) => !(ns > 0)), [], "each takes time");
});
