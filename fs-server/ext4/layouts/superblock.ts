/**
 * The ext2 superblock: 1024 bytes at byte 1024 of the volume, little-endian.
 *
 * Source: Linux `fs/ext2/ext2.h` and `Documentation/filesystems/ext4/super.rst`. An offset is
 * written here and nowhere else.
 *
 * @module
 */

/** Byte offset of the superblock in block 0: what stands before it belongs to a boot loader. */
export const SUPERBLOCK_OFFSET = 1024;

/** Bytes of the superblock. */
export const SUPERBLOCK_BYTES = 1024;

/** What `magic` holds. */
export const SUPERBLOCK_MAGIC = 0xef53;

/** Byte offsets of the superblock's fields. */
export const SUPERBLOCK = {
  inodeCount: 0, // u32
  blockCount: 4, // u32
  blocksReserved: 8, // u32: for root, who is everybody in Hako.
  blocksFree: 12, // u32
  inodesFree: 16, // u32
  firstDataBlock: 20, // u32: 0 with 4 KiB blocks.
  blockSizeLog: 24, // u32: block size is 1024 << this.
  fragmentSizeLog: 28, // u32
  blocksPerGroup: 32, // u32
  fragmentsPerGroup: 36, // u32
  inodesPerGroup: 40, // u32
  mountTime: 44, // u32, seconds
  writeTime: 48, // u32, seconds
  mountCount: 52, // u16
  mountCountMax: 54, // i16
  magic: 56, // u16
  state: 58, // u16: bit 0 = cleanly unmounted.
  onErrors: 60, // u16
  checkTime: 64, // u32, seconds
  revision: 76, // u32
  firstInode: 84, // u32
  inodeBytes: 88, // u16
  ownGroup: 90, // u16: the group that this copy lies in.
  featuresCompat: 92, // u32
  featuresIncompat: 96, // u32
  featuresReadOnly: 100, // u32
  uuid: 104, // 16 bytes
  label: 120, // 16 bytes
  descriptorBlocksReserved: 206, // u16: kept for growth by resize_inode.
  lastOrphan: 232, // u32: head of the list of unlinked but open inodes.
  mkfsTime: 264, // u32, seconds
  extraBytesMin: 348, // u16
  extraBytesWanted: 350, // u16
} as const;

/** Bit of `state`: the file system was unmounted in order. */
export const STATE_CLEAN = 1;

/** `onErrors`: go on. */
export const ON_ERRORS_CONTINUE = 1;

/** The feature that a journal exists. Compatible by its bit, refused by us: see `geometry.ts`. */
export const COMPAT_HAS_JOURNAL = 0x4;
/** Backups of the superblock lie in two groups named in the superblock. */
export const COMPAT_SPARSE_SUPER2 = 0x200;
/** Directory entries carry the type of their inode. */
export const INCOMPAT_FILETYPE = 0x2;
/** Backups of the superblock lie in groups 0, 1 and powers of 3, 5 and 7. */
export const READ_ONLY_SPARSE_SUPER = 0x1;
/** Some file is, or was, of 2 GiB or more. */
export const READ_ONLY_LARGE_FILE = 0x2;
/** Every inode has at least `extraBytesMin` bytes behind its first 128. */
export const READ_ONLY_EXTRA_ISIZE = 0x40;

/** Names of incompatible features by bit, as mke2fs spells them. */
export const INCOMPAT_NAMES: ReadonlyMap<number, string> = new Map([
  [0x1, "compression"],
  [0x2, "filetype"],
  [0x4, "needs_recovery"],
  [0x8, "journal_dev"],
  [0x10, "meta_bg"],
  [0x40, "extents"],
  [0x80, "64bit"],
  [0x100, "mmp"],
  [0x200, "flex_bg"],
  [0x400, "ea_inode"],
  [0x1000, "dirdata"],
  [0x2000, "metadata_csum_seed"],
  [0x4000, "large_dir"],
  [0x8000, "inline_data"],
  [0x10000, "encrypt"],
  [0x20000, "casefold"],
]);

/** Names of features that only a reader may ignore, by bit, as mke2fs spells them. */
export const READ_ONLY_NAMES: ReadonlyMap<number, string> = new Map([
  [0x1, "sparse_super"],
  [0x2, "large_file"],
  [0x4, "btree_dir"],
  [0x8, "huge_file"],
  [0x10, "uninit_bg"],
  [0x20, "dir_nlink"],
  [0x40, "extra_isize"],
  [0x100, "quota"],
  [0x200, "bigalloc"],
  [0x400, "metadata_csum"],
  [0x1000, "read-only"],
  [0x2000, "project"],
  [0x4000, "shared_blocks"],
  [0x8000, "verity"],
  [0x10000, "orphan_present"],
]);
