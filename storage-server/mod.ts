/**
 * The fault-tolerant volume: atomic transactions of many blocks over one block device.
 *
 * @module
 */

export {
  BLOCK_BYTES,
  type operations,
  TRANSACTION_BLOCKS_MAX,
  TRANSACTION_ENTRY_BYTES,
  Volume,
} from "./protocol.ts";
