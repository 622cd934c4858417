/**
 * Random work on files, with deaths and without, until there was enough of it: most of it on a file
 * server in this thread, every tenth round on a real system.
 *
 * @module
 */

import { renderDuration } from "../../tools/terminal/progress.ts";
import { RigRound } from "../differential/rig_round.ts";
import { playSystemRound } from "../differential/system_round.ts";
import { refusalOf, type Soaking, tellFailure, tellInterruption } from "./soak_part.ts";

const ACTIONS_DEFAULT = 10_000_000;

/** Actions of a round: then the image is judged. */
const ROUND_ACTIONS = 100_000;

/** One death in so many actions: of a server in this thread, and of one of a real system. */
const ACTIONS_PER_DEATH = { rig: 5, system: 200 } as const;

/** A real system takes so many times as long. */
const SYSTEM_SHARE = 10;

/** Time between two looks at the terminal and for signals. */
const LOOK_MS = 50;

interface Round {
  readonly actions: number;
  readonly deaths: number;
}

/** Soaks; answers the exit code. */
export async function soakFiles(soaking: Soaking): Promise<number> {
  const { seed: first, flags, endMs, progress, signal } = soaking;
  const wanted = flags.actions ?? ACTIONS_DEFAULT;
  const startMs = performance.now();
  console.log(`files: seed ${first}, ${wanted} actions in rounds of at most ${ROUND_ACTIONS}`);
  let [done, deaths] = [0, 0];
  for (let seed = first; done < wanted && performance.now() < endMs; seed++) {
    const onProgress = (count: number) => progress.update("actions", done + count, wanted);
    const isSystem = seed % SYSTEM_SHARE === 0;
    const actions = Math.min(ROUND_ACTIONS / (isSystem ? SYSTEM_SHARE : 1), wanted - done);
    const play = isSystem ? playSystem : playRig;
    const round = await play({ seed, actions }, onProgress, signal).catch(refusalOf);
    progress.erase();
    if (signal.aborted) return tellInterruption();
    if (typeof round === "string") {
      return tellFailure(
        `the round of seed ${seed}`,
        round,
        `files --seed ${seed} --actions ${actions}`,
      );
    }
    done += round.actions;
    deaths += round.deaths;
  }
  const took = renderDuration(performance.now() - startMs);
  console.log(`${done} actions under ${deaths} deaths in ${took}: each as the model answers it`);
  return 0;
}

interface Work {
  readonly seed: number;
  readonly actions: number;
}

/** Formats and deaths take turns. */
async function playRig(
  { seed, actions }: Work,
  onProgress: (actions: number) => void,
  signal: AbortSignal,
): Promise<Round> {
  const round = new RigRound({
    seed,
    actions,
    type: seed % 2 === 0 ? "ext2" : "ext4",
    blockBytes: [1024, 2048, 4096][seed % 3]!,
    actionsPerDeath: seed % 4 < 2 ? 0 : ACTIONS_PER_DEATH.rig,
  });
  let lookMs = performance.now() + LOOK_MS;
  for (const _ of round.play()) {
    if (performance.now() < lookMs) continue;
    onProgress(round.actions);
    await new Promise((resolve) => setTimeout(resolve, 0)); // Signals are heard here.
    if (signal.aborted) break;
    lookMs = performance.now() + LOOK_MS;
  }
  return round;
}

async function playSystem(
  { seed, actions }: Work,
  onProgress: (actions: number) => void,
  signal: AbortSignal,
): Promise<Round> {
  const directory = Deno.makeTempDirSync({ prefix: "hako-soak-" });
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
  const plan = { seed, actions, actionsPerDeath: ACTIONS_PER_DEATH.system, directory };
  const { fault, deaths, ...played } = await playSystemRound(plan, onProgress, signal);
  if (fault !== undefined) throw new Error(fault);
  return { ...played, deaths: Object.values(deaths).reduce((all, count) => all + count, 0) };
}
