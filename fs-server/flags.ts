/**
 * Flags, kinds and limits of the file system protocol. Numbers of flags and modes are those of Linux
 * on x86-64.
 *
 * @module
 */

/** Flags of `open`: one of the first three, and any of the rest. */
export const OPEN = {
  readOnly: 0,
  writeOnly: 1,
  readWrite: 2,
  /** The bits that hold one of the three above. */
  accessMask: 3,
  /** Make the file if there is none. */
  create: 0o100,
  /** With `create`: fail if there is one. */
  exclusive: 0o200,
  /** Cut the file to nothing. */
  truncate: 0o1000,
  /** Every write goes to the end. */
  append: 0o2000,
  /** Every write is durable when it is answered, with what is needed to read it again. */
  dataSync: 0o10000,
  /** Fail unless it is a directory. */
  directory: 0o200000,
  /** Fail if the path ends at a symbolic link. */
  noFollow: 0o400000,
  /** Reads leave the time of access alone. */
  noAccessTime: 0o1000000,
  /** Every write is durable when it is answered, with all that is told of the file. */
  sync: 0o4010000,
  /** Only names the place: for `at` of other operations, and for `fstat`. */
  path: 0o10000000,
} as const;

/** Flags of `rename`. */
export const RENAME = {
  /** Fail if something stands at the target. */
  noReplace: 1,
  /** Let the two change places. */
  exchange: 2,
} as const;

/** What `access` asks for: any of these bits; 0 asks whether something stands there. */
export const ACCESS = { execute: 1, write: 2, read: 4 } as const;

/** Which times `utimens` sets: any of these bits. */
export const TIMES = { atime: 1, mtime: 2, atimeNow: 4, mtimeNow: 8 } as const;

/** What `allocate` does: any of these bits, as `fallocate` has them. */
export const ALLOCATE = { keepSize: 1, punchHole: 2, zeroRange: 16 } as const;

/**
 * How `setxattr` treats what is there. `dropSetGroup`: with an access control list, the file's
 * set-group-id bit goes, since whoever asks is no member of its group.
 */
export const XATTR = { create: 1, replace: 2, dropSetGroup: 32 } as const;

/** Kinds of lock. */
export const LOCK = { none: 0, shared: 1, exclusive: 2 } as const;

/** Kinds of lease: what a client may keep of a file in its session's window. */
export const LEASE = { none: 0, read: 1, write: 2 } as const;

/** What `watch` tells of; `none` says no more than the last number. */
export const WATCH_EVENT = { none: 0, rename: 1, change: 2, overflow: 4 } as const;

/** What `changes` tells of; `none` says no more than the last number. */
export const CHANGE = { none: 0, data: 1, attributes: 2, name: 3, overflow: 4 } as const;

/**
 * Further requests of a client for which one of its requests may wait. Slots come round after 64: one
 * that waits longer is answered that it is to be asked again.
 */
export const WAIT_REQUESTS_MAX = 32;

/** Longest name of an extended attribute with its prefix (`user.` and the like), in bytes. */
export const XATTR_NAME_BYTES_MAX = 255;
