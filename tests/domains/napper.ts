/**
 * A server that computes for longer than it may, unless it counts as asleep meanwhile; its second life
 * does not.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { Napper } from "./napper_protocol.ts";

const domain = await enter();

domain.serve(Napper, {
  nap({ forMs, asleep }) {
    if (domain.epoch > 1) return domain.epoch;
    if (asleep) domain.asleep(() => compute(forMs));
    else compute(forMs);
    return domain.epoch;
  },
});

function compute(forMs: number): void {
  const until = domain.nowMs() + forMs;
  while (domain.nowMs() < until);
}
