/**
 * Random work on a file server in this very thread, on a disk in memory, which dies at its named
 * points; compared with the model. Two orders of magnitude faster than a whole system.
 *
 * @module
 */

import fc from "fast-check";
import { FileSystemClient } from "@hako/fs-server";
import { clientOfRig } from "../../fs-server/client/test_rig_client.ts";
import { DEATH_POINTS } from "../../fs-server/server/death_points.ts";
import { fsck, hasTool, sharedBytes } from "../../fs-server/ext4/test_images.ts";
import { Rig } from "../../fs-server/server/test_rig.ts";
import { type Action, anyAction } from "./actions.ts";
import { playOnHako } from "./hako.ts";
import { Model } from "./model.ts";

const MiB = 1024 * 1024;

/** Actions of one sequence. */
const SEQUENCE_ACTIONS_MAX = 120;

/** What is played. */
export interface RigPlan {
  /** Fixes all actions, and the deaths. */
  readonly seed: number;
  /** At least so many actions. */
  readonly actions: number;
  /** The format. */
  readonly type: "ext2" | "ext4";
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** One death in so many actions; none if 0. */
  readonly actionsPerDeath: number;
}

/** Plays until enough actions were played; a sequence that differs is shrunk, and thrown. */
export class RigRound {
  /** Actions played so far. */
  actions = 0;
  /** Deaths so far. */
  deaths = 0;
  readonly #plan: RigPlan;
  readonly #rig: Rig;
  readonly #fs: FileSystemClient;

  /** Makes the file system. */
  constructor(plan: RigPlan) {
    this.#plan = plan;
    const { type, blockBytes } = plan;
    this.#rig = new Rig({ type, blockBytes, blockCount: 1 << 15 });
    this.#fs = new FileSystemClient(clientOfRig(this.#rig), sharedBytes(MiB));
  }

  /** Plays; yields after each sequence. */
  *play(): Generator<void> {
    const sequence = fc.array(anyAction, {
      minLength: 1,
      maxLength: SEQUENCE_ACTIONS_MAX,
      size: "max",
    });
    for (let at = 0; this.actions < this.#plan.actions; at++) {
      const seed = this.#plan.seed * 1_000_003 + at;
      fc.assert(fc.property(sequence, (all) => this.#playOne(all)), { seed, numRuns: 1 });
      yield;
    }
    this.#judge();
  }

  #playOne(all: readonly Action[]): void {
    const { played, outcomes, tree } = Model.play(all);
    const onAction = () => {
      const { actionsPerDeath } = this.#plan;
      if (actionsPerDeath === 0 || ++this.actions % actionsPerDeath !== 0) return;
      this.#rig.deathAt = DEATH_POINTS[this.deaths++ % DEATH_POINTS.length];
    };
    const said = JSON.stringify(playOnHako(this.#fs, "/work", played, onAction));
    if (this.#plan.actionsPerDeath === 0) this.actions += played.length;
    const expected = JSON.stringify({ outcomes, tree });
    if (said !== expected) throw new Error(`hako  ${said}\nmodel ${expected}`);
  }

  #judge(): void {
    this.#rig.deathAt = undefined;
    this.#rig.fs.halt();
    if (!hasTool("e2fsck")) return;
    const { code, output } = fsck(this.#rig.disk);
    if (code !== 0) throw new Error(output);
  }
}
