/**
 * What a volume promises to whoever holds its endpoint.
 *
 * A volume is a run of 4 KiB blocks. What was acknowledged survives the death of the storage
 * server, of the driver and of every client; what was flushed survives the death of the process. A
 * transaction is all or nothing at every instant. A read returns the last acknowledged write.
 *
 * @module
 */

import { defineProtocol, i32, type Operations, type Protocol, u32, u64, window } from "@hako/ipc";

/** Bytes in a block, the unit of every address and count below. */
export const BLOCK_BYTES = 4096;

/** Most blocks in one transaction. */
export const TRANSACTION_BLOCKS_MAX = 1024;

/** Bytes of one entry of a transaction's table: block number and byte offset, each a u64. */
export const TRANSACTION_ENTRY_BYTES = 16;

/** Exported only so that the type of `Volume` is public. @internal */
export const operations = {
  /** How large the volume is. */
  stat: {
    code: 1, // Codes are for ever: append, never reuse.
    request: {},
    reply: { blockCount: u64 },
    errors: ["EIO"],
    idempotent: true,
  },
  /** Reads a run of blocks into a window; answers `count`. */
  read: {
    code: 2,
    request: { first: u64, count: u32, target: window("write") },
    errors: ["EINVAL", "EIO"],
    idempotent: true,
  },
  /** Writes a run of blocks in place; each block is atomic, the run is not. Answers `count`. */
  write: {
    code: 3,
    request: { first: u64, count: u32, source: window("read") },
    errors: ["EINVAL", "EIO", "ENOSPC", "EROFS"],
    idempotent: true,
  },
  /** Returns when everything answered before it would survive the death of the process. */
  flush: {
    code: 4,
    request: {},
    errors: ["EIO", "ENOSPC", "EROFS"],
    idempotent: true,
  },
  /**
   * Writes up to 1,024 scattered blocks at once, all or nothing. `table` holds `count` entries of
   * 16 bytes: the block number (u64) and the byte offset in `images` of its new content (u64). The
   * tag names the client's own request on whose behalf this is done; the tag and `result` become
   * durable with the blocks, and `lastTag` tells them. Answers `count`.
   */
  transact: {
    code: 5,
    request: {
      count: u32,
      tagBadge: u32,
      tagSequence: u32,
      result: i32,
      table: window("read"),
      images: window("read"),
    },
    errors: ["EINVAL", "EIO", "ENOSPC", "EROFS"],
    idempotent: false,
  },
  /** The tag and result of this client's last transaction; `known` is false when there is none. */
  lastTag: {
    code: 6,
    request: {},
    reply: { known: u32, tagBadge: u32, tagSequence: u32, result: i32 },
    errors: [],
    idempotent: true,
  },
} as const satisfies Operations;

/** The volume protocol. Runs of blocks that leave the volume are refused with `EINVAL`. */
export const Volume: Protocol<typeof operations> = defineProtocol("volume", 1, operations);

/** The volume protocol as a type: `Client<Volume>`. */
export type Volume = typeof Volume;
