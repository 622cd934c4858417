/**
 * Extended attributes: behind the fields of a large inode, and in a block of their own that several
 * inodes may share. Little-endian.
 *
 * ```
 * inode:   magic | entry entry ... 0 |    free    | values, the first one last
 * block:   header, 32 bytes | entry entry ... 0 |   free   | values
 * ```
 * A value's offset counts from the first entry in an inode, and from the block's beginning there.
 *
 * Source: Linux `Documentation/filesystems/ext4/attributes.rst`.
 *
 * @module
 */

/** What stands before the first entry in an inode, and at the beginning of a block. */
export const XATTR_MAGIC = 0xea02_0000;

/** Bytes of the magic before the first entry in an inode. */
export const XATTR_INODE_HEADER_BYTES = 4;

/** Bytes of the zero behind the last entry. */
export const XATTR_END_BYTES = 4;

/** Byte offsets of the fields of a block's header: u32 each. */
export const XATTR_BLOCK = {
  magic: 0,
  references: 4, // Inodes that share it.
  blockCount: 8, // Always 1.
  hash: 12, // Of all entries.
  checksum: 16,
} as const;

/** Bytes of a block's header. */
export const XATTR_BLOCK_HEADER_BYTES = 32;

/** Most inodes that share a block. */
export const XATTR_REFERENCES_MAX = 1024;

/** Byte offsets of an entry's fields. */
export const XATTR_ENTRY = {
  nameBytes: 0, // u8
  prefix: 1, // u8: see `XATTR_PREFIX`.
  valueOffset: 2, // u16
  valueInode: 4, // u32: 0 unless the value fills an inode of its own.
  valueBytes: 8, // u32
  hash: 12, // u32: of name and value; in an inode it may be 0.
  name: 16, // padded to 4
} as const;

/** Values of `prefix`: what stands before the name. */
export const XATTR_PREFIX = {
  user: 1,
  posixAclAccess: 2, // All of the name.
  posixAclDefault: 3, // All of the name.
  trusted: 4,
  security: 6,
} as const;

/** Version of an access control list as it is stored. */
export const ACL_STORED_VERSION = 1;
/** Version of an access control list as programs see it. */
export const ACL_SHOWN_VERSION = 2;

/** Values of the tag of an entry of an access control list. */
export const ACL_TAG = {
  owner: 0x01,
  user: 0x02,
  owningGroup: 0x04,
  group: 0x08,
  mask: 0x10,
  other: 0x20,
} as const;
