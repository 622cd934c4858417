import { assertEquals, assertMatch } from "@std/assert";
import { rehearse } from "./rehearsal.ts";

Deno.test("rehearse() plays a life to its death, and leaves the worker as it was", async () => {
  const { close } = globalThis;
  const { exit } = Deno;

  const why = await rehearse().ended;

  assertMatch(why, /Error: rehearsed/);
  assertEquals([globalThis.close, Deno.exit], [close, exit]);
});

Deno.test("rehearse() can be played again", async () => {
  const one = rehearse();
  const other = rehearse();

  const whys = await Promise.all([one.ended, other.ended]);

  for (const why of whys) assertMatch(why, /Error: rehearsed/);
});

Deno.test("a rehearsal ends without a word when the real life is there", async () => {
  const rehearsal = rehearse();

  rehearsal.end();

  assertEquals(await rehearsal.ended, "");
});
