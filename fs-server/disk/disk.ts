/**
 * What the file system stands on: a run of bytes, and transactions that are all or nothing.
 *
 * `volume_disk.ts` is one over a storage server, `memory_disk.ts` one for tests.
 *
 * @module
 */

/** Bytes in a block of the disk: the unit of transactions, and what is written whole. */
export const DISK_BLOCK_BYTES = 4096;

/** Bytes in a sector: every offset and length is a multiple of it. */
export const SECTOR_BYTES = 512;

/** Most blocks in one transaction, as the storage server has it. */
export const TRANSACTION_BLOCKS_MAX = 1024;

/** Names the request on whose behalf a transaction is done. */
export interface RequestTag {
  /** The client's number. */
  readonly badge: number;
  /** The request's number among those of that client. */
  readonly sequence: number;
}

/** A tag together with what its transaction answered. */
export interface CommittedTag extends RequestTag {
  /** The result that the request answers. */
  readonly result: number;
}

/** The tag of what nobody asked for: format, mount, orphans, halt. No channel has this badge. */
export const NO_REQUEST: RequestTag = { badge: 0xffff_ffff, sequence: 0xffff_ffff };

/** One block of a transaction. */
export interface BlockImage {
  /** The block's number, in units of {@linkcode DISK_BLOCK_BYTES}. */
  readonly block: number;
  /** Its new content: a view inside the file server's own window. */
  readonly image: Uint8Array;
}

/** A run of bytes of the disk. */
export interface ByteRange {
  /** Where it begins. */
  readonly offset: number;
  /** How long it is. */
  readonly byteLength: number;
}

/**
 * A run of bytes that can be read, written in place, and changed by transactions. Offsets and
 * lengths are multiples of {@linkcode SECTOR_BYTES}; all memory is shared.
 */
export interface Disk {
  /** How many bytes there are: whole blocks. */
  readonly byteLength: number;
  /** Whether writes are refused with `EROFS`. */
  readonly isReadOnly: boolean;

  /**
   * Reads as much as `target` holds.
   *
   * @throws {OsError} `EIO` if the medium failed.
   */
  read(offset: number, target: Uint8Array): void;

  /**
   * Writes all of `source` in place; durable after the next flush.
   *
   * @throws {OsError} `EIO`, `ENOSPC` or `EROFS`; then any of the sectors may hold either content.
   */
  write(offset: number, source: Uint8Array): void;

  /** Reads scattered ranges into one run of memory, one behind the other. */
  readVector(ranges: readonly ByteRange[], target: Uint8Array): void;

  /** Writes scattered ranges from one run of memory; otherwise as {@linkcode Disk.write}. */
  writeVector(ranges: readonly ByteRange[], source: Uint8Array): void;

  /** Makes a range read as zeros; otherwise as {@linkcode Disk.write}. */
  zero(offset: number, byteLength: number): void;

  /** Says that nobody needs what a range holds: it may read as anything. */
  trim(offset: number, byteLength: number): void;

  /** Returns when everything done before would survive the death of the process. */
  flush(): void;

  /**
   * Changes up to {@linkcode TRANSACTION_BLOCKS_MAX} blocks, all or nothing, and with them the tag.
   *
   * @throws {OsError} Nothing was changed.
   */
  transact(blocks: readonly BlockImage[], tag: RequestTag, result: number): void;

  /** The tag of the last transaction, if there was one. */
  lastTag(): CommittedTag | undefined;
}
