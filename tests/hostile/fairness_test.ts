import { assert, assertEquals } from "@std/assert";
import { TURN_BUDGET } from "@hako/ipc";
import { overtakenAt, Rotation } from "./rotation.ts";

/** Few clients are looked at each; many say by ready bits that they have posted. */
const CLIENT_COUNTS = [2, 3, 8, 9, 12];

for (const clientCount of CLIENT_COUNTS) {
  Deno.test(`among ${clientCount} clients nobody waits for more than ${clientCount - 1} budgets`, () => {
    const bound = (clientCount - 1) * TURN_BUDGET;
    let most = 0;
    for (let polite = 1; polite <= clientCount; polite++) {
      // At every request that the others make in two rounds, the polite one makes its own.
      for (let moment = 1; moment <= 2 * bound; moment++) {
        most = Math.max(most, overtakenAt({ clientCount, polite, moment }));
      }
    }
    assert(most <= bound, `${most} were served before one that was there, more than ${bound}`);
    assert(most > bound - TURN_BUDGET, "the worst moment is among them");
  });
}

Deno.test("a greedy client gets its budget in each turn, and the polite one its request", () => {
  const rotation = new Rotation(2);
  rotation.fill(1);
  rotation.post(2);
  rotation.turn();
  const order = rotation.order.join("");
  assertEquals(order.length, TURN_BUDGET + 1);
});
