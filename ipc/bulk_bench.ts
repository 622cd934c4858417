/**
 * Bytes through a window: 64 KiB that the server copies once, and 64 KiB that nobody copies.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";

const BYTES = 64 * 1024;

/** Transfers through windows beside their peers. */
export const rows: readonly PairedRow[] = [
  {
    name: "ipc/bulk/memcpy",
    peerName: "a plain copy within one thread",
    unit: "GB/s",
    bytes: BYTES,
    target: 0.6,
    ours: async () => (await import("./bench/bulk.ts")).sendingCopied(BYTES),
    peer: async () => (await import("./bench/memory_copy.ts")).copyingMemory(BYTES),
  },
  {
    name: "ipc/bulk/by-reference",
    peerName: "a transferred ArrayBuffer, there and back",
    unit: "us/hand-over",
    target: 1,
    limit: 2,
    ours: async () => (await import("./bench/bulk.ts")).handingOver(BYTES),
    peer: async () => (await import("./bench/post_message.ts")).transferring(BYTES),
  },
];
