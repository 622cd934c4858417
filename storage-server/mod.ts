/**
 * The fault-tolerant volume: bytes in blocks that are written whole, and atomic transactions of many
 * blocks.
 *
 * @module
 */

export {
  BLOCK_BYTES,
  type operations,
  RANGE_BYTES_MAX,
  SECTOR_BYTES,
  TRANSACTION_BLOCKS_MAX,
  TRANSACTION_ENTRY_BYTES,
  VECTOR_ENTRIES_MAX,
  VECTOR_ENTRY_BYTES,
  Volume,
  VOLUME_FLAG,
  WRITE_FLAG,
} from "./protocol.ts";
