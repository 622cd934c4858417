/**
 * The victim: a server that ends its life on request.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { nowUs, ORIGIN_US } from "../../../kernel/trace/clock.ts";
import { DEATH, HANG_BEYOND_MS, Victim } from "./victim_protocol.ts";

const loadedUs = nowUs();
let heardUs = loadedUs;
globalThis.addEventListener("message", () => heardUs = nowUs()); // The last is what it is given.
const domain = await enter();
const { hangMs } = domain.options as { readonly hangMs: number };

domain.serve(Victim, {
  life: () => domain.epoch,
  die({ life, death }) {
    if (life !== domain.epoch) return domain.epoch; // The successor gets the same request.
    if (death === DEATH.throw) throw new Error("asked to throw");
    const endMs = performance.now() + hangMs + HANG_BEYOND_MS;
    while (performance.now() < endMs);
    return life;
  },
  beginning: () => ({ originUs: ORIGIN_US, loadedUs, heardUs }),
});
