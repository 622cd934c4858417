/**
 * Gateways: domains that let programs outside use the servers.
 *
 * @module
 */

export type { FuseOptions } from "./fuse/mod.ts";
export type { ListenAddress, NbdOptions } from "./nbd/mod.ts";
