import { runImmortals, runMortals } from "./crowd.ts";
import { compileStepping, shippedQueueCore } from "./stepping_core.ts";

const SEEDS = 3_000;
const module = await compileStepping(await shippedQueueCore());

Deno.test("a crowd that interrupts itself and dies at any step loses nothing, by seed", () => {
  forEachSeed((seed) => runMortals(module, seed));
});

Deno.test("a crowd that interrupts itself at any step needs no sweep, by seed", () => {
  forEachSeed((seed) => runImmortals(module, seed));
});

function forEachSeed(run: (seed: number) => void): void {
  for (let seed = 0; seed < SEEDS; seed++) {
    try {
      run(seed);
    } catch (error) {
      throw new Error(`Cannot settle the crowd of seed ${seed}`, { cause: error });
    }
  }
}
