/**
 * One side of a row of the FUSE gateway: a program of its own mounts a file system where nobody else
 * sees it, and asks it by system calls.
 *
 * @module
 */

import type { SelfMeasuring } from "@hako/tools/bench";
import { samplesOfChild } from "./samples_of_child.ts";

/** What is asked for, again and again. */
export type MountWork = "getattr" | "read-1m" | "write-1m" | "read-4k" | "create-unlink";

/** Who serves the mount. */
export type MountServer = "hako" | "passthrough_ll" | "fuse2fs";

/** Mounts; each sample is the cost of a call, in nanoseconds. */
export function measuringMount(server: MountServer, work: MountWork): Promise<SelfMeasuring> {
  return samplesOfChild({
    main: new URL("./mounted_main.ts", import.meta.url),
    order: { server, work },
    permissions: () => ["--allow-all"], // It mounts, compiles the peer, and makes system calls.
  });
}
