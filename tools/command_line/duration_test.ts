import { assertEquals } from "@std/assert";
import { readDuration } from "./duration.ts";

Deno.test("readDuration() takes milliseconds, seconds and minutes, and plain seconds", () => {
  const read = ["500ms", "30s", "1.5s", "2min", "7", "0"].map(readDuration);
  assertEquals(read, [500, 30_000, 1_500, 120_000, 7_000, 0]);
});

Deno.test("readDuration() takes nothing else", () => {
  for (const text of ["", "s", "-1s", "1h", "1 s", "1e3", "0x10", "99999999s", "1s2"]) {
    assertEquals(readDuration(text), undefined, text);
  }
});
