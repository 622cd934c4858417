import { assert, assertEquals } from "@std/assert";
import { PowerCutRound } from "./power_cut_round.ts";

const CUTS = 800;

function play(seed: number): PowerCutRound {
  const round = new PowerCutRound(seed);
  for (const _ of round.play()) if (round.cuts >= CUTS) break;
  return round;
}

Deno.test("a round of power cuts leaves legal volumes, and is the same again", () => {
  for (let seed = 1; seed <= 3; seed++) {
    const round = play(seed);
    assert(round.cuts >= CUTS);
    const again = play(seed);
    assertEquals([again.what, again.cuts, again.unflushedMost], [
      round.what,
      round.cuts,
      round.unflushedMost,
    ]);
  }
});
