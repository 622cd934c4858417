/**
 * What it costs that a request is done once: a call that adds to a kept total, beside the same call
 * declared `idempotent: true`, which commits the total and records no answer; and beside one that
 * keeps nothing. There is no claim: the cost is told.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";

const callOnce = async () => (await import("./bench/exactly_once.ts")).callingWith("once");

/** The exactly-once call beside its peers, all under a kernel. */
export const rows: readonly PairedRow[] = [
  {
    name: "kernel/exactly-once/again",
    peerName: "the same call, done once or again",
    unit: "us/call",
    target: 0,
    ours: callOnce,
    peer: async () => (await import("./bench/exactly_once.ts")).callingWith("again"),
  },
  {
    name: "kernel/exactly-once/nothing-kept",
    peerName: "a call that keeps nothing",
    unit: "us/call",
    target: 0,
    ours: callOnce,
    peer: async () => (await import("./bench/exactly_once.ts")).callingWith("nothing"),
  },
];
