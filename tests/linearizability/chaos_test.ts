import { assert, assertEquals } from "@std/assert";
import { type ChaosPlan, EVERY_WAY, runChaos } from "./chaos.ts";
import { describeRefusal, judge } from "./checker.ts";
import { modelOf } from "./models.ts";

const PLANS: readonly ChaosPlan[] = [
  {
    seed: 1,
    operationCount: 50_000,
    clientCount: 3,
    serverDeaths: 20,
    pointDeaths: 10,
    clientDeaths: 0,
    kind: "server",
    ways: EVERY_WAY,
  },
  {
    seed: 2,
    operationCount: 50_000,
    clientCount: 4,
    serverDeaths: 20,
    pointDeaths: 10,
    clientDeaths: 10,
    kind: "driver",
    ways: EVERY_WAY,
  },
];

for (const plan of PLANS) {
  const { seed, operationCount, clientCount, kind } = plan;
  Deno.test(`${clientCount} clients and a ${kind} that dies see linearizable objects (seed ${seed})`, async () => {
    const { history, serverDeaths, clientDeaths, slotsInUse } = await runChaos(plan);

    const { refusal } = judge(history, modelOf);
    assertEquals(refusal && describeRefusal(refusal), undefined);
    // A client that dies between two operations leaves a record that it never used.
    assert(history.length > 0.99 * operationCount, "every operation is in the history");
    assert(serverDeaths >= plan.serverDeaths / 2, "the server died, and died again");
    assert(clientDeaths >= plan.clientDeaths / 2, "clients died");
    assertEquals(slotsInUse, 0);
  });
}
