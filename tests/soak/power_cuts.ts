/**
 * Power cuts: workloads on a simulated disk, cut after each write and flush in every way that counts,
 * until there were enough cuts.
 *
 * @module
 */

import { renderDuration } from "../../tools/terminal/progress.ts";
import { PowerCutRound } from "../simulation/power_cut_round.ts";
import { EXIT_INTERRUPTED, refusalOf, type Soaking, tellFailure } from "./soak_part.ts";

const CUTS_DEFAULT = 1_000_000;

/** Time between two looks at the clock, the terminal, and signals. */
const LOOK_MS = 50;

/** Soaks; answers the exit code. */
export async function soakPowerCuts(soaking: Soaking): Promise<number> {
  const { seed: first, flags, endMs, progress, signal } = soaking;
  const wanted = flags.cuts ?? CUTS_DEFAULT;
  const startMs = performance.now();
  console.log(`power-cuts: seed ${first}, ${wanted} cuts`);
  let [done, rounds, unflushedMost] = [0, 0, 0];
  for (let seed = first; done < wanted && performance.now() < endMs; seed++, rounds++) {
    const round = new PowerCutRound(seed);
    try {
      for (const _ of paced(round)) {
        progress.update("power cuts", done + round.cuts, wanted);
        await new Promise((resolve) => setTimeout(resolve, 0)); // Signals are heard here.
        if (signal.aborted) break;
      }
    } catch (error) {
      progress.erase();
      const what = `the round of seed ${seed} (${round.what})`;
      return tellFailure(what, refusalOf(error), `power-cuts --seed ${seed} --cuts 1`);
    }
    done += round.cuts;
    unflushedMost = Math.max(unflushedMost, round.unflushedMost);
    if (!signal.aborted) continue;
    progress.erase();
    console.error(`interrupted after ${done} cuts`);
    return EXIT_INTERRUPTED;
  }
  progress.erase();
  const tookMs = performance.now() - startMs;
  const rate = Math.round(done / (tookMs / 1_000));
  console.log(
    `${done} power cuts of ${rounds} workloads in ${renderDuration(tookMs)}, ${rate} a second, ` +
      `up to ${unflushedMost} unflushed writes: each left a legal volume`,
  );
  return 0;
}

/** Plays a round; yields when it is time to look up. */
function* paced(round: PowerCutRound): Generator<void> {
  let lookMs = performance.now() + LOOK_MS;
  for (const _ of round.play()) {
    if (performance.now() < lookMs) continue;
    yield;
    lookMs = performance.now() + LOOK_MS;
  }
}
