/**
 * Files of a mount, as system calls of the host see them: beside libfuse's example that passes
 * everything on to a directory of the host, and beside `fuse2fs`, which serves the files of such an
 * image as well. On all sides each call reaches the server, and all data is in memory; ours is behind
 * three more servers, each of which may die.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";
import type { MountWork } from "../bench/mounted.ts";

const WORKS: readonly MountWork[] = ["getattr", "read-1m", "write-1m", "read-4k", "create-unlink"];

/** Who does a part of the same: the peer's own name, and what a row says of it. */
const PEERS = [
  { server: "passthrough_ll", name: "passthrough_ll of libfuse 3", prefix: "fuse" },
  { server: "fuse2fs", name: "fuse2fs", prefix: "fuse/fuse2fs" },
] as const;

/** Each kind of work, beside each peer. */
export const rows: readonly PairedRow[] = PEERS.flatMap(({ server, name, prefix }) =>
  WORKS.map((work): PairedRow => ({
    name: `${prefix}/${work}`,
    peerName: name,
    unit: "us/call",
    target: 1,
    ours: async () => (await import("../bench/mounted.ts")).measuringMount("hako", work),
    peer: async () => (await import("../bench/mounted.ts")).measuringMount(server, work),
  }))
);
