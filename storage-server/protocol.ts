/**
 * What a volume promises to whoever holds its endpoint.
 *
 * A volume is a run of bytes that is addressed in sectors of 512 and kept in blocks of 4,096. What
 * was acknowledged survives the death of the storage server, of the driver and of every client;
 * what was flushed survives the death of the process. A block is written whole or not at all, a
 * transaction of many blocks likewise. A read returns the last acknowledged write.
 *
 * Requests that are under way at once may be done and answered in any order. Whoever wants an order
 * waits for the answer, and before a `flush` for the answers of the writes that it shall cover.
 *
 * @module
 */

import { defineProtocol, i32, type Operations, type Protocol, u32, u64, window } from "@hako/ipc";

/** Bytes in a block: what is written whole or not at all. */
export const BLOCK_BYTES = 4096;

/** Bytes in a sector: every offset and length is a multiple of it. */
export const SECTOR_BYTES = 512;

/** Most blocks in one transaction: 4 MiB. */
export const TRANSACTION_BLOCKS_MAX = 1024;

/** Bytes of one entry of a transaction's table: block number and byte offset, each a u64. */
export const TRANSACTION_ENTRY_BYTES = 16;

/** Most pieces of one vectored request. */
export const VECTOR_ENTRIES_MAX = 1024;

/** Bytes of one entry of a vector: byte offset in the volume and byte length, each a u64. */
export const VECTOR_ENTRY_BYTES = 16;

/** Most bytes that one `zero`, `trim` or `extent` may name: each request takes a bounded time. */
export const RANGE_BYTES_MAX: number = 32 * 1024 * 1024;

/** What a volume says of itself, as bits of `flags`. */
export const VOLUME_FLAG = {
  /** Writes are refused with `EROFS`. */
  READ_ONLY: 1,
  /** `zero` takes much less time than writing zeroes would. */
  FAST_ZERO: 2,
} as const;

/** How a write is to be done, as bits of `flags`. */
export const WRITE_FLAG = {
  /** It is answered only when what it wrote is on stable storage. */
  FUA: 1,
  /** `zero` alone: it is refused with `EOPNOTSUPP` unless it is fast. */
  FAST: 2,
} as const;

/** Exported only so that the type of `Volume` is public. @internal */
export const operations = {
  /** How large the volume is, and what can be done with it. */
  stat: {
    code: 1, // Codes are for ever: append, never reuse.
    request: {},
    reply: { byteLength: u64, flags: u32 }, // VOLUME_FLAG
    errors: ["EIO"],
    idempotent: true,
  },
  /** Reads into a window as much as it holds; answers how many bytes. */
  read: {
    code: 2,
    request: { offset: u64, target: window("write") },
    errors: ["EINVAL", "EIO"],
    idempotent: true,
  },
  /** Writes all of a window; each block is atomic, the run is not. Answers how many bytes. */
  write: {
    code: 3,
    request: { offset: u64, flags: u32, source: window("read") }, // WRITE_FLAG
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
  /** Makes a range read as zeroes, of at most 32 MiB; answers 0. */
  zero: {
    code: 7,
    request: { offset: u64, byteLength: u32, flags: u32 }, // WRITE_FLAG
    errors: ["EINVAL", "EIO", "ENOSPC", "EROFS", "EOPNOTSUPP"],
    idempotent: true,
  },
  /** Says that nobody needs what a range holds: it may read as anything. Answers 0. */
  trim: {
    code: 8,
    request: { offset: u64, byteLength: u32, flags: u32 }, // WRITE_FLAG.FUA
    errors: ["EINVAL", "EIO", "EROFS"],
    idempotent: true,
  },
  /**
   * Reads scattered ranges into a window, one behind the other. `table` holds `count` entries of 16
   * bytes: the byte offset in the volume (u64) and the byte length (u64). Answers how many bytes.
   */
  readVector: {
    code: 9,
    request: { count: u32, table: window("read"), target: window("write") },
    errors: ["EINVAL", "EIO"],
    idempotent: true,
  },
  /** Writes scattered ranges from a window, named as in `readVector`. Answers how many bytes. */
  writeVector: {
    code: 10,
    request: { count: u32, flags: u32, table: window("read"), source: window("read") },
    errors: ["EINVAL", "EIO", "ENOSPC", "EROFS"],
    idempotent: true,
  },
  /**
   * What the start of a range holds: so many bytes, all of them zero or (`isZero` is 0) not known to
   * be. At least one block is told of, at most what was asked for.
   */
  extent: {
    code: 11,
    request: { offset: u64, byteLength: u32 },
    reply: { byteLength: u32, isZero: u32 },
    errors: ["EINVAL", "EIO"],
    idempotent: true,
  },
} as const satisfies Operations;

/** The volume protocol. Ranges that leave the volume, or are not whole sectors: `EINVAL`. */
export const Volume: Protocol<typeof operations> = defineProtocol("volume", 2, operations);

/** The volume protocol as a type: `Client<Volume>`. */
export type Volume = typeof Volume;
