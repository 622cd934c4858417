import { assertEquals } from "@std/assert";
import { nearest, noSuch } from "./nearest.ts";

Deno.test("nearest() finds one wrong, missing, extra or swapped letter", () => {
  const names = ["scenarios", "check", "copy"];
  assertEquals(nearest("scenarois", names), "scenarios");
  assertEquals(nearest("chek", names), "check");
  assertEquals(nearest("CHECK", names), "check");
  assertEquals(nearest("coppy", names), "copy");
});

Deno.test("nearest() does not guess where nothing is near", () => {
  assertEquals(nearest("launch", ["scenarios", "check"]), undefined);
  assertEquals(nearest("", ["check"]), undefined);
  assertEquals(nearest("check", []), undefined);
});

Deno.test("noSuch() names the nearest, if there is one", () => {
  assertEquals(noSuch("command", "chek", ["check"]), 'no such command; did you mean "check"?');
  assertEquals(noSuch("command", "x", ["check"]), "no such command");
});
