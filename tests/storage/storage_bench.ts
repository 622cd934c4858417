/**
 * A volume beside the same servers without journal and tags, and beside a file of the host.
 *
 * `storage/ft/*` is what fault tolerance costs; `storage/direct/*` is what the servers cost.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";
import type { Between, Transfers } from "./volume_load.ts";

const KIB = 1024;

/** A 4 KiB write is done and written down; larger ones and reads are moved and no more. */
const SMALL_WRITE_TARGET = 0.9;
const TARGET = 0.97;

async function onVolume(transfers: Transfers, between: Between) {
  return (await import("./volume_load.ts")).loadOnVolume(transfers, between);
}

async function onFile(transfers: Transfers) {
  return (await import("./volume_load.ts")).loadOnFile(transfers);
}

async function onChain(transfers: Transfers, sumBytes: number) {
  return (await import("./volume_load.ts")).loadOnChain(transfers, sumBytes);
}

function ftRow(
  order: Transfers["order"],
  way: Transfers["way"],
  kib: number,
  tags: boolean,
): PairedRow {
  const byteLength = kib * KIB;
  const transfers = { way, order, byteLength, depth: 16 };
  return {
    name: `storage/ft/${order === "random" ? "rand" : "seq"}-${kib}k-${way}${tags ? "-tags" : ""}`,
    peerName: "the same servers without journal and tags",
    unit: "us/call",
    target: way === "write" && kib === 4 ? SMALL_WRITE_TARGET : TARGET,
    ours: () => onVolume(transfers, tags ? "storage server with tags" : "storage server"),
    peer: () => onVolume(transfers, "nothing but a forwarder"),
    ...(tags && kib === 128 ? summingBound(transfers) : {}),
  };
}

/** What the sums cost where a transfer is large: wasm has no carry-less multiplication. */
function summingBound(transfers: Transfers): Pick<PairedRow, "bound" | "note"> {
  return {
    bound: {
      name: "three threads with bare rings between them, and the sums",
      open: () => onChain(transfers, 4 * KIB),
    },
    note: "One thread sums up every byte, by a wasm that has no carry-less multiplication.",
  };
}

function directRow(name: string, transfers: Transfers, target: number): PairedRow {
  return {
    name: `storage/direct/${name}`,
    peerName: "a loop over Deno.FsFile",
    unit: "GB/s",
    bytes: transfers.byteLength,
    target,
    ours: () => onVolume(transfers, "storage server"),
    peer: () => onFile(transfers),
    bound: {
      name: "three threads with bare rings between them",
      open: () => onChain(transfers, 0),
    },
    note: "Three threads pass every transfer on, on two cores; the peer is one thread.",
  };
}

const LARGE = { order: "sequential", byteLength: 128 * KIB, depth: 32 } as const;
const SMALL = { order: "random", byteLength: 4 * KIB, depth: 32 } as const;

/** What fault tolerance costs, without tags and with; then what the servers cost. */
export const rows: readonly PairedRow[] = [
  ...[false, true].flatMap((tags) =>
    (["read", "write"] as const).flatMap((way) =>
      (["sequential", "random"] as const).flatMap((order) =>
        [4, 128].map((kib) => ftRow(order, way, kib, tags))
      )
    )
  ),
  directRow("seq-128k-read", { ...LARGE, way: "read" }, 0.95),
  directRow("seq-128k-write", { ...LARGE, way: "write" }, 0.95),
  directRow("rand-4k-qd32-read", { ...SMALL, way: "read" }, 0.8),
];
