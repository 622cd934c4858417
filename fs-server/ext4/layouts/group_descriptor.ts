/**
 * The group descriptor: 32 bytes per block group, or as many as the superblock says with 64bit.
 *
 * Source: Linux `Documentation/filesystems/ext4/group_descr.rst`.
 *
 * @module
 */

/** Bytes of one descriptor without 64bit. */
export const GROUP_DESCRIPTOR_BYTES = 32;

/** Bytes of one descriptor up to and with the last field that we know. */
export const GROUP_DESCRIPTOR_BYTES_64 = 64;

/** Byte offsets of a descriptor's fields. Those from 32 on exist with 64bit alone. */
export const GROUP_DESCRIPTOR = {
  blockBitmap: 0, // u32, block number, low half
  inodeBitmap: 4, // u32, block number, low half
  inodeTable: 8, // u32, first block number, low half
  blocksFree: 12, // u16, low half
  inodesFree: 14, // u16, low half
  directories: 16, // u16, low half
  flags: 18, // u16: see `GROUP_FLAG`.
  blockBitmapChecksum: 24, // u16, low half
  inodeBitmapChecksum: 26, // u16, low half
  inodesUnused: 28, // u16, low half: inodes at the end of the table that were never used.
  checksum: 30, // u16
  blockBitmapHigh: 32, // u32
  inodeBitmapHigh: 36, // u32
  inodeTableHigh: 40, // u32
  blocksFreeHigh: 44, // u16
  inodesFreeHigh: 46, // u16
  directoriesHigh: 48, // u16
  inodesUnusedHigh: 50, // u16
  blockBitmapChecksumHigh: 56, // u16
  inodeBitmapChecksumHigh: 58, // u16
} as const;

/** Bits of `flags`; they mean something only where descriptors have checksums. */
export const GROUP_FLAG = {
  /** The bitmap of inodes was never written: none is taken. */
  inodesUninitialised: 1,
  /** The bitmap of blocks was never written: only metadata of groups is taken. */
  blocksUninitialised: 2,
  /** Inodes that were never used are zero on the disk. */
  tableZeroed: 4,
} as const;
