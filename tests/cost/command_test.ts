import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../tools/command_line/command.ts";
import { parseCommand } from "../../tools/command_line/parse.ts";
import { costCommand } from "./command.ts";
import { PATHS } from "./paths.ts";

Deno.test("deno task cost takes paths by name, and nothing else", () => {
  const { arguments: names, flags } = parseCommand(costCommand, ["failover", "--rounds", "3"]);
  assertEquals(names, ["failover"]);
  assertEquals(flags.rounds, 3);
  assertThrows(() => parseCommand(costCommand, ["fail-over"]), UsageError, "fail-over");
});

Deno.test("each path has a name, a part and a table of its own, and tells what a row is", () => {
  assertEquals(new Set(PATHS.map(({ name }) => name)).size, PATHS.length);
  for (const { name, parts, tables } of PATHS) {
    assertEquals(Object.keys(parts).length > 0 && Object.keys(tables).length > 0, true, name);
    for (const { steps, beside, counts, whole } of Object.values(tables)) {
      assertEquals(whole === undefined, Object.keys(steps).length === 0, name);
      const keys = [...Object.keys(steps), ...Object.keys(beside), ...Object.keys(counts)];
      assertEquals(new Set(keys).size, keys.length, "rows of a table have keys of their own");
    }
  }
});
