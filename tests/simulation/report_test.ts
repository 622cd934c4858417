import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PARTS } from "./plan.ts";
import { plant, PLANTED_BUGS } from "./planted_bugs.ts";
import { describeFailure, type Failure, optionsOf, playSeed, shrink } from "./report.ts";

Deno.test("a failure is told with its last events, and shrinks to what it needs", async () => {
  const code = await plant(PLANTED_BUGS.find(({ name }) => name.startsWith("images are laid"))!);
  let found: Failure | undefined;
  for (let seed = 1; found === undefined; seed++) found = playSeed(seed, code).failure;
  const smallest = shrink(found, code);
  assert(smallest.without.size >= 4, `without ${[...smallest.without].join(", ")}`);
  assertEquals(playSeed(smallest.seed, code, smallest.without).failure, smallest);
  for (const part of PARTS) {
    if (smallest.without.has(part)) continue;
    const without = new Set([...smallest.without, part]);
    assertEquals(playSeed(smallest.seed, code, without).failure, undefined);
  }
  const told = describeFailure(smallest, code, 12);
  assertStringIncludes(told, smallest.violation);
  assertStringIncludes(told, "its last 12 events");
  assertStringIncludes(told, "client 1");
  assertEquals(describeFailure(smallest, code, 12), told);
  assertStringIncludes(optionsOf(smallest), `--seed ${smallest.seed} --without `);
});
