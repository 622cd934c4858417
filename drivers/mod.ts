/**
 * Driver domains: the only ones that touch the host, each with permission for its one device.
 *
 * @module
 */

export { Block, BLOCK_BYTES, DISK_FLAG } from "./block/mod.ts";
