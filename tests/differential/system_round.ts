/**
 * Random work on the files of a real system, whose servers are terminated meanwhile, compared with
 * the model; and the judgement of the image that is left.
 *
 * @module
 */

import fc from "fast-check";
import { boot, defineSystem } from "@hako/kernel";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { filesOnImage } from "@hako/tools";
import { findTool, fsck } from "../host_tool.ts";
import { anyAction } from "./actions.ts";
import { playOnHako } from "./hako.ts";
import { Model } from "./model.ts";

const MiB = 1024 * 1024;
const SERVERS = ["fs", "storage", "disk"] as const;

/** Actions of one sequence. */
const SEQUENCE_ACTIONS_MAX = 120;

/** What is played. */
export interface RoundPlan {
  /** Fixes all actions, and who dies when. */
  readonly seed: number;
  /** At least so many actions. */
  readonly actions: number;
  /** One death in so many actions; none if 0. */
  readonly actionsPerDeath: number;
  /** A directory for the image, which is removed by whoever made it. */
  readonly directory: string;
}

/** What came of it. */
export interface RoundResult {
  /** Actions played. */
  readonly actions: number;
  /** Deaths by server. */
  readonly deaths: Readonly<Record<string, number>>;
  /** What differs from the model, or is wrong with the image; nothing if all is well. */
  readonly fault: string | undefined;
  /** Whether e2fsck was there to judge. */
  readonly isJudged: boolean;
}

/** Plays a round. It ends early when the signal is aborted. */
export async function playSystemRound(
  plan: RoundPlan,
  onProgress: (actions: number) => void = () => {},
  signal: AbortSignal = new AbortController().signal,
): Promise<RoundResult> {
  const image = `${plan.directory}/image-${plan.seed}`;
  const domains = filesOnImage({
    path: image,
    createBytes: 192 * MiB,
    restart: { limit: 10_000, windowMs: 1_000 },
  });
  const random = randomFrom(plan.seed);
  const deaths = Object.fromEntries(SERVERS.map((name) => [name, 0]));
  let actions = 0;
  let fault: string | undefined;
  {
    await using system = await boot(defineSystem({ base: import.meta.url, domains }));
    const files = await system.connect(FileSystem, "files");
    const fs = new FileSystemClient(files, await system.window(16 * MiB));
    const sequence = fc.array(anyAction, {
      minLength: 1,
      maxLength: SEQUENCE_ACTIONS_MAX,
      size: "max",
    });
    const onAction = () => {
      actions++;
      if (plan.actionsPerDeath === 0 || random() * plan.actionsPerDeath >= 1) return;
      const server = SERVERS[Math.floor(random() * SERVERS.length)]!;
      system.terminate(server);
      deaths[server]!++;
    };
    for (let at = 0; actions < plan.actions && fault === undefined && !signal.aborted; at++) {
      const [all] = fc.sample(sequence, { seed: plan.seed * 1_000_003 + at, numRuns: 1 });
      const { played, outcomes, tree } = Model.play(all!);
      const said = JSON.stringify(playOnHako(fs, `/work-${at}`, played, onAction));
      const expected = JSON.stringify({ outcomes, tree });
      if (said !== expected) {
        fault = `sequence ${at}: ${JSON.stringify(played)}\nhako  ${said}\nmodel ${expected}`;
      }
      onProgress(actions);
      await new Promise((resolve) => setTimeout(resolve, 0)); // Signals are heard here.
    }
  }
  const isJudged = findTool("e2fsck") !== undefined;
  if (fault === undefined && isJudged) {
    const { clean, text } = fsck(image);
    if (!clean) fault = text;
  }
  Deno.removeSync(image);
  return { actions, deaths, fault, isJudged };
}

/** Numbers from 0 up to 1, in an order that a seed fixes. */
function randomFrom(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
