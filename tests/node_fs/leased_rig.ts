/**
 * A file server in memory, and a client of it that caches under leases, as programs have it.
 *
 * @module
 */

import { FileSystemClient } from "@hako/fs-server";
import { clientOfRig } from "../../fs-server/client/test_rig_client.ts";
import { Rig, type RigOptions } from "../../fs-server/server/test_rig.ts";

/** The badge of the one client. */
const BADGE = 1;

/** Bytes of its window. */
const WINDOW_BYTES = 2 << 20;

/** A server and a client with a window that both know. */
export interface LeasedRig {
  readonly rig: Rig;
  readonly client: FileSystemClient;
}

/** A file system of the newest type, on a new disk unless the options have one. */
export function leasedRig(options: RigOptions = {}): LeasedRig {
  const window = new Uint8Array(new SharedArrayBuffer(WINDOW_BYTES));
  const rig = new Rig({
    ...{ blockCount: 16_384, type: "ext4", inodeRatioBytes: 4096 },
    ...{ windows: new Map([[BADGE, window]]), clients: new Map([[BADGE, 1]]) },
    ...options,
  });
  return { rig, client: new FileSystemClient(clientOfRig(rig, BADGE), window) };
}
