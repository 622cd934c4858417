import { runInterleaved, runInterleavedMortals } from "./interleaving.ts";
import { compilePausing, shippedQueueCore } from "./stepping_core.ts";

const SEEDS = 5_000;
const module = await compilePausing(await shippedQueueCore());

Deno.test("four threads whose steps mix in any order need no sweep, by seed", () => {
  forEachSeed((seed) => runInterleaved(module, seed));
});

Deno.test("four threads that mix, lapse, die and sweep lose nothing, by seed", () => {
  forEachSeed((seed) => runInterleavedMortals(module, seed));
});

function forEachSeed(run: (seed: number) => void): void {
  for (let seed = 0; seed < SEEDS; seed++) {
    try {
      run(seed);
    } catch (error) {
      throw new Error(`Cannot finish the threads of seed ${seed}`, { cause: error });
    }
  }
}
