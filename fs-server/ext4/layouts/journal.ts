/**
 * The journal of ext3 and ext4 (jbd2): big-endian, in blocks of the file system, inside a file.
 *
 * ```
 * superblock | descriptor, images ... | revoke | commit | descriptor ...   around from `first`
 * ```
 * Source: Linux `Documentation/filesystems/ext4/journal.rst`.
 *
 * @module
 */

/** What the first word of each of the journal's own blocks holds. */
export const JOURNAL_MAGIC = 0xc03b_3998;

/** Byte offsets of what all of its own blocks begin with: three u32. */
export const JOURNAL_HEADER = { magic: 0, kind: 4, sequence: 8 } as const;

/** Bytes of that beginning. */
export const JOURNAL_HEADER_BYTES = 12;

/** Values of `kind`. */
export const JOURNAL_KIND = {
  descriptor: 1,
  commit: 2,
  superblock1: 3,
  superblock2: 4,
  revoke: 5,
} as const;

/** Bytes of the journal's superblock. */
export const JOURNAL_SUPERBLOCK_BYTES = 1024;

/** Byte offsets of the fields of the journal's superblock. From `featuresCompat` on: version 2. */
export const JOURNAL_SUPERBLOCK = {
  blockBytes: 12, // u32
  blockCount: 16, // u32
  first: 20, // u32: the first block of the log.
  sequence: 24, // u32: of the first transaction in the log, or the next one.
  start: 28, // u32: where that one lies; 0: the log is empty.
  error: 32, // i32: why Linux gave the journal up.
  featuresCompat: 36, // u32
  featuresIncompat: 40, // u32
  featuresReadOnly: 44, // u32
  uuid: 48, // 16 bytes
  userCount: 64, // u32: file systems that write here.
  checksumKind: 80, // u8
  fastCommitBlocks: 84, // u32
  head: 88, // u32
  checksum: 252, // u32
  users: 256, // 16 bytes each
} as const;

/** The compatible feature that commit blocks hold a sum of what they commit. */
export const JOURNAL_COMPAT_CHECKSUM = 0x1;
/** There may be revoke blocks. */
export const JOURNAL_INCOMPAT_REVOKE = 0x1;
/** Block numbers have 64 bits. */
export const JOURNAL_INCOMPAT_64BIT = 0x2;
/** A commit block may reach the disk before what it commits. */
export const JOURNAL_INCOMPAT_ASYNC_COMMIT = 0x4;
/** Each block has a CRC-32C, of which tags hold 16 bits. */
export const JOURNAL_INCOMPAT_CHECKSUM_2 = 0x8;
/** Each block has a CRC-32C. */
export const JOURNAL_INCOMPAT_CHECKSUM_3 = 0x10;
/** Behind the log lie small changes in a format of their own. */
export const JOURNAL_INCOMPAT_FAST_COMMIT = 0x20;

/** Names of the journal's incompatible features by bit, as dumpe2fs spells them. */
export const JOURNAL_INCOMPAT_NAMES: ReadonlyMap<number, string> = new Map([
  [JOURNAL_INCOMPAT_REVOKE, "journal_incompat_revoke"],
  [JOURNAL_INCOMPAT_64BIT, "journal_64bit"],
  [JOURNAL_INCOMPAT_ASYNC_COMMIT, "journal_async_commit"],
  [JOURNAL_INCOMPAT_CHECKSUM_2, "journal_checksum_v2"],
  [JOURNAL_INCOMPAT_CHECKSUM_3, "journal_checksum_v3"],
  [JOURNAL_INCOMPAT_FAST_COMMIT, "fast_commit"],
]);

/** Values of `checksumKind`. */
export const JOURNAL_CHECKSUM_KIND = { crc32: 1, crc32c: 4 } as const;

/** Byte offsets of a tag of a descriptor block without `CHECKSUM_3`: 8 to 14 bytes. */
export const JOURNAL_TAG = {
  block: 0, // u32
  checksum: 4, // u16
  flags: 6, // u16
  blockHigh: 8, // u32
} as const;

/** Byte offsets of a tag with `CHECKSUM_3`: 16 bytes. */
export const JOURNAL_TAG_3 = {
  block: 0, // u32
  flags: 4, // u32
  blockHigh: 8, // u32
  checksum: 12, // u32
} as const;

/** Bits of a tag's `flags`. */
export const JOURNAL_TAG_FLAG = {
  escaped: 1, // The image begins with the magic, which was zeroed.
  sameUuid: 2, // No UUID of 16 bytes follows.
  last: 8,
} as const;

/** Bytes of a UUID behind a tag. */
export const JOURNAL_TAG_UUID_BYTES = 16;

/** Byte offset of a revoke block's count of bytes in use, a u32, and of its first number. */
export const JOURNAL_REVOKE = { byteCount: 12, numbers: 16 } as const;

/** Byte offsets of the fields of a commit block. */
export const JOURNAL_COMMIT = {
  checksumKind: 12, // u8
  checksumBytes: 13, // u8
  checksum: 16, // u32
  seconds: 48, // u64
} as const;
