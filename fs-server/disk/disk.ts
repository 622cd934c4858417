/**
 * What the file system stands on: blocks, and transactions that are all or nothing.
 *
 * `volume_disk.ts` is one over a storage server, `memory_disk.ts` one for tests.
 *
 * @module
 */

/** Bytes in a block, of the disk as of the file system. */
export const BLOCK_BYTES = 4096;

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
  /** The block's number. */
  readonly block: number;
  /** Its new content: a view inside the file server's own window. */
  readonly image: Uint8Array;
}

/** A run of blocks that can be read, written in place, and changed by transactions. */
export interface Disk {
  /** How many blocks there are. */
  readonly blockCount: number;

  /**
   * Reads whole blocks.
   *
   * @param target A view over a shared window of `count` blocks.
   * @throws {OsError} `EIO` if the medium failed.
   */
  read(first: number, count: number, target: Uint8Array): void;

  /**
   * Writes whole blocks in place; durable after the next flush.
   *
   * @param source A view over a shared window of `count` blocks.
   * @throws {OsError} `EIO` or `ENOSPC`; then any of the blocks may hold either content.
   */
  write(first: number, count: number, source: Uint8Array): void;

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
