/**
 * The bits of FUSE's flag words, as `linux/fuse.h` has them.
 *
 * @module
 */

/** The first 32 flags of INIT, in `flags` of both structs. */
export const INIT = {
  ASYNC_READ: 1 << 0,
  POSIX_LOCKS: 1 << 1,
  FILE_OPS: 1 << 2,
  ATOMIC_O_TRUNC: 1 << 3,
  EXPORT_SUPPORT: 1 << 4,
  BIG_WRITES: 1 << 5,
  DONT_MASK: 1 << 6,
  SPLICE_WRITE: 1 << 7,
  SPLICE_MOVE: 1 << 8,
  SPLICE_READ: 1 << 9,
  FLOCK_LOCKS: 1 << 10,
  HAS_IOCTL_DIR: 1 << 11,
  AUTO_INVAL_DATA: 1 << 12,
  DO_READDIRPLUS: 1 << 13,
  READDIRPLUS_AUTO: 1 << 14,
  ASYNC_DIO: 1 << 15,
  WRITEBACK_CACHE: 1 << 16,
  NO_OPEN_SUPPORT: 1 << 17,
  PARALLEL_DIROPS: 1 << 18,
  HANDLE_KILLPRIV: 1 << 19,
  POSIX_ACL: 1 << 20,
  ABORT_ERROR: 1 << 21,
  MAX_PAGES: 1 << 22,
  CACHE_SYMLINKS: 1 << 23,
  NO_OPENDIR_SUPPORT: 1 << 24,
  EXPLICIT_INVAL_DATA: 1 << 25,
  MAP_ALIGNMENT: 1 << 26,
  SUBMOUNTS: 1 << 27, // 7.32
  HANDLE_KILLPRIV_V2: 1 << 28, // 7.33
  SETXATTR_EXT: 1 << 29, // 7.33
  INIT_EXT: 1 << 30, // 7.36: `flags2` counts.
} as const;

/** The next 32 flags of INIT, in `flags2` of both structs; only with `INIT.INIT_EXT`. */
export const INIT2 = {
  SECURITY_CTX: 1 << 0, // 7.36
  HAS_INODE_DAX: 1 << 1, // 7.36
  CREATE_SUPP_GROUP: 1 << 2, // 7.38
  HAS_EXPIRE_ONLY: 1 << 3, // 7.38
  DIRECT_IO_ALLOW_MMAP: 1 << 4, // 7.39
  PASSTHROUGH: 1 << 5, // 7.40
  NO_EXPORT_SUPPORT: 1 << 6, // 7.40
  HAS_RESEND: 1 << 7, // 7.40
  ALLOW_IDMAP: 1 << 8, // 7.41
  OVER_IO_URING: 1 << 9, // 7.42
  REQUEST_TIMEOUT: 1 << 10, // 7.43
} as const;

/** Which fields of SETATTR count: its `valid`. */
export const FATTR = {
  MODE: 1 << 0,
  UID: 1 << 1,
  GID: 1 << 2,
  SIZE: 1 << 3,
  ATIME: 1 << 4,
  MTIME: 1 << 5,
  FH: 1 << 6,
  ATIME_NOW: 1 << 7,
  MTIME_NOW: 1 << 8,
  LOCKOWNER: 1 << 9,
  CTIME: 1 << 10,
  KILL_SUIDGID: 1 << 11, // 7.33
} as const;

/** What an answer to OPEN or CREATE says of the open file: its `open_flags`. */
export const FOPEN = {
  DIRECT_IO: 1 << 0,
  KEEP_CACHE: 1 << 1,
  NONSEEKABLE: 1 << 2,
  CACHE_DIR: 1 << 3,
  STREAM: 1 << 4,
  NOFLUSH: 1 << 5, // 7.35
  PARALLEL_DIRECT_WRITES: 1 << 6, // 7.38
  PASSTHROUGH: 1 << 7, // 7.40
} as const;

/** Of OPEN and CREATE: `open_flags` of the request. */
export const OPEN_FLAG = { KILL_SUIDGID: 1 << 0 } as const;

/** Of GETATTR and STATX: `getattr_flags`. */
export const GETATTR_FLAG = { FH: 1 << 0 } as const;

/** Of READ: `read_flags`. */
export const READ_FLAG = { LOCKOWNER: 1 << 1 } as const;

/** Of WRITE: `write_flags`. */
export const WRITE_FLAG = { CACHE: 1 << 0, LOCKOWNER: 1 << 1, KILL_SUIDGID: 1 << 2 } as const;

/** Of RELEASE: `release_flags`. */
export const RELEASE_FLAG = { FLUSH: 1 << 0, FLOCK_UNLOCK: 1 << 1 } as const;

/** Of GETLK, SETLK and SETLKW: `lk_flags`. */
export const LK_FLAG = { FLOCK: 1 << 0 } as const;

/** Of FSYNC and FSYNCDIR: `fsync_flags`. */
export const FSYNC_FLAG = { FDATASYNC: 1 << 0 } as const;

/** Of SETXATTR: `setxattr_flags`, only where `INIT.SETXATTR_EXT` was agreed on. */
export const SETXATTR_FLAG = { ACL_KILL_SGID: 1 << 0 } as const;

/** Of a notification that a name has changed: its `flags`. */
export const INVAL_ENTRY_FLAG = { EXPIRE_ONLY: 1 << 0 } as const;

/** Of IOCTL: `flags`. */
export const IOCTL_FLAG = {
  COMPAT: 1 << 0,
  UNRESTRICTED: 1 << 1,
  RETRY: 1 << 2,
  BITS_32: 1 << 3,
  DIR: 1 << 4,
  COMPAT_X32: 1 << 5,
} as const;

/** What `type` of a lock says, as `fcntl(2)` has it on x86-64 and arm64. */
export const LOCK_TYPE = { READ: 0, WRITE: 1, UNLOCK: 2 } as const;
