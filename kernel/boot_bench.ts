/**
 * The start of a five-domain system, kernel included, beside the start of one bare worker, which is
 * the claim, and beside that of as many bare workers at once, which is the floor: a worker is made on
 * the main thread, one after the other.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";

const SAMPLE_COUNT = 30;

/** As many workers as the system has. */
const SYSTEM_WORKERS = 6;

const bootFive = async () => (await import("./bench/boot.ts")).bootingFiveDomains(SAMPLE_COUNT);

const startBare = async (count: number) => {
  return (await import("./bench/bare_worker.ts")).startingBareWorkers(count, SAMPLE_COUNT);
};

/** The start beside its two peers. */
export const rows: readonly PairedRow[] = [
  {
    name: "kernel/boot/bare-worker",
    peerName: "the start of one bare worker",
    unit: "ms",
    target: 0.4, // At most 2.5 times as long.
    ours: bootFive,
    peer: () => startBare(1),
    bound: { name: "six bare workers at once", open: () => startBare(SYSTEM_WORKERS) },
    note: "Six workers have to start, and each loads the runtime of a domain, some 90 modules.",
  },
  {
    name: "kernel/boot/six-bare-workers",
    peerName: "the start of six bare workers at once",
    unit: "ms",
    target: 0.667, // At most 1.5 times what the machine can do at all.
    ours: bootFive,
    peer: () => startBare(SYSTEM_WORKERS),
    note: "A worker that loads the domain's runtime from source starts in 20 ms, a bare one in 10.",
  },
];
