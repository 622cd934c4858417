/**
 * Fail-over as a client in a closed loop sees it, beside the start of one bare worker: with a warm
 * spare and without, for a server that throws, is terminated, or hangs (less its hang limit).
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";
import type { DEATH } from "./bench/failover_protocol.ts";

const SPARES = {
  warm: { target: 1, limit: 5, limitP99: 20 },
  cold: { target: 0, limit: 60 },
} as const;

const DEATHS: Readonly<Record<string, keyof typeof DEATH>> = {
  throw: "THROW",
  terminate: "TERMINATE",
  hang: "HANG",
};

/** As many as deaths are measured. */
const STARTS = 25;

/** The gap of each kind beside the bare worker. */
export const rows: readonly PairedRow[] = (["warm", "cold"] as const).flatMap((spare) => {
  return Object.entries(DEATHS).map(([name, death]): PairedRow => ({
    name: `kernel/failover/${spare}-${name}`,
    peerName: "the start of one bare worker",
    unit: "ms",
    ...SPARES[spare],
    ours: async () => (await import("./bench/failover.ts")).failingOver(spare, death),
    peer: async () => (await import("./bench/bare_worker.ts")).startingBareWorkers(1, STARTS),
  }));
});
