import { assert, assertEquals } from "@std/assert";
import { EVERY_WAY } from "./chaos.ts";
import { describeRefusal, judge } from "./checker.ts";
import { modelOf } from "./models.ts";
import { runTakeovers, type TakeoverPlan } from "./takeover.ts";

const PLANS: readonly TakeoverPlan[] = [
  { seed: 3, operationCount: 30_000, clientCount: 3, takeovers: 25, ways: EVERY_WAY },
  { seed: 4, operationCount: 30_000, clientCount: 1, takeovers: 25, ways: EVERY_WAY },
];

for (const plan of PLANS) {
  const { seed, operationCount, clientCount, takeovers } = plan;
  Deno.test(`${1 + clientCount} clients see linearizable objects while servers take over (seed ${seed})`, async () => {
    const { history, generations, deaths, terminations, yields } = await runTakeovers(plan);

    const { refusal } = judge(history, modelOf);
    assertEquals(refusal && describeRefusal(refusal), undefined);
    assert(history.length >= operationCount, "every operation is in the history");
    assert(generations > takeovers / 2, "servers took over");
    assertEquals(deaths + terminations + yields, generations, "every one ended, zombies too");
  });
}

Deno.test("a server that forgets which requests its predecessor did is found out", async () => {
  const plan = { ...PLANS[0]!, seed: 5, forgetful: true };
  const { history, deaths } = await runTakeovers(plan);

  assert(deaths > 0, "some died between the commit and the answer");
  assert(judge(history, modelOf).refusal !== undefined);
});
