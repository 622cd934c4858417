/**
 * How a life of the gateway comes by its device: it mounts, or takes over what a predecessor has mounted.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { DeathPoint } from "./death_points.ts";
import {
  abort,
  connectionOf,
  FuseDevice,
  type Libc,
  mountThrough,
  startUnmount,
} from "./device/mod.ts";
import { MOUNT_STATE, type MountKeep } from "./mount_keep.ts";
import type { FuseOptions } from "./options.ts";

/** With what one mounts. */
export interface Mounting {
  readonly libc: Libc;
  readonly keep: MountKeep;
  readonly options: FuseOptions;
  /** A named point at which a fault plan may let this life end. */
  readonly point: (name: DeathPoint) => void;
  /** Lets others of this thread have their turn. */
  readonly turn: () => Promise<void>;
}

/** Mounts. @throws {OsError} As `mountThrough()`, with a message that says what to do. */
export async function mountAnew(mounting: Mounting): Promise<FuseDevice> {
  const { libc, keep, options, point } = mounting;
  if (keep.state === MOUNT_STATE.mounting) await removeOrphan(mounting);
  keep.beginMount();
  point("fuse.mount.before");
  const { directory, fsName, readOnly, allowOther } = options;
  const mount = mountThrough(libc, { directory, fsName, readOnly, allowOther });
  point("fuse.mount.after");
  keep.mounted(mount);
  point("fuse.mount.kept");
  return new FuseDevice(libc, mount.fd);
}

/**
 * A predecessor may have mounted, and not lived to say by what number the process knows the device:
 * nobody can answer there. Who has come meanwhile gets an error.
 */
async function removeOrphan({ libc, options: { directory }, turn }: Mounting): Promise<void> {
  try {
    const connection = connectionOf(libc, directory);
    if (connection === 0) return;
    const unmounting = startUnmount(libc, { directory, lazy: true });
    while (!unmounting.poll()) await turn();
    abort(libc, connection);
  } catch (error) {
    if (!(error instanceof OsError)) throw error; // Gone by itself, or not ours to end.
  }
}

/** Takes the device from a predecessor, which may still live. */
export function takeDevice({ libc, keep, point }: Mounting): FuseDevice {
  const { formerFd, mount: { fd } } = keep;
  if (formerFd !== 0) new FuseDevice(libc, formerFd).retire();
  keep.retired();
  const device = new FuseDevice(libc, fd).takeOver((next, former) => {
    keep.renumbered(next, former);
    point("fuse.takeover.recorded");
  });
  keep.retired();
  point("fuse.takeover.taken");
  return device;
}
