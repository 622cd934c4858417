/**
 * Rounds of real workers under chaos, each judged for linearizability, until enough operations have
 * been.
 *
 * @module
 */

import { renderDuration } from "../../tools/terminal/progress.ts";
import { playRound, type Round, ROUND_OPERATIONS } from "../linearizability/soak/round.ts";
import { refusalOf, type Soaking, tellFailure, tellInterruption } from "./soak_part.ts";

const OPERATIONS_DEFAULT = 1_000_000;

/** Soaks; answers the exit code. */
export async function soakHistories(soaking: Soaking): Promise<number> {
  const { seed: first, flags, endMs, progress, signal } = soaking;
  const wanted = flags.operations ?? OPERATIONS_DEFAULT;
  const roundCount = Math.max(1, Math.ceil(wanted / ROUND_OPERATIONS));
  const startMs = performance.now();
  console.log(`histories: seed ${first}, ${roundCount} rounds of ${ROUND_OPERATIONS} operations`);
  let judged = 0;
  for (let round = 0; round < roundCount && performance.now() < endMs; round++) {
    const seed = first + round;
    const onProgress = (drawn: number, total: number) => {
      const done = round + Math.min(1, drawn / total);
      progress.update(`round ${round + 1}`, Math.floor(1_000 * done), 1_000 * roundCount);
    };
    const roundMs = performance.now();
    const result = await playRound(seed, onProgress, signal).catch(notJudged);
    progress.erase();
    if (signal.aborted) return tellInterruption();
    if (result.refusal !== undefined) {
      const what = `round ${round + 1}, ${result.what}`;
      const again = `histories --seed ${seed} --operations ${ROUND_OPERATIONS}`;
      return tellFailure(what, result.refusal, again);
    }
    judged += result.operationCount;
    const { what, operationCount, unheardCount, possibilitiesMax } = result;
    const took = renderDuration(performance.now() - roundMs);
    console.log(
      `seed ${seed}: ${operationCount} operations linearizable in ${took}; ${what}; ` +
        `${unheardCount} unheard, at most ${possibilitiesMax} possibilities`,
    );
  }
  const took = renderDuration(performance.now() - startMs);
  console.log(`${judged} operations judged in ${took}: all linearizable`);
  return 0;
}

/** A round that did not come to a verdict. */
function notJudged(error: unknown): Round {
  return {
    what: "which did not come to its end",
    operationCount: 0,
    unheardCount: 0,
    possibilitiesMax: 0,
    refusal: refusalOf(error),
  };
}
