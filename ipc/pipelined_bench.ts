/**
 * Many null calls at once: 32 in flight, both ends awake.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";

/** Requests in flight. */
const DEPTH = 32;

const callInRuns = async () => (await import("./bench/adder.ts")).callingInRuns(DEPTH);

/** Pipelined calls beside their peers. */
export const rows: readonly PairedRow[] = [
  {
    name: "ipc/pipelined/ringbuf",
    peerName: "ringbuf.js 0.4.0, message by message, both ends spinning",
    unit: "requests/s",
    target: 2.5,
    note:
      "A profile shows both threads at work all the time: the swaps of the slot and the checks of its words.",
    ours: callInRuns,
    peer: async () => (await import("./bench/ringbuf.ts")).pipeliningRings(DEPTH),
  },
  {
    name: "ipc/pipelined/postmessage",
    peerName: "postMessage",
    unit: "requests/s",
    target: 40,
    ours: callInRuns,
    peer: async () => (await import("./bench/post_message.ts")).pipeliningByMessage(DEPTH),
  },
];
