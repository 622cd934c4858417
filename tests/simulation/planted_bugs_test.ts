import { assert } from "@std/assert";
import { plant, PLANTED_BUGS, worldsFor } from "./planted_bugs.ts";
import { playWorld } from "./world.ts";

for (const bug of PLANTED_BUGS) {
  Deno.test(`one of ${bug.seeds} worlds shows that ${bug.name}`, async () => {
    const code = await plant(bug);
    const isFound = worldsFor(bug).some((plan) => playWorld(plan, code).violation !== undefined);
    assert(isFound, `no world of ${bug.seeds} shows it`);
  });
}
