import { assert, assertEquals } from "@std/assert";
import { KERNEL } from "../../kernel/manifest.ts";
import { VICTIMS } from "./kill_plan.ts";
import { playKillRound } from "./kill_round.ts";

/** Deaths of the round that every run of the tests has; `deno task soak kills` has a hundred times as many. */
const DEATHS = 100;

Deno.test(`${DEATHS} deaths of all servers and the kernel lose nothing, double nothing and show to no client`, async (t) => {
  const directory = Deno.makeTempDirSync();
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };

  const result = await playKillRound({ seed: 11, deaths: DEATHS, kernel: true }, directory);

  assertEquals(result.faults, []);
  const deaths = Object.values(result.deaths).reduce((sum, count) => sum + count, 0);
  assert(deaths >= DEATHS, `${deaths} deaths`);
  for (const name of [...Object.keys(VICTIMS), KERNEL]) {
    const count = result.deaths[name]!;
    assert(count >= DEATHS / 40, `${name} died only ${count} times`);
  }
  assert(result.operations > 10 * DEATHS, `${result.operations} operations`);
  await t.step({
    name: "e2fsck finds the image clean",
    ignore: !result.isJudged,
    fn: () => assertEquals(result.faults.filter((fault) => fault.startsWith("e2fsck")), []),
  });
});
