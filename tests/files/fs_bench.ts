/**
 * Files of Hako beside files of the host by `Deno`'s own calls, both with all data in memory; and
 * beside themselves while the storage server dies.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";
import type { Disturbance } from "./files_load.ts";
import { type WorkName, WORKS } from "./works.ts";

/** What is read in place is not moved at all. */
const TARGETS: Partial<Record<WorkName, number>> = { "map-read-4k": 10 };

/** Of undisturbed speed, with a death each second. */
const DISTURBED_TARGET = 0.9;

async function onHako(work: WorkName, disturbance?: Disturbance) {
  return (await import("./files_load.ts")).workOnHako(work, disturbance);
}

async function onHost(work: WorkName) {
  return (await import("./files_load.ts")).workOnHost(work);
}

/** A row for each piece of work, and one for each under fire. */
export const rows: readonly PairedRow[] = [
  ...WORKS.map((work): PairedRow => ({
    name: `fs/${work}`,
    peerName: "Deno's own calls",
    unit: "us/call",
    target: TARGETS[work] ?? 1,
    ours: () => onHako(work),
    peer: () => onHost(work),
  })),
  ...WORKS.map((work): PairedRow => ({
    name: `fs/killed/${work}`,
    peerName: "the same, undisturbed",
    unit: "us/call",
    target: DISTURBED_TARGET,
    ours: () => onHako(work, "storage server killed once a second"),
    peer: () => onHako(work),
  })),
];
