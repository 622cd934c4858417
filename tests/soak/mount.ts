/**
 * Real programs on a mount whose servers and gateway die, until enough of them have ended.
 *
 * @module
 */

import { KERNEL } from "../../kernel/manifest.ts";
import { randomFrom, shuffled } from "../../tools/scenarios/random.ts";
import { renderDuration } from "../../tools/terminal/progress.ts";
import { missingForMounts, playOnMount, type RunResult } from "../fuse/mounted_run.ts";
import { VICTIMS } from "../fuse/mounted_system.ts";
import type { HostOrder } from "../fuse/protocol.ts";
import { presentWorks } from "../fuse/works.ts";
import { refusalOf, type Soaking, tellFailure, tellInterruption } from "./soak_part.ts";

const PROGRAMS_DEFAULT = 300;

/** Deaths of each domain in a round: the programs work until then. */
const DEATHS_MIN = 20;

/** Deaths of the gateway by itself in a round. */
const GATEWAY_FAULTS = 30;

/** No round takes longer. */
const ROUND_MS_MAX = 10 * 60_000;

/** Soaks; answers the exit code. */
export async function soakMount(soaking: Soaking): Promise<number> {
  const { seed: first, flags, endMs, progress, signal } = soaking;
  const absent = missingForMounts();
  if (absent.length > 0) {
    console.log(`mount: skipped: no ${absent.join(", ")}`);
    return 0;
  }
  const wanted = flags.programs ?? PROGRAMS_DEFAULT;
  const startMs = performance.now();
  console.log(`mount: seed ${first}, ${wanted} programs`);
  let [done, deaths] = [0, 0];
  for (let seed = first; done < wanted && performance.now() < endMs; seed++) {
    let ended = 0;
    const roundMs = performance.now();
    const result = await playOnMount(orderOf(seed), (line) => {
      if ("work" in line) progress.update("programs", done + ++ended, wanted);
    }, signal).catch(refusalOf);
    progress.erase();
    if (signal.aborted) return tellInterruption();
    const faults = typeof result === "string" ? [result] : faultsOf(result);
    if (typeof result === "string" || faults.length > 0) {
      const again = `mount --seed ${seed} --programs 1`;
      return tellFailure(`the round of seed ${seed}`, faults.join("\n"), again);
    }
    done += ended;
    deaths += sum(result);
    const counts = [...result.deaths].map(([name, count]) => `${name} ${count}`).join(", ");
    const took = renderDuration(performance.now() - roundMs);
    console.log(
      `seed ${seed}: ${ended} programs under ${sum(result)} deaths (${counts}) in ${took}`,
    );
  }
  const took = renderDuration(performance.now() - startMs);
  console.log(`${done} programs under ${deaths} deaths in ${took}: none saw any of them`);
  return 0;
}

/** What a seed stands for: another order, more or less at a time, deaths more or less often. */
function orderOf(seed: number): Partial<HostOrder> {
  const random = randomFrom(seed);
  return {
    seed,
    createBytes: 1024 * 1024 * 1024,
    works: shuffled(presentWorks(), random),
    scale: 1 + Math.floor(random() * 3),
    lanes: 1 + Math.floor(random() * 3),
    cache: random() < 0.8 ? "writeback" : "shared",
    directIo: random() < 0.2,
    victims: random() < 0.5 ? VICTIMS : [...VICTIMS, KERNEL],
    killEveryMs: [200, 300, 700][Math.floor(random() * 3)]!,
    deathsMin: DEATHS_MIN,
    gatewayFaults: GATEWAY_FAULTS,
    limitMs: ROUND_MS_MAX,
  };
}

function faultsOf({ ends, faults }: RunResult): string[] {
  const failed = ends.filter(({ code }) => code !== 0);
  return [...failed.map(({ work, said }) => `${work}: ${said}`), ...faults];
}

function sum({ deaths }: RunResult): number {
  return [...deaths.values()].reduce((all, count) => all + count, 0);
}
