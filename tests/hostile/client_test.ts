import { assert, assertEquals } from "@std/assert";
import { ATTACKS } from "../../tools/scenarios/domains/attacks.ts";
import { Stage } from "./stage.ts";

const ROUNDS = 300;

const EACH: readonly (readonly string[])[] = [
  ...Object.keys(ATTACKS).map((name) => [name]),
  Object.keys(ATTACKS),
  ["head"],
];

for (const attacks of EACH) {
  for (const blocking of [true, false]) {
    const what = attacks.length === 1 ? attacks[0] : "does all of it";
    const how = blocking ? "a blocking" : "an evented";
    Deno.test(`honest clients of ${how} server are served while another ${what}`, async () => {
      await using stage = new Stage(3);
      const serving = stage.serve({ blocking });
      await stage.attack(0, attacks);

      const results = await Promise.race([
        Promise.all([stage.work(1, ROUNDS), stage.work(2, ROUNDS)]),
        serving.then(() => "the server ended"),
      ]);

      const expected: unknown = [2, 3].map((badge) => ({ deposited: stage.balances[badge]! }));
      assertEquals<unknown>(results, expected, "no answer is wrong, and no deposit is another's");
      assertEquals([stage.served[2], stage.served[3]], [3 * ROUNDS, 3 * ROUNDS]);
      assertEquals(stage.served.subarray(4).every((count) => count === 0), true, "no other badge");
      assert(stage.attackRounds > 0);
    });
  }
}
