import { assertEquals } from "@std/assert";
import { suggest } from "./nearest.ts";

Deno.test("suggest() names only what is near", () => {
  assertEquals(suggest("storge", ["storage", "disk"]), '; did you mean "storage"?');
  assertEquals(suggest("zzzzzz", ["storage", "disk"]), "");
  assertEquals(suggest("", ["a"]), '; did you mean "a"?');
});

Deno.test("suggest() looks at letters, not at their case", () => {
  assertEquals(suggest("HANGMS", ["windows", "hangMs"]), '; did you mean "hangMs"?');
});

Deno.test("suggest() compares no text that was never a name", () => {
  assertEquals(suggest("x".repeat(1_000_000), ["x"]), "");
});
