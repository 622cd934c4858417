/**
 * Increments of a server that dies over and over, until there were enough: each is to count once.
 *
 * @module
 */

import { renderDuration } from "../../tools/terminal/progress.ts";
import { type ExactlyOnceResult, playExactlyOnce } from "../exactly_once/soak.ts";
import { refusalOf, type Soaking, tellFailure, tellInterruption } from "./soak_part.ts";

const INCREMENTS_DEFAULT = 1_000_000;

/** Increments for each death. */
const INCREMENTS_PER_DEATH = 1_000;

/** Increments after which one looks whether it is late. */
const STRETCH_INCREMENTS = 100_000;

/** Soaks; answers the exit code. */
export async function soakExactlyOnce(soaking: Soaking): Promise<number> {
  const { seed: first, flags, endMs, progress, signal } = soaking;
  const wanted = flags.increments ?? INCREMENTS_DEFAULT;
  const startMs = performance.now();
  console.log(`exactly-once: seed ${first}, ${wanted} increments`);
  let [done, deaths] = [0, 0];
  for (let seed = first; done < wanted && performance.now() < endMs;) {
    const increments = Math.min(STRETCH_INCREMENTS, wanted - done);
    const plan = { increments, deaths: Math.ceil(increments / INCREMENTS_PER_DEATH), seed, signal };
    const onProgress = (answers: number) => progress.update("increments", done + answers, wanted);
    const result = await playExactlyOnce({ ...plan, onProgress }).catch(refusalOf);
    progress.erase();
    if (signal.aborted) return tellInterruption();
    if (typeof result === "string") return tellFailure(`seed ${seed}`, result, again(plan));
    if (result.failures.length > 0) return tellRefused(result);
    done += result.increments;
    deaths += result.deaths;
    seed = result.last.seed + 1;
  }
  const took = renderDuration(performance.now() - startMs);
  console.log(`${done} increments under ${deaths} deaths in ${took}: each counted once`);
  return 0;
}

function tellRefused({ failures, last }: ExactlyOnceResult): number {
  return tellFailure(`the round of seed ${last.seed}`, failures.join("\n"), again(last));
}

function again({ seed, increments }: { readonly seed: number; readonly increments: number }) {
  return `exactly-once --seed ${seed} --increments ${increments}`;
}
