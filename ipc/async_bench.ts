/**
 * A call that leaves the event loop free, to a server that leaves its own free.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";

/** The awaited call beside its peer. */
export const rows: readonly PairedRow[] = [{
  name: "ipc/async/waitasync",
  peerName: "a mailbox and Atomics.waitAsync",
  unit: "us/call",
  target: 1,
  ours: async () => (await import("./bench/adder.ts")).callingEvented(),
  peer: async () => (await import("./bench/mailbox.ts")).callingEvented(),
}];
