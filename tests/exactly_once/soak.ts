/**
 * A million increments, or as many as one likes, in rounds: each with a system of its own, and
 * judged before the next one begins.
 *
 * @module
 */

import { playRound } from "./round.ts";

/** Increments of a round at most: a server counts the visits of every fault that may still happen. */
const ROUND_INCREMENTS = 50_000;

/** What to play. */
export interface ExactlyOncePlan {
  /** Increments in all. */
  readonly increments: number;
  /** Deaths in all. */
  readonly deaths: number;
  /** The seed of the first round; each further round has the next one. */
  readonly seed: number;
  /** Ends the round that is played, and begins no other. */
  readonly signal?: AbortSignal;
  /** Told of how many increments were answered. */
  readonly onProgress?: (answers: number) => void;
}

/** What came of it. */
export interface ExactlyOnceResult {
  /** Increments that were answered. */
  readonly increments: number;
  /** Deaths of the servers. */
  readonly deaths: number;
  /** What was wrong in the last round; empty if nothing was. */
  readonly failures: readonly string[];
  /** The plan of the last round, to play it again. */
  readonly last: Pick<ExactlyOncePlan, "increments" | "deaths" | "seed">;
}

/** Plays rounds until one fails or all increments are done. */
export async function playExactlyOnce(plan: ExactlyOncePlan): Promise<ExactlyOnceResult> {
  const { signal, onProgress = () => {} } = plan;
  const rounds = Math.max(1, Math.ceil(plan.increments / ROUND_INCREMENTS));
  let [increments, deaths] = [0, 0];
  for (let round = 0;; round++) {
    const last = {
      increments: shareOf(plan.increments, round, rounds),
      deaths: shareOf(plan.deaths, round, rounds),
      seed: plan.seed + round,
    };
    const before = increments;
    const result = await playRound(last, signal, (answers) => onProgress(before + answers));
    increments += result.answers;
    deaths += result.deaths;
    if (result.failures.length > 0 || signal?.aborted || round + 1 === rounds) {
      return { increments, deaths, failures: result.failures, last };
    }
  }
}

/** What falls to one of some rounds: all together they make the whole. */
function shareOf(whole: number, round: number, rounds: number): number {
  return Math.floor(whole * (round + 1) / rounds) - Math.floor(whole * round / rounds);
}
