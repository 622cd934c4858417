import { assertEquals } from "@std/assert";
import { ExpectedTime } from "./expected_time.ts";

const ROWS = [{ name: "a", sideCount: 2 }, { name: "b", sideCount: 3 }];

Deno.test("ExpectedTime goes by what was stored, and by a guess for what was not", () => {
  const time = new ExpectedTime(ROWS, 5, (name) => name === "a" ? 4 : undefined);
  assertEquals([time.totalSeconds, time.leftSeconds], [5 * 4 + 5 * 3 * 1.5, 42.5]);
});

Deno.test("ExpectedTime goes by what a row takes as soon as each side was measured", () => {
  const time = new ExpectedTime([{ name: "a", sideCount: 2 }], 5, () => 4);
  time.measured("a", 9);
  assertEquals(time.leftSeconds, 9 * 2, "one side says little");
  time.measured("a", 1);
  assertEquals(time.leftSeconds, 8 * 5);
});

Deno.test("ExpectedTime expects the rest to be as slow as what is over", () => {
  const time = new ExpectedTime(ROWS, 1, () => 6);
  time.measured("a", 6);
  time.measured("a", 6);
  time.over("a");
  assertEquals(time.leftSeconds, 12);
  assertEquals([time.doneSeconds, time.totalSeconds], [12, 24]);
});

Deno.test("ExpectedTime expects nothing more of a row that was given up", () => {
  const time = new ExpectedTime(ROWS, 5, () => 6);
  time.measured("a", 3);
  time.over("a");
  time.over("b");
  assertEquals(time.leftSeconds, 0);
});
