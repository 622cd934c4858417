/**
 * Files of Hako beside files of the host by `Deno`'s own calls, both with all data in memory; beside
 * themselves while the storage server dies; and beside file systems in JavaScript that a worker has
 * in its memory, and that are asked there each time.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";
import type { Disturbance } from "./files_load.ts";
import { PEER_WORKS, type PeerWork } from "./peers/peer_works.ts";
import { HOST_WORKS, type WorkName } from "./works.ts";

/** What is read in place is not moved at all. */
const TARGETS: Partial<Record<WorkName, number>> = { "map-read-4k": 10 };

/** Of calls that cross to a worker by message. */
const WORKER_TARGET = 50;

/** Two deaths lie in it. */
const STRETCH_MS = 2_000;

/** Of undisturbed speed, with a death each second. */
const DISTURBED_TARGET = 0.9;

async function onHako(work: WorkName, disturbance?: Disturbance) {
  return (await import("./files_load.ts")).workOnHako(work, disturbance);
}

async function onHost(work: WorkName) {
  return (await import("./files_load.ts")).workOnHost(work);
}

async function onZenfs(work: PeerWork) {
  return (await import("./peers/zenfs.ts")).workOnZenfs(work);
}

async function onMemfs(work: PeerWork) {
  return (await import("./peers/memfs.ts")).workOnMemfs(work);
}

/** Where an app has a buffer of its own, a copy between that and the window is the least there is. */
const COPIED: Partial<Record<WorkName, "out" | "in">> = {
  "seq-read-1m-copied": "out",
  "seq-write-1m": "in",
};

function boundOf(work: WorkName): Pick<PairedRow, "bound" | "note"> {
  const direction = COPIED[work];
  if (direction === undefined) return {};
  const name = "Uint8Array.set " + (direction === "out" ? "from" : "into") + " shared memory";
  return {
    bound: { name, open: async () => (await import("./copying.ts")).copying(direction) },
    note: "A copy in V8 moves 20 to 25 GB/s, one in Linux up to 40; a lent window is not copied.",
  };
}

/** A row for each piece of work beside each peer, and one for each under fire. */
export const rows: readonly PairedRow[] = [
  ...HOST_WORKS.map((work): PairedRow => ({
    name: `fs/${work}`,
    peerName: "Deno's own calls",
    unit: "us/call",
    target: TARGETS[work] ?? 1,
    ours: () => onHako(work),
    peer: () => onHost(work),
    ...boundOf(work),
  })),
  ...HOST_WORKS.map((work): PairedRow => ({
    name: `fs/killed/${work}`,
    peerName: "the same, undisturbed",
    unit: "us/call",
    target: DISTURBED_TARGET,
    stretchMs: STRETCH_MS,
    ours: () => onHako(work, "storage server killed once a second"),
    peer: () => onHako(work),
  })),
  ...PEER_WORKS.map((work): PairedRow => ({
    name: `fs/zenfs/${work}`,
    peerName: "@zenfs/core 2.7.6, Port to a worker",
    unit: "us/call",
    target: WORKER_TARGET,
    ours: () => onHako(work),
    peer: () => onZenfs(work),
    ...boundOf(work),
  })),
  ...PEER_WORKS.map((work): PairedRow => ({
    name: `fs/memfs/${work}`,
    peerName: "memfs 4.80.1 in a worker, by comlink",
    unit: "us/call",
    target: WORKER_TARGET,
    ours: () => onHako(work),
    peer: () => onMemfs(work),
    ...boundOf(work),
  })),
];
