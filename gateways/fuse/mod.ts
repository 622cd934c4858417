/**
 * The FUSE gateway, as systems name it, and what tools need that mount and unmount.
 *
 * @module
 */

export { DEATH_POINTS, type DeathPoint } from "./death_points.ts";
export {
  abort,
  connectionOf,
  findLibc,
  type HostFiles,
  type Libc,
  type LibcSymbols,
  openLibc,
  unmount,
  type UnmountOptions,
} from "./device/mod.ts";
export type { FuseOptions } from "./options.ts";
