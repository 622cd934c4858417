/**
 * The ext2 group descriptor: 32 bytes per block group, in a table from block 1 on.
 *
 * Source: Linux `fs/ext2/ext2.h`, `struct ext2_group_desc`.
 *
 * @module
 */

/** Bytes of one descriptor. */
export const GROUP_DESCRIPTOR_BYTES = 32;

/** Byte offsets of a descriptor's fields. */
export const GROUP_DESCRIPTOR = {
  blockBitmap: 0, // u32, block number
  inodeBitmap: 4, // u32, block number
  inodeTable: 8, // u32, first block number
  blocksFree: 12, // u16
  inodesFree: 14, // u16
  directories: 16, // u16
} as const;
