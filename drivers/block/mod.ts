/**
 * Block devices: one protocol, a driver domain per kind of device.
 *
 * @module
 */

export { Block, BLOCK_BYTES, DISK_FLAG, type operations } from "./protocol.ts";
