/**
 * The witness: a client in a closed loop, which tells the longest time between two answers.
 *
 * @module
 */

import { enter } from "../domain/enter.ts";
import { DEATH, Victim, Witness } from "./failover_protocol.ts";

/** Calls before and after the death: code and caches are warm, and a late stutter is seen. */
const CALLS_AROUND = 500;

const domain = await enter();
const victim = domain.connect(Victim, "victim");

domain.serve(Witness, {
  watch({ death }) {
    const life = callOften(() => {});
    let lastMs = performance.now();
    let gapMs = 0;
    const answered = () => {
      const nowMs = performance.now();
      gapMs = Math.max(gapMs, nowMs - lastMs);
      lastMs = nowMs;
    };
    if (death === DEATH.TERMINATE) {
      domain.report("under way"); // Whoever hears it terminates the victim.
      while (victim.callSync("life", {}) === life) answered();
    } else victim.callSync("die", { life, death });
    answered();
    if (callOften(answered) === life) throw new Error("Cannot tell a gap: it did not die");
    return { gapMs };
  },
});

function callOften(answered: () => void): number {
  let life = 0;
  for (let call = 0; call < CALLS_AROUND; call++) {
    life = victim.callSync("life", {});
    answered();
  }
  return life;
}
