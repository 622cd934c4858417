/**
 * Damaged images, one sort after the other, until there were enough of them.
 *
 * @module
 */

import { hasTool } from "../../fs-server/ext4/test_images.ts";
import { renderDuration } from "../../tools/terminal/progress.ts";
import { Mutants, VARIANTS } from "../files/mutants.ts";
import { refusalOf, type Soaking, tellFailure, tellInterruption } from "./soak_part.ts";

const MUTANTS_DEFAULT = 10_000;

/** Time between two looks at the terminal and for signals. */
const LOOK_MS = 50;

/** Growth of the heap that is no leak. */
const HEAP_BYTES_MAX = 256 * 1024 * 1024;

/** Soaks; answers the exit code. */
export async function soakMutants(soaking: Soaking): Promise<number> {
  const { seed: first, flags, endMs, progress, signal } = soaking;
  if (!hasTool("mke2fs")) {
    console.log("mutants: skipped: no mke2fs");
    return 0;
  }
  const wanted = flags.mutants ?? MUTANTS_DEFAULT;
  const startMs = performance.now();
  console.log(`mutants: seed ${first}, ${wanted} damaged images`);
  const sorts = VARIANTS.map((variant) => new Mutants(variant));
  const heapBytes = Deno.memoryUsage().heapUsed;
  let [done, lookMs] = [0, startMs];
  for (let seed = first; done < wanted && performance.now() < endMs; seed++) {
    for (const mutants of sorts) {
      try {
        mutants.play(seed);
      } catch (error) {
        progress.erase();
        return tellFailure(
          `the image ${mutants.name} of seed ${seed}`,
          refusalOf(error),
          `mutants --seed ${seed} --mutants ${VARIANTS.length}`,
        );
      }
      done++;
    }
    if (performance.now() < lookMs) continue;
    progress.update("mutants", done, wanted);
    await new Promise((resolve) => setTimeout(resolve, 0)); // Signals are heard here.
    if (signal.aborted) {
      progress.erase();
      return tellInterruption();
    }
    lookMs = performance.now() + LOOK_MS;
  }
  progress.erase();
  if (Deno.memoryUsage().heapUsed - heapBytes > HEAP_BYTES_MAX) {
    const what = `after ${done} damaged images`;
    const grown = "the heap has grown without bound";
    return tellFailure(what, grown, `mutants --seed ${first} --mutants ${wanted}`);
  }
  const refused = sorts.reduce((sum, mutants) => sum + mutants.refused, 0);
  const took = renderDuration(performance.now() - startMs);
  console.log(`${done} damaged images in ${took}: ${refused} refused a request, and none hung`);
  return 0;
}
