/**
 * Rounds in which every server of a system, and its kernel, dies over and over, until there were
 * enough deaths.
 *
 * @module
 */

import { renderDuration } from "../../tools/terminal/progress.ts";
import { type KillResult, playKillRound } from "../kills/kill_round.ts";
import { refusalOf, type Soaking, tellFailure, tellInterruption } from "./soak_part.ts";

const KILLS_DEFAULT = 10_000;

/** Deaths of a round: a boot and its judgement take as long as about thirty of them. */
const ROUND_KILLS = 500;

/** Soaks; answers the exit code. */
export async function soakKills(soaking: Soaking): Promise<number> {
  const { seed: first, flags, endMs, progress, signal } = soaking;
  const wanted = flags.kills ?? KILLS_DEFAULT;
  const kernel = !flags["spare-kernel"];
  const startMs = performance.now();
  const directory = Deno.makeTempDirSync({ prefix: "hako-soak-" });
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
  console.log(`kills: seed ${first}, ${wanted} deaths in rounds of at most ${ROUND_KILLS}`);
  const total = new Map<string, number>();
  let killed = 0;
  for (let seed = first; killed < wanted && performance.now() < endMs; seed++) {
    const deaths = Math.min(ROUND_KILLS, wanted - killed);
    const onProgress = (count: number) => progress.update("deaths", killed + count, wanted);
    const roundMs = performance.now();
    const plan = { seed, deaths, kernel };
    const result = await playKillRound(plan, directory, onProgress, signal).catch(refusalOf);
    progress.erase();
    if (signal.aborted) return tellInterruption();
    const faults = typeof result === "string" ? [result] : result.faults;
    if (typeof result === "string" || faults.length > 0) {
      const again = `kills --seed ${seed} --kills ${deaths}${kernel ? "" : " --spare-kernel"}`;
      return tellFailure(`the round of seed ${seed}`, faults.join("\n"), again);
    }
    for (const [reason, count] of result.reasons) {
      total.set(reason, (total.get(reason) ?? 0) + count);
    }
    killed += sum(result.deaths);
    console.log(line(seed, result, performance.now() - roundMs));
  }
  const took = renderDuration(performance.now() - startMs);
  const reasons = [...total].sort(([, a], [, b]) => b - a).map(([why, count]) => `${count} ${why}`);
  console.log(`${killed} deaths in ${took}: nothing lost, nothing doubled, no client noticed`);
  console.log(`  ${reasons.join(", ")}`);
  return 0;
}

function line(seed: number, result: KillResult, tookMs: number): string {
  const { deaths, operations, longestMs, isJudged } = result;
  const counts = Object.entries(deaths).map(([name, count]) => `${name} ${count}`).join(", ");
  const judged = isJudged ? "" : "; e2fsck is not there to judge";
  return `seed ${seed}: ${sum(deaths)} deaths (${counts}) under ${operations} operations in ` +
    `${renderDuration(tookMs)}; the longest took ${renderDuration(longestMs)}${judged}`;
}

function sum(deaths: Readonly<Record<string, number>>): number {
  return Object.values(deaths).reduce((all, count) => all + count, 0);
}
