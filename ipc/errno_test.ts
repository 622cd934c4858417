import { assertEquals } from "@std/assert";
import { ERRNO, errnoName, OsError } from "./errno.ts";

Deno.test("every errno has a name, a number and a message of its own", () => {
  const messages = new Set<string>();
  for (const [name, value] of Object.entries(ERRNO)) {
    assertEquals(errnoName(value), name);
    const error = new OsError(name as keyof typeof ERRNO, "try");
    assertEquals([error.code, error.errno], [name, value]);
    messages.add(error.message);
  }
  assertEquals(messages.size, Object.keys(ERRNO).length);
  assertEquals(errnoName(9999), undefined);
});
