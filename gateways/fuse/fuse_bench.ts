/**
 * Files of a mount, as system calls of the host see them, beside libfuse's example that passes
 * everything on to a directory of the host. On both sides each call reaches the server, and all data
 * is in memory; ours is behind three more servers, each of which may die.
 *
 * @module
 */

import type { PairedRow } from "@hako/tools/bench";
import type { MountWork } from "../bench/mounted.ts";

const WORKS: readonly MountWork[] = ["getattr", "read-1m", "write-1m", "read-4k", "create-unlink"];

/** Each kind of work, beside the peer. */
export const rows: readonly PairedRow[] = WORKS.map((work): PairedRow => ({
  name: `fuse/${work}`,
  peerName: "passthrough_ll of libfuse 3",
  unit: "us/call",
  target: 1,
  ours: async () => (await import("../bench/mounted.ts")).measuringMount("hako", work),
  peer: async () => (await import("../bench/mounted.ts")).measuringMount("passthrough_ll", work),
}));
