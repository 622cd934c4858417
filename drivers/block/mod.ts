/**
 * Block devices: one protocol, a driver domain per kind of device.
 *
 * @module
 */

export { Block, BLOCK_BYTES, type operations } from "./protocol.ts";
