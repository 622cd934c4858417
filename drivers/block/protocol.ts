/**
 * What a disk promises to whoever holds its endpoint.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol, u32, u64, window } from "@hako/ipc";

/** Bytes in a block, the unit of every address and count below. */
export const BLOCK_BYTES = 4096;

/** What a disk says of itself, as bits of `flags`. */
export const DISK_FLAG = {
  /** Writes are refused with `EROFS`. */
  READ_ONLY: 1,
  /** `zero` costs no more than a few commands, however long the run. */
  FAST_ZERO: 2,
  /** `discard` gives room back. */
  DISCARDS: 4,
} as const;

/** Exported only so that the type of `Block` is public. @internal */
export const operations = {
  /** How large the disk is. */
  stat: {
    code: 1, // Codes are for ever: append, never reuse.
    request: {},
    reply: { blockCount: u64, flags: u32 }, // DISK_FLAG
    errors: ["EIO"],
    idempotent: true,
  },
  /** Reads a run of blocks straight into a window; answers `count`. */
  read: {
    code: 2,
    request: { first: u64, count: u32, target: window("write") },
    errors: ["EINVAL", "EIO"],
    idempotent: true,
  },
  /** Writes a run of blocks straight from a window; answers `count`. */
  write: {
    code: 3,
    request: { first: u64, count: u32, source: window("read") },
    errors: ["EINVAL", "EIO", "ENOSPC", "EROFS"],
    idempotent: true,
  },
  /** Returns when every write answered before it is on stable storage. */
  flush: {
    code: 4,
    request: {},
    errors: ["EIO", "ENOSPC", "EROFS"],
    idempotent: true,
  },
  /** Makes a run of blocks read as zeroes; answers `count`. */
  zero: {
    code: 5,
    request: { first: u64, count: u32 },
    errors: ["EINVAL", "EIO", "ENOSPC", "EROFS"],
    idempotent: true,
  },
  /** Says that nobody needs what a run of blocks holds: it may read as anything. Answers `count`. */
  discard: {
    code: 6,
    request: { first: u64, count: u32 },
    errors: ["EINVAL", "EIO", "EROFS"],
    idempotent: true,
  },
} as const satisfies Operations;

/**
 * The block protocol. Runs of blocks that leave the disk are refused with `EINVAL`. Requests of one
 * client whose runs overlap take effect in the order in which they were posted; others in any.
 */
export const Block: Protocol<typeof operations> = defineProtocol("block", 2, operations);

/** The block protocol as a type: `Client<Block>`. */
export type Block = typeof Block;
