/**
 * A volume over NBD, as `fio` sees it, beside the better of two servers that people use: `qemu-nbd`,
 * and `nbdkit` with its file plugin. Each serves a raw image from the host's page cache; ours is
 * behind a storage server that may die at any moment, and a driver that may.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";
import type { FioWork } from "../bench/fio.ts";

const WORK: Readonly<Record<string, FioWork>> = {
  "read-4k-qd16": { rw: "randread", blockSize: "4k", depth: 16 },
  "write-4k-qd16": { rw: "randwrite", blockSize: "4k", depth: 16 },
  "read-1m": { rw: "read", blockSize: "1M", depth: 4 },
};

/** Each kind of work, beside the faster of the peers. */
export const rows: readonly PairedRow[] = Object.entries(WORK).map(([name, work]): PairedRow => ({
  name: `nbd/${name}`,
  peerName: "the better of qemu-nbd and nbdkit file",
  ...(work.blockSize === "1M" ? { unit: "GB/s", bytes: 1024 * 1024 } : { unit: "requests/s" }),
  target: 0.7,
  ours: async () => (await import("../bench/fio.ts")).measuringFio(["hako"], work),
  peer: async () => (await import("../bench/fio.ts")).measuringFio(["qemu-nbd", "nbdkit"], work),
  bound: {
    name: "a Deno program that answers from its memory",
    open: async () => (await import("../bench/fio.ts")).measuringFio(["least"], work),
  },
  note: "A gateway, a storage server and a driver share two cores with fio, and wake each other.",
}));
