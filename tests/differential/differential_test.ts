import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { canStart } from "../host_tool.ts";
import { anyAction } from "./actions.ts";
import { Host } from "./host.ts";
import { Model } from "./model.ts";
import { RigRound } from "./rig_round.ts";

/** Actions in all: asked of the host, and as many of Hako, half of them while its server dies. */
const ACTIONS = 100_000;

Deno.test({
  name: "the model answers as the host does",
  ignore: !canStart("node"),
  async fn() {
    await using host = new Host();
    const sequence = fc.array(anyAction, { minLength: 1, maxLength: 120, size: "max" });
    let actions = 0;
    for (let seed = 1; actions < ACTIONS; seed++) {
      await fc.assert(
        fc.asyncProperty(sequence, async (all) => {
          const { played, outcomes, tree } = Model.play(all);
          actions += played.length;
          assertEquals({ outcomes, tree }, await host.play(played));
        }),
        { seed, numRuns: 100 },
      );
    }
  },
});

for (const actionsPerDeath of [0, 3]) {
  for (const [type, blockBytes] of [["ext2", 1024], ["ext4", 4096]] as const) {
    const manner = actionsPerDeath === 0 ? "" : " while the file server dies";
    Deno.test(`${type} of ${blockBytes} on Hako answers as the model does${manner}`, () => {
      const actions = ACTIONS / 4;
      const round = new RigRound({ seed: 1, actions, type, blockBytes, actionsPerDeath });
      for (const _ of round.play());
      assert(round.actions >= actions, "all actions were played");
      assert(actionsPerDeath === 0 || round.deaths > actions / 4, "the server died");
    });
  }
}
