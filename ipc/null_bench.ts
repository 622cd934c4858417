/**
 * The null call: two integers there, one back, one call after the other, both ends awake; beside
 * the floor of the machine, and beside all that people use today.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";

const callHot = async () => (await import("./bench/adder.ts")).callingHot();

/** The null call beside its peers. */
export const rows: readonly PairedRow[] = [
  {
    name: "ipc/null/floor",
    peerName: "two threads spinning inside wasm",
    unit: "us/call",
    target: 0.667, // At most 1.5 times what the machine can do at all.
    ours: callHot,
    peer: async () => (await import("./bench/floor.ts")).pingPong(),
  },
  {
    name: "ipc/null/ringbuf",
    peerName: "ringbuf.js 0.4.0, both ends spinning",
    unit: "us/call",
    target: 1.5,
    ours: callHot,
    peer: async () => (await import("./bench/ringbuf.ts")).callingRings(),
  },
  {
    name: "ipc/null/postmessage",
    peerName: "postMessage",
    unit: "us/call",
    target: 100,
    ours: callHot,
    peer: async () => (await import("./bench/post_message.ts")).callingByMessage(),
  },
  {
    name: "ipc/null/comlink",
    peerName: "comlink 4.4.2",
    unit: "us/call",
    target: 100,
    ours: callHot,
    peer: async () => (await import("./bench/comlink.ts")).callingComlink(),
  },
  {
    name: "ipc/null/piscina",
    peerName: "piscina 5.3.2",
    unit: "us/call",
    target: 100,
    ours: callHot,
    peer: async () => (await import("./bench/piscina.ts")).callingPiscina(),
  },
  {
    name: "ipc/null/unix-socket",
    peerName: "a child process over a Unix socket",
    unit: "us/call",
    target: 50,
    ours: callHot,
    peer: async () => (await import("./bench/unix_socket.ts")).callingOverSocket(),
  },
];
