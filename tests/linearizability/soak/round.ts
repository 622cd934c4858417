/**
 * One round of a soak: a run whose shape its seed decides, and its verdict.
 *
 * @module
 */

import { type ChaosPlan, EVERY_WAY, type OnProgress, runChaos } from "../chaos.ts";
import { describeRefusal, judge } from "../checker.ts";
import { modelOf } from "../models.ts";
import { runTakeovers } from "../takeover.ts";

/** Operations of a round. */
export const ROUND_OPERATIONS = 100_000;

/** Deaths of the server in a round from outside; half as many come at its points. */
const SERVER_DEATHS = 40;

/** What a round was, and what came of it. */
export interface Round {
  /** What was done to whom. */
  readonly what: string;
  /** Operations judged. */
  readonly operationCount: number;
  /** Operations of which nothing was heard. */
  readonly unheardCount: number;
  /** The most possibilities at one instant. */
  readonly possibilitiesMax: number;
  /** Why the history is refused; `undefined` if it is linearizable. */
  readonly refusal: string | undefined;
}

/** Plays the round of a seed. */
export async function playRound(
  seed: number,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Round> {
  const { what, history } = seed % 3 === 2
    ? await takeovers(seed, onProgress, signal)
    : await chaos(seed, onProgress, signal);
  const { refusal, operationCount, possibilitiesMax } = judge(history, modelOf);
  return {
    what,
    operationCount,
    unheardCount: history.filter(({ answer }) => answer === undefined).length,
    possibilitiesMax,
    refusal: refusal && describeRefusal(refusal),
  };
}

async function chaos(seed: number, onProgress: OnProgress, signal: AbortSignal) {
  const plan: ChaosPlan = {
    seed,
    operationCount: ROUND_OPERATIONS,
    clientCount: 3 + seed % 2,
    serverDeaths: SERVER_DEATHS,
    pointDeaths: SERVER_DEATHS / 2,
    clientDeaths: SERVER_DEATHS / 4,
    kind: seed % 3 === 0 ? "server" : "driver",
    ways: EVERY_WAY,
  };
  const { history, serverDeaths, clientDeaths } = await runChaos(plan, onProgress, signal);
  const what = `a ${plan.kind} died ${serverDeaths} times, clients ${clientDeaths} times`;
  return { what, history };
}

async function takeovers(seed: number, onProgress: OnProgress, signal: AbortSignal) {
  const plan = {
    seed,
    operationCount: ROUND_OPERATIONS,
    clientCount: 3,
    takeovers: SERVER_DEATHS,
    ways: EVERY_WAY,
  };
  const { history, generations } = await runTakeovers(plan, onProgress, signal);
  return { what: `${generations} servers took over from each other`, history };
}
