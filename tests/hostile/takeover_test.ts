import { assert, assertEquals } from "@std/assert";
import { ATTACKS } from "../../tools/scenarios/domains/attacks.ts";
import { Stage } from "./stage.ts";

const ROUNDS = 200;

for (const attacks of [...Object.keys(ATTACKS).map((name) => [name]), ["head"]]) {
  Deno.test(`a successor serves honest clients although another ${attacks[0]}`, async () => {
    await using stage = new Stage(3);
    const first = stage.serve({ blocking: true });
    await stage.attack(0, attacks);
    assertEquals(await stage.work(1, 10), { deposited: stage.balances[2]! });

    const second = stage.serve({ blocking: false });

    await first; // It finds that it was fenced.
    const outcome = await Promise.race([
      stage.work(2, ROUNDS),
      second.then(() => "the successor ended"),
    ]);
    assertEquals<unknown>(outcome, { deposited: stage.balances[3]! });
    assert(stage.attackRounds > 0);
  });
}
