/**
 * The inode: 128 bytes, and behind them, in larger inodes, finer times and more.
 *
 * Source: Linux `Documentation/filesystems/ext4/inodes.rst`.
 *
 * @module
 */

/** Bytes of the inode of 1993; revision 1 images may have larger ones. */
export const INODE_BYTES_MIN = 128;

/** Block pointers in an inode: 12 direct, then single, double and triple indirect. */
export const POINTERS_IN_INODE = 15;

/** Of those, how many name data blocks themselves. */
export const POINTERS_DIRECT = 12;

/** Longest target that a symbolic link keeps inside its inode, in place of the pointers. */
export const FAST_SYMLINK_BYTES_MAX = 59;

/** Bytes behind the first 128 that Hako writes: up to and with the project id. */
export const EXTRA_BYTES = 32;

/** Byte offsets of an inode's fields. */
export const INODE = {
  mode: 0, // u16
  uid: 2, // u16, low half
  sizeLow: 4, // u32
  atime: 8, // i32, seconds
  ctime: 12, // i32, seconds
  mtime: 16, // i32, seconds
  dtime: 20, // u32: time of deletion; next orphan while unlinked but open.
  gid: 24, // u16, low half
  links: 26, // u16
  sectors: 28, // u32, low half: units of 512 bytes, or of a block with `FLAG_HUGE`.
  flags: 32, // u32
  version: 36, // u32, low half
  pointers: 40, // 15 x u32
  generation: 100, // u32
  attributeBlock: 104, // u32, low half: extended attributes
  sizeHigh: 108, // u32, regular files only; directories with large_dir
  sectorsHigh: 116, // u16
  attributeBlockHigh: 118, // u16
  uidHigh: 120, // u16
  gidHigh: 122, // u16
  checksumLow: 124, // u16
  extraBytes: 128, // u16: how many bytes behind the first 128 mean something.
  checksumHigh: 130, // u16
  ctimeExtra: 132, // u32: 2 bits of epoch, 30 bits of nanoseconds
  mtimeExtra: 136, // u32
  atimeExtra: 140, // u32
  birthTime: 144, // i32, seconds
  birthTimeExtra: 148, // u32
  versionHigh: 152, // u32
  project: 156, // u32
} as const;

/** Bits of `mode` that hold the type. */
export const MODE_TYPE = 0o170000;
/** `mode` of a regular file. */
export const MODE_FILE = 0o100000;
/** `mode` of a directory. */
export const MODE_DIRECTORY = 0o040000;
/** `mode` of a symbolic link. */
export const MODE_SYMLINK = 0o120000;
/** `mode` of a character device. */
export const MODE_CHARACTER_DEVICE = 0o020000;
/** `mode` of a block device. */
export const MODE_BLOCK_DEVICE = 0o060000;
/** `mode` of a named pipe. */
export const MODE_FIFO = 0o010000;
/** `mode` of a socket. */
export const MODE_SOCKET = 0o140000;
/** Bits of `mode` that a client may set. */
export const MODE_PERMISSIONS = 0o7777;

/** Bit of `flags`: nobody may change it. */
export const FLAG_IMMUTABLE = 0x10;
/** Bit of `flags`: it may only grow. */
export const FLAG_APPEND = 0x20;
/** Bit of `flags`: the directory carries a hash tree. */
export const FLAG_INDEX = 0x1000;
/** Bit of `flags`: `sectors` counts blocks. */
export const FLAG_HUGE = 0x40000;
/** Bit of `flags`: the pointers hold the root of a tree of extents. */
export const FLAG_EXTENTS = 0x80000;
/** Bits of `flags` that make the data something that we cannot read: encrypted, inline. */
export const FLAGS_UNREADABLE = 0x800 | 0x10000000;

/** The inode of the root directory. */
export const ROOT_INODE = 2;
/** The inode that holds blocks for growth. */
export const RESIZE_INODE = 7;
/** The inode of the journal, as mke2fs has it. */
export const JOURNAL_INODE = 8;
/** The inode of `/lost+found` on a new file system: the first that is not reserved. */
export const LOST_FOUND_INODE = 11;

/** Header of a block of extended attributes: magic at 0, number of inodes that share it at 4. */
export const ATTRIBUTE_BLOCK = { magic: 0, references: 4 } as const;
/** What the magic of a block of extended attributes holds. */
export const ATTRIBUTE_BLOCK_MAGIC = 0xea020000;
