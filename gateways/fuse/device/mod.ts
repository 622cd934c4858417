/**
 * `/dev/fuse` through the C library: mounting, reading and answering, unmounting, aborting.
 *
 * A worker that uses this needs one permission: `ffi` for the path of the C library.
 *
 * @example
 * ```ts ignore
 * import { FuseDevice, mountThrough, openLibc } from "./device/mod.ts";
 *
 * const libc = openLibc("/lib/x86_64-linux-gnu/libc.so.6");
 * const mount = mountThrough(libc, { directory: "/mnt/hako" });
 * const device = new FuseDevice(libc, mount.fd);
 * ```
 *
 * @module
 */

export { abort, connectionOf } from "./connection.ts";
export { findLibc, type HostFiles } from "./finding.ts";
export { FuseDevice } from "./fuse_device.ts";
export { type Libc, type LibcSymbols, openLibc } from "./libc.ts";
export { type Mount, type MountOptions, mountThrough, release } from "./mounting.ts";
export { startUnmount, unmount, Unmounting, type UnmountOptions } from "./unmounting.ts";
