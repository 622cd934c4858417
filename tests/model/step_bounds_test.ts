import { assertEquals } from "@std/assert";
import { brokenCore } from "./broken/variant.ts";
import { instrument } from "./instrument.ts";
import { coreSource, shippedCore } from "./shipped_core.ts";
import { documentedBounds, stepBounds } from "./step_bounds.ts";

Deno.test("each operation's worst case is the number in its doc, whatever the others do", async () => {
  const core = await instrument((await shippedCore()).wasm);
  for (const { operation, documented, worst } of stepBounds(core, await coreSource())) {
    assertEquals(worst, documented, operation);
  }
});

Deno.test("documentedBounds() finds a number for every operation without a limit of its own", async () => {
  const source = await coreSource();
  const exported = [...source.matchAll(/^export function (\w+)\(/gm)].map(([_, name]) => name!);
  const unbounded = exported.filter((name) => !documentedBounds(source).has(name));
  assertEquals(new Set(unbounded), new Set(["spin", "call", "spinTake"]));
});

Deno.test("stepBounds() notices an operation that tries once more", async () => {
  const source = await coreSource();
  const [line] = /const POST_TRIES: i32 = \d+;/.exec(source)!;
  const tries = Number(/\d+;/.exec(line)![0].slice(0, -1));
  const more = line.replace(`${tries};`, `${tries + 1};`);
  const core = await brokenCore(source, [{ from: line, to: more }]);
  const [post, ...others] = stepBounds(core, source, ["post"]);
  assertEquals(others, []);
  assertEquals(post!.worst, post!.documented + 1);
});
