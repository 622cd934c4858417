/**
 * The numbers of FUSE's requests and notifications, as `linux/fuse.h` has them.
 *
 * Versions 7.31 (Linux 5.4) to 7.45 (Linux 6.18). What came after 7.31 is marked.
 *
 * @module
 */

/** What Linux asks for: the field `opcode` of a request. */
export const OPCODE = {
  LOOKUP: 1,
  FORGET: 2, // No answer.
  GETATTR: 3,
  SETATTR: 4,
  READLINK: 5,
  SYMLINK: 6,
  MKNOD: 8,
  MKDIR: 9,
  UNLINK: 10,
  RMDIR: 11,
  RENAME: 12,
  LINK: 13,
  OPEN: 14,
  READ: 15,
  WRITE: 16,
  STATFS: 17,
  RELEASE: 18,
  FSYNC: 20,
  SETXATTR: 21,
  GETXATTR: 22,
  LISTXATTR: 23,
  REMOVEXATTR: 24,
  FLUSH: 25,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
  RELEASEDIR: 29,
  FSYNCDIR: 30,
  GETLK: 31,
  SETLK: 32,
  SETLKW: 33,
  ACCESS: 34,
  CREATE: 35,
  INTERRUPT: 36, // No answer.
  BMAP: 37,
  DESTROY: 38,
  IOCTL: 39,
  POLL: 40,
  NOTIFY_REPLY: 41, // No answer.
  BATCH_FORGET: 42, // No answer.
  FALLOCATE: 43,
  READDIRPLUS: 44,
  RENAME2: 45,
  LSEEK: 46,
  COPY_FILE_RANGE: 47,
  SETUPMAPPING: 48,
  REMOVEMAPPING: 49,
  SYNCFS: 50, // 7.34
  TMPFILE: 51, // 7.37
  STATX: 52, // 7.39
  COPY_FILE_RANGE_64: 53, // 7.45
} as const;

/** What we may tell Linux unasked: it takes the place of the error in an answer's header. */
export const NOTIFY = {
  POLL: 1,
  INVAL_INODE: 2,
  INVAL_ENTRY: 3,
  STORE: 4,
  RETRIEVE: 5,
  DELETE: 6,
  RESEND: 7, // 7.40
  INC_EPOCH: 8, // 7.44
  PRUNE: 9, // 7.45
} as const;

/** The number of the protocol that this folder speaks. */
export const KERNEL_VERSION = 7;

/** The newest minor number whose facts are known here. */
export const KERNEL_MINOR_VERSION = 45;

/** The oldest minor number that is spoken: that of Linux 5.4. */
export const KERNEL_MINOR_VERSION_MIN = 31;
