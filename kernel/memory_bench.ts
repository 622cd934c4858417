/**
 * What an idle domain keeps resident beside a bare worker.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";

/** Resident memory of one of sixteen. */
export const rows: readonly PairedRow[] = [{
  name: "kernel/memory/bare-worker",
  peerName: "a bare worker",
  unit: "MB",
  target: 0,
  excessMax: 2,
  note: "V8 keeps the code of a domain's runtime, some 90 modules, in each worker by itself.",
  ours: async () => (await import("./bench/memory.ts")).keepingDomains(),
  peer: async () => (await import("./bench/memory.ts")).keepingBareWorkers(),
}];
