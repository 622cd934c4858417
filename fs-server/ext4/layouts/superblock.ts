/**
 * The superblock: 1024 bytes at byte 1024 of the volume, little-endian.
 *
 * Source: Linux `Documentation/filesystems/ext4/super.rst`. An offset is written here and nowhere
 * else.
 *
 * @module
 */

/** Byte offset of the superblock on the disk: what stands before it belongs to a boot loader. */
export const SUPERBLOCK_OFFSET = 1024;

/** Bytes of the superblock. */
export const SUPERBLOCK_BYTES = 1024;

/** What `magic` holds. */
export const SUPERBLOCK_MAGIC = 0xef53;

/** Byte offsets of the superblock's fields. */
export const SUPERBLOCK = {
  inodeCount: 0, // u32
  blockCount: 4, // u32, low half
  blocksReserved: 8, // u32, low half: for root alone.
  blocksFree: 12, // u32, low half
  inodesFree: 16, // u32
  firstDataBlock: 20, // u32: 1 with 1 KiB blocks, else 0.
  blockSizeLog: 24, // u32: block size is 1024 << this.
  fragmentSizeLog: 28, // u32: with bigalloc the cluster's size, else the block's.
  blocksPerGroup: 32, // u32
  fragmentsPerGroup: 36, // u32
  inodesPerGroup: 40, // u32
  mountTime: 44, // u32, seconds
  writeTime: 48, // u32, seconds
  mountCount: 52, // u16
  mountCountMax: 54, // i16
  magic: 56, // u16
  state: 58, // u16: see `STATE_CLEAN`.
  onErrors: 60, // u16
  checkTime: 64, // u32, seconds
  checkInterval: 68, // u32, seconds
  creator: 72, // u32: 0 is Linux.
  revision: 76, // u32
  reserveUid: 80, // u16: may use the reserved blocks like root.
  reserveGid: 82, // u16
  firstInode: 84, // u32: first inode that is not reserved.
  inodeBytes: 88, // u16
  ownGroup: 90, // u16: the group that this copy lies in.
  featuresCompat: 92, // u32
  featuresIncompat: 96, // u32
  featuresReadOnly: 100, // u32
  uuid: 104, // 16 bytes
  label: 120, // 16 bytes
  lastMounted: 136, // 64 bytes
  descriptorBlocksReserved: 206, // u16: kept for growth by resize_inode.
  journalUuid: 208, // 16 bytes
  journalInode: 224, // u32
  journalDevice: 228, // u32
  lastOrphan: 232, // u32: head of the list of unlinked but open inodes.
  hashSeed: 236, // 4 x u32
  hashVersion: 252, // u8
  journalBackupType: 253, // u8: 1 if `journalBlocks` is a copy of the journal inode's pointers.
  descriptorBytes: 254, // u16, with 64bit
  defaultMountOptions: 256, // u32
  firstMetaGroup: 260, // u32: first block of descriptors that meta_bg moves.
  mkfsTime: 264, // u32, seconds
  journalBlocks: 268, // 17 x u32: pointers, size high, size low.
  blockCountHigh: 336, // u32
  blocksReservedHigh: 340, // u32
  blocksFreeHigh: 344, // u32
  extraBytesMin: 348, // u16
  extraBytesWanted: 350, // u16
  flags: 352, // u32: see `FLAG_SIGNED_HASH`.
  stride: 356, // u16
  stripeWidth: 368, // u32
  flexGroupsLog: 372, // u8: groups in a flex group are 1 << this.
  checksumType: 373, // u8: 1 is CRC-32C.
  kilobytesWritten: 376, // u64
  errorCount: 404, // u32
  overheadBlocks: 584, // u32
  backupGroups: 588, // 2 x u32, with sparse_super2
  lostFoundInode: 616, // u32
  projectQuotaInode: 620, // u32
  checksumSeed: 624, // u32, with metadata_csum_seed
  writeTimeHigh: 628, // u8
  mountTimeHigh: 629, // u8
  mkfsTimeHigh: 630, // u8
  checkTimeHigh: 631, // u8
  orphanFileInode: 640, // u32
  checksum: 1020, // u32: CRC-32C of all before it.
} as const;

/** Bit of `state`: the file system was unmounted in order. */
export const STATE_CLEAN = 1;
/** Bit of `state`: somebody found damage. */
export const STATE_ERRORS = 2;

/** `onErrors`: go on. */
export const ON_ERRORS_CONTINUE = 1;

/** Bit of `flags`: names are hashed as signed characters. */
export const FLAG_SIGNED_HASH = 1;
/** Bit of `flags`: names are hashed as unsigned characters. */
export const FLAG_UNSIGNED_HASH = 2;

/** `checksumType`: CRC-32C, the only one there is. */
export const CHECKSUM_CRC32C = 1;

