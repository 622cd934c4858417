/**
 * A call that finds both ends asleep: the caller pauses between two calls for longer than a server
 * without requests spins, so each call wakes the server, and each answer its caller.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";

/** A server without a request spins for about 0.3 ms. */
const PAUSE_MS = 2;

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** The parked call beside its peer. */
export const rows: readonly PairedRow[] = [{
  name: "ipc/parked/atomics-wait",
  peerName: "a mailbox and Atomics.wait",
  unit: "us/call",
  target: 0.8,
  note:
    "Both wake two threads; ours looks twice more, so that no ring is lost, and counts who is awake.",
  ours: async () => (await import("./bench/adder.ts")).callingParked(pause),
  peer: async () => (await import("./bench/mailbox.ts")).callingParked(pause),
}];

/** Sleeps; nobody notifies. */
function pause(): void {
  Atomics.wait(nobody, 0, 0, PAUSE_MS);
}
