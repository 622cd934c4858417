/**
 * One block of metadata as the cache holds it, what kinds of them there are, and who checks them.
 *
 * @module
 */

/** What a block holds, which says how its checksum is made. */
export const BLOCK_KIND = {
  superblock: 1,
  descriptors: 2,
  blockBitmap: 3,
  inodeBitmap: 4,
  inodeTable: 5,
  directory: 6,
  hashNode: 7,
  extentNode: 8,
  indirect: 9,
  attributes: 10,
  symlink: 11,
  orphanFile: 12,
  /** A block of a file's data, on its way through a transaction. */
  plain: 13,
} as const;

/** A kind of block, or 0 for one that nobody has asked for. */
export type BlockKind = typeof BLOCK_KIND[keyof typeof BLOCK_KIND] | 0;

/** One block in the cache. Valid until `HELD_COUNT` others were asked for. */
export interface CachedBlock {
  /** The block's number, or -1. */
  readonly block: number;
  /** Its bytes, in the window. */
  readonly bytes: Uint8Array;
  /** The same as little-endian words. */
  readonly words: Uint32Array;
  /** The same for fields of any width. */
  readonly view: DataView;
  /** What it was asked for as. */
  readonly kind: BlockKind;
  /** Whose it is: what seeds its checksum, or the group of a bitmap. */
  readonly owner: number;
  /** Whether the running operation changed it. */
  readonly changed: boolean;
  /**
   * Belongs to whoever owns blocks of this kind, and goes with the bytes: into the log and back. 0
   * whenever they were read anew.
   */
  mark: number;
}

/** Checks blocks that come from the disk, and makes the checksums of those that go there. */
export interface BlockIntegrity {
  /**
   * Looks at a block that was read, before anybody uses it as what it is.
   *
   * @throws {OsError} `EBADMSG` if its checksum is wrong.
   */
  verify(block: CachedBlock): void;

  /** Puts checksums into blocks that are about to be written, all at once. */
  seal(blocks: readonly CachedBlock[]): void;
}

/** For a file system without checksums. */
export const NO_INTEGRITY: BlockIntegrity = { verify() {}, seal() {} };
