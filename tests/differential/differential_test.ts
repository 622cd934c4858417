import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { FileSystemClient } from "@hako/fs-server";
import { clientOfRig } from "../../fs-server/client/test_rig_client.ts";
import { DEATH_POINTS } from "../../fs-server/server/death_points.ts";
import { fsck, hasTool, Rig, sharedBytes } from "../../fs-server/server/test_rig.ts";
import { canStart } from "../host_tool.ts";
import { type Action, anyAction } from "./actions.ts";
import { playOnHako } from "./hako.ts";
import { Host } from "./host.ts";
import { Model } from "./model.ts";

/** Actions in all: what is asked of the host, of Hako in peace, and of Hako whose servers die. */
const ACTIONS_MIN = 100_000;

const MiB = 1024 * 1024;
const actions = fc.array(anyAction, { minLength: 1, maxLength: 120, size: "max" });
const hasNode = canStart("node");

/** Plays sequences until enough actions were played, and shrinks the first that differs. */
async function playAll(play: (actions: readonly Action[], run: number) => void | Promise<void>) {
  let played = 0;
  let runs = 0;
  for (let seed = 1; played < ACTIONS_MIN; seed++) {
    await fc.assert(
      fc.asyncProperty(actions, async (all) => {
        const { played: possible } = Model.play(all);
        played += possible.length;
        await play(possible, runs++);
      }),
      { seed, numRuns: 100 },
    );
  }
}

Deno.test({
  name: "the model answers as the host does",
  ignore: !hasNode,
  async fn() {
    await using host = new Host();
    await playAll(async (all) => {
      const { outcomes, tree } = Model.play(all);
      assertEquals({ outcomes, tree }, await host.play(all));
    });
  },
});

for (const type of ["ext2", "ext4"] as const) {
  Deno.test(`${type} on Hako answers as the model does`, async () => {
    const rig = new Rig({ type, blockCount: 1 << 15 });
    const fs = new FileSystemClient(clientOfRig(rig), sharedBytes(MiB));
    await playAll((all) => {
      const { outcomes, tree } = Model.play(all);
      assertEquals(playOnHako(fs, "/work", all), { outcomes, tree });
    });
    rig.fs.halt();
    if (hasTool("e2fsck")) assertEquals(fsck(rig.disk), { ...fsck(rig.disk), code: 0 });
  });

  Deno.test(`${type} on Hako answers as the model does while the file server dies`, async () => {
    const rig = new Rig({ type, blockCount: 1 << 15 });
    const fs = new FileSystemClient(clientOfRig(rig), sharedBytes(MiB));
    let deaths = 0;
    await playAll((all, run) => {
      const { outcomes, tree } = Model.play(all);
      const onAction = (at: number) => {
        // Every third action meets a death, at one point after the other.
        if ((run + at) % 3 === 0) rig.deathAt = DEATH_POINTS[deaths++ % DEATH_POINTS.length];
      };
      assertEquals(playOnHako(fs, "/work", all, onAction), { outcomes, tree });
    });
    rig.deathAt = undefined;
    rig.fs.halt();
    if (hasTool("e2fsck")) assertEquals(fsck(rig.disk), { ...fsck(rig.disk), code: 0 });
  });
}
