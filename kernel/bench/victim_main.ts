/**
 * The victim: a server that says which life it leads, and ends it on request.
 *
 * @module
 */

import { enter } from "../domain/enter.ts";
import { DEATH, HANG_BEYOND_MS, Victim } from "./failover_protocol.ts";

const domain = await enter();
const { hangMs } = domain.options as { readonly hangMs: number };

domain.serve(Victim, {
  life: () => domain.epoch,
  die({ life, death }) {
    if (life !== domain.epoch) return domain.epoch; // The successor gets the same request.
    if (death === DEATH.THROW) throw new Error("asked to throw");
    const endMs = performance.now() + hangMs + HANG_BEYOND_MS;
    while (performance.now() < endMs);
    return life;
  },
});
