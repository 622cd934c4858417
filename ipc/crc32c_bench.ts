/**
 * The checksum of a block, beside the one that the runtime has in machine code.
 *
 * @module
 */

import type { Contestant, PairedRow } from "@hako/tools/bench";

const BYTES = 4096;

/** The checksum of blocks beside its peer. */
export const rows: readonly PairedRow[] = [
  {
    name: "ipc/crc32c/zlib",
    peerName: "node:zlib's crc32, with the processor's carry-less multiplication",
    unit: "GB/s",
    bytes: BYTES,
    target: 0.12,
    ours: async () => summing((await import("./crc32c.ts")).crc32cBytes),
    peer: async () => summing((await import("node:zlib")).crc32),
  },
];

function summing(sum: (block: Uint8Array) => number): Contestant {
  const block = new Uint8Array(new ArrayBuffer(BYTES)).fill(7);
  return {
    run(count) {
      for (let index = 0; index < count; index++) sum(block);
    },
  };
}
