import { assert, assertEquals } from "@std/assert";
import { playSystemRound } from "./system_round.ts";

for (const actionsPerDeath of [0, 60]) {
  const manner = actionsPerDeath === 0 ? "" : " while its servers are terminated";
  Deno.test(`a real system answers as the model does${manner}`, async () => {
    const directory = Deno.makeTempDirSync();
    try {
      const plan = { seed: 1, actions: 3_000, actionsPerDeath, directory };
      const { actions, deaths, fault } = await playSystemRound(plan);
      assertEquals(fault, undefined);
      assert(actions >= 3_000, "all actions were played");
      const each = Object.values(deaths);
      assert(each.every((count) => actionsPerDeath === 0 ? count === 0 : count > 3), `${each}`);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}
