/**
 * The null call beside the same call through a kernel that blocks at every hop: between cores, and
 * with client, kernel and server held on one.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";

const callHot = async () => (await import("./bench/adder.ts")).callingHot();

const callThroughKernel = async () => {
  return (await import("./bench/kernel_mediated.ts")).callingThroughKernel();
};

/** The null call beside the baseline. */
export const rows: readonly PairedRow[] = [
  {
    name: "ipc/cross-core/kernel-mediated",
    peerName: "a rendezvous through a kernel worker",
    unit: "us/call",
    target: 30,
    ours: callHot,
    peer: callThroughKernel,
  },
  {
    name: "ipc/same-core/kernel-mediated",
    peerName: "a rendezvous through a kernel worker",
    unit: "us/call",
    target: 3,
    oneCpu: true,
    ours: callHot,
    peer: callThroughKernel,
    bound: {
      name: "a mailbox and Atomics.wait on the same core",
      open: async () => (await import("./bench/mailbox.ts")).callingBlocked(),
    },
    note:
      "On one core a call is two changes of threads, whatever it carries; through a kernel, four.",
  },
];