/** Features that anybody may ignore, by their names in mke2fs. */
export const COMPAT = {
  dirPrealloc: 0x1,
  imagicInodes: 0x2,
  /** There is a journal. */
  hasJournal: 0x4,
  /** Inodes may have extended attributes. */
  extAttr: 0x8,
  /** An inode holds blocks behind the descriptors, for growth. */
  resizeInode: 0x10,
  /** Directories may have hash trees. */
  dirIndex: 0x20,
  /** Copies of the superblock lie in two groups that the superblock names. */
  sparseSuper2: 0x200,
  /** The journal may hold fast commits. */
  fastCommit: 0x400,
  /** Numbers of inodes and the UUID do not change. */
  stableInodes: 0x800,
  /** A file holds the orphans. */
  orphanFile: 0x1000,
} as const;

/** Features without which nobody may mount. */
export const INCOMPAT = {
  compression: 0x1,
  /** Directory entries carry the type of their inode. */
  filetype: 0x2,
  /** The journal holds what was not yet written to its place. */
  needsRecovery: 0x4,
  journalDevice: 0x8,
  /** Descriptors lie in the groups that they describe. */
  metaGroups: 0x10,
  /** Files may be mapped by extents. */
  extents: 0x40,
  /** Block numbers have more than 32 bits. */
  sixtyFourBit: 0x80,
  mmp: 0x100,
  /** Bitmaps and inode tables of several groups lie together. */
  flexGroups: 0x200,
  eaInode: 0x400,
  dirData: 0x1000,
  /** The seed of checksums stands in the superblock. */
  checksumSeed: 0x2000,
  /** Hash trees of three levels, directories beyond 2 GiB. */
  largeDir: 0x4000,
  inlineData: 0x8000,
  encrypt: 0x10000,
  casefold: 0x20000,
} as const;

/** Features without which one may read but not write. */
export const READ_ONLY = {
  /** Copies of the superblock lie in groups 0, 1 and powers of 3, 5 and 7. */
  sparseSuper: 0x1,
  /** Some file is, or was, of 2 GiB or more. */
  largeFile: 0x2,
  btreeDir: 0x4,
  /** Counts of a file's blocks have more than 32 bits. */
  hugeFile: 0x8,
  /** Descriptors have a CRC-16, and groups may be uninitialised. */
  groupChecksums: 0x10,
  /** A directory may have more subdirectories than its links can count. */
  dirNlink: 0x20,
  /** Every inode has at least `extraBytesMin` bytes behind its first 128. */
  extraIsize: 0x40,
  snapshot: 0x80,
  quota: 0x100,
  bigalloc: 0x200,
  /** All metadata has a CRC-32C. */
  metadataChecksums: 0x400,
  replica: 0x800,
  readOnly: 0x1000,
  project: 0x2000,
  sharedBlocks: 0x4000,
  verity: 0x8000,
  /** The file of orphans may not be empty. */
  orphanPresent: 0x10000,
} as const;

/** Names of incompatible features by bit, as mke2fs spells them. */
export const INCOMPAT_NAMES: ReadonlyMap<number, string> = new Map([
  [INCOMPAT.compression, "compression"],
  [INCOMPAT.filetype, "filetype"],
  [INCOMPAT.needsRecovery, "needs_recovery"],
  [INCOMPAT.journalDevice, "journal_dev"],
  [INCOMPAT.metaGroups, "meta_bg"],
  [INCOMPAT.extents, "extent"],
  [INCOMPAT.sixtyFourBit, "64bit"],
  [INCOMPAT.mmp, "mmp"],
  [INCOMPAT.flexGroups, "flex_bg"],
  [INCOMPAT.eaInode, "ea_inode"],
  [INCOMPAT.dirData, "dirdata"],
  [INCOMPAT.checksumSeed, "metadata_csum_seed"],
  [INCOMPAT.largeDir, "large_dir"],
  [INCOMPAT.inlineData, "inline_data"],
  [INCOMPAT.encrypt, "encrypt"],
  [INCOMPAT.casefold, "casefold"],
]);

/** Names of features that only a reader may ignore, by bit, as mke2fs spells them. */
export const READ_ONLY_NAMES: ReadonlyMap<number, string> = new Map([
  [READ_ONLY.sparseSuper, "sparse_super"],
  [READ_ONLY.largeFile, "large_file"],
  [READ_ONLY.btreeDir, "btree_dir"],
  [READ_ONLY.hugeFile, "huge_file"],
  [READ_ONLY.groupChecksums, "uninit_bg"],
  [READ_ONLY.dirNlink, "dir_nlink"],
  [READ_ONLY.extraIsize, "extra_isize"],
  [READ_ONLY.snapshot, "snapshot"],
  [READ_ONLY.quota, "quota"],
  [READ_ONLY.bigalloc, "bigalloc"],
  [READ_ONLY.metadataChecksums, "metadata_csum"],
  [READ_ONLY.replica, "replica"],
  [READ_ONLY.readOnly, "read-only"],
  [READ_ONLY.project, "project"],
  [READ_ONLY.sharedBlocks, "shared_blocks"],
  [READ_ONLY.verity, "verity"],
  [READ_ONLY.orphanPresent, "orphan_present"],
]);
