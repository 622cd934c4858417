/**
 * The null call under a kernel beside the same call without one: the kernel is not on the way.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";

/** Two integers there, one back, from a domain to a domain. */
export const rows: readonly PairedRow[] = [{
  name: "kernel/null/standalone",
  peerName: "two workers without a kernel",
  unit: "us/call",
  target: 0.97,
  ours: async () => (await import("./bench/null_call.ts")).callingAsDomains(),
  peer: async () => (await import("./bench/null_call.ts")).callingStandalone(),
}];
