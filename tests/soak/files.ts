/**
 * Random work on the files of real systems, with deaths and without, until there was enough of it.
 *
 * @module
 */

import { renderDuration } from "../../tools/terminal/progress.ts";
import { playSystemRound } from "../differential/system_round.ts";
import { refusalOf, type Soaking, tellFailure, tellInterruption } from "./soak_part.ts";

const ACTIONS_DEFAULT = 10_000_000;

/** Actions of a round: then the image is judged. */
const ROUND_ACTIONS = 50_000;

/** Every second round: one death in so many actions. */
const ACTIONS_PER_DEATH = 200;

/** Soaks; answers the exit code. */
export async function soakFiles(soaking: Soaking): Promise<number> {
  const { seed: first, flags, endMs, progress, signal } = soaking;
  const wanted = flags.actions ?? ACTIONS_DEFAULT;
  const directory = Deno.makeTempDirSync({ prefix: "hako-soak-" });
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
  console.log(`files: seed ${first}, ${wanted} actions in rounds of at most ${ROUND_ACTIONS}`);
  const startMs = performance.now();
  let done = 0;
  let deaths = 0;
  for (let seed = first; done < wanted && performance.now() < endMs; seed++) {
    const actions = Math.min(ROUND_ACTIONS, wanted - done);
    const plan = {
      seed,
      actions,
      actionsPerDeath: seed % 2 === 0 ? 0 : ACTIONS_PER_DEATH,
      directory,
    };
    const onProgress = (count: number) => progress.update("actions", done + count, wanted);
    const result = await playSystemRound(plan, onProgress, signal).catch(refusalOf);
    progress.erase();
    if (signal.aborted) return tellInterruption();
    const fault = typeof result === "string" ? result : result.fault;
    if (typeof result === "string" || fault !== undefined) {
      return tellFailure(
        `the round of seed ${seed}`,
        fault!,
        `files --seed ${seed} --actions ${actions}`,
      );
    }
    done += result.actions;
    deaths += Object.values(result.deaths).reduce((all, count) => all + count, 0);
  }
  const took = renderDuration(performance.now() - startMs);
  console.log(`${done} actions under ${deaths} deaths in ${took}: each as the model answers it`);
  return 0;
}
