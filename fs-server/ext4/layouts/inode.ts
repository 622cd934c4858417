/**
 * The ext2 inode: 128 bytes, and behind them, in larger inodes, finer times.
 *
 * Source: Linux `fs/ext4/ext4.h`, `struct ext4_inode` (ext2's plus the extra fields).
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
  sectors: 28, // u32: units of 512 bytes, indirect blocks included.
  flags: 32, // u32
  pointers: 40, // 15 x u32
  generation: 100, // u32
  attributeBlock: 104, // u32: extended attributes
  sizeHigh: 108, // u32, regular files only
  uidHigh: 120, // u16
  gidHigh: 122, // u16
  extraBytes: 128, // u16: how many bytes behind the first 128 mean something.
  ctimeExtra: 132, // u32: 2 bits of epoch, 30 bits of nanoseconds
  mtimeExtra: 136, // u32
  atimeExtra: 140, // u32
  birthTime: 144, // i32, seconds
  birthTimeExtra: 148, // u32
} as const;

/** Bits of `mode` that hold the type. */
export const MODE_TYPE = 0o170000;
/** `mode` of a regular file. */
export const MODE_FILE = 0o100000;
/** `mode` of a directory. */
export const MODE_DIRECTORY = 0o040000;
/** `mode` of a symbolic link. */
export const MODE_SYMLINK = 0o120000;
/** Bits of `mode` that a client may set. */
export const MODE_PERMISSIONS = 0o7777;

/** Bit of `flags`: the directory carries a hash tree, which Hako does not keep up. */
export const FLAG_INDEX = 0x1000;
/** Bits of `flags` that make the data something else than block pointers, or fix it. */
export const FLAGS_UNSUPPORTED = 0x80000 | 0x10000000 | 0x800; // extents, inline data, encrypted

/** The inode of the root directory. */
export const ROOT_INODE = 2;
/** The inode of `/lost+found` on a new file system: the first that is not reserved. */
export const LOST_FOUND_INODE = 11;

/** Header of a block of extended attributes: magic at 0, number of inodes that share it at 4. */
export const ATTRIBUTE_BLOCK = { magic: 0, references: 4 } as const;
/** What the magic of a block of extended attributes holds. */
export const ATTRIBUTE_BLOCK_MAGIC = 0xea020000;
