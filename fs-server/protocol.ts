/**
 * What a file system promises to whoever holds its endpoint.
 *
 * Paths are bytes in a window, with `/` between names. One that begins with `/` starts at the root,
 * any other at the open directory `at`, or at the root if `at` is 0. An empty path names what `at`
 * has open. One that begins with a reference (`layouts/reference.ts`) names that inode itself, or
 * starts there. Numbers of flags and modes are those of Linux on x86-64.
 *
 * `as` says on whose authority: 0 is the client's own, any other was answered by `credential`.
 *
 * A request is done exactly once, whoever dies meanwhile. What `fsync` answered before survives the
 * death of the process.
 *
 * @module
 */

import {
  bool,
  bytes,
  defineProtocol,
  f64,
  fixedBytes,
  type Operations,
  type Protocol,
  u32,
  u64,
  window,
} from "@hako/ipc";
import { XATTR_NAME_BYTES_MAX } from "./flags.ts";
import { ATTRIBUTES_BYTES } from "./layouts/attributes.ts";

export {
  ACCESS,
  ALLOCATE,
  CHANGE,
  LEASE,
  LOCK,
  OPEN,
  RENAME,
  TIMES,
  WAIT_REQUESTS_MAX,
  WATCH_EVENT,
  XATTR,
  XATTR_NAME_BYTES_MAX,
} from "./flags.ts";

const WALK = [
  "EACCES",
  "EBADF",
  "EBADMSG",
  "EINVAL",
  "EIO",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOENT",
  "ENOMEM",
  "ENOTDIR",
  "EPERM",
  "ESTALE",
  "EUCLEAN",
] as const;
const MAKE = [...WALK, "EEXIST", "EMLINK", "ENOSPC", "EROFS"] as const;
const ALTER = [...WALK, "ENOSPC", "EROFS"] as const;
const LOOK = ["EBADF", "EBADMSG", "EINVAL", "EIO", "ENOMEM", "ESTALE", "EUCLEAN"] as const;
const STORE = [...LOOK, "EFBIG", "ENOSPC", "EPERM", "EROFS"] as const;

/** Exported only so that the type of `FileSystem` is public. @internal */
export const operations = {
  /**
   * Opens a file or a directory, or makes a file: with the permissions of `mode` but those of
   * `umask`, which does not count where the directory has a default access control list. `leaseSlot`
   * is the number of a free slot of the session and one more, or 0: the answer's `lease` says what
   * the client may keep (`LEASE`).
   */
  open: {
    code: 1, // Codes are for ever: append, never reuse.
    request: {
      at: u32,
      path: window("read"),
      flags: u32,
      mode: u32,
      as: u32,
      leaseSlot: u32,
      umask: u32,
    },
    reply: { handle: u32, lease: u32, attributes: fixedBytes(ATTRIBUTES_BYTES) },
    errors: [...MAKE, "EFBIG", "EISDIR", "EMFILE", "ENFILE", "ENXIO", "EOPNOTSUPP"],
    idempotent: false,
  },
  /** Closes a handle; the last one of a file without a name frees the file. */
  close: { code: 2, request: { handle: u32 }, errors: STORE, idempotent: false },
  /** Reads from `offset` on; answers the count, less than asked for only at the end. */
  read: {
    code: 3,
    request: { handle: u32, offset: u64, target: window("write") },
    errors: [...LOOK, "EISDIR"],
    idempotent: true,
  },
  /**
   * Writes from `offset` on, or with `append` at the end; answers the count, which is less than
   * asked for if the disk got full or one transaction does not hold more. With `keepTimes` the file's
   * times stay: who has kept the data for long sets them by `utimens`.
   */
  write: {
    code: 4,
    request: {
      handle: u32,
      offset: u64,
      append: bool,
      source: window("read"),
      keepTimes: bool,
    },
    errors: STORE,
    idempotent: false,
  },
  /** Tells what stands at a path; with `follow` beyond a symbolic link at its end. */
  stat: {
    code: 5,
    request: { at: u32, path: window("read"), follow: bool, as: u32 },
    reply: { attributes: fixedBytes(ATTRIBUTES_BYTES) },
    errors: WALK,
    idempotent: true,
  },
  /** Tells the same of an open file. */
  fstat: {
    code: 6,
    request: { handle: u32 },
    reply: { attributes: fixedBytes(ATTRIBUTES_BYTES) },
    errors: LOOK,
    idempotent: true,
  },
  /** Makes a directory; `umask` as for `open`. */
  mkdir: {
    code: 7,
    request: { at: u32, path: window("read"), mode: u32, as: u32, umask: u32 },
    errors: MAKE,
    idempotent: false,
  },
  /** Removes an empty directory. */
  rmdir: {
    code: 8,
    request: { at: u32, path: window("read"), as: u32 },
    errors: [...ALTER, "EBUSY", "ENOTEMPTY"],
    idempotent: false,
  },
  /** Removes a name that is no directory's; the file goes with the last name and handle. */
  unlink: {
    code: 9,
    request: { at: u32, path: window("read"), as: u32 },
    errors: [...ALTER, "EISDIR"],
    idempotent: false,
  },
  /** Moves a name, over what stands at the target, with nothing in between. Flags: `RENAME`. */
  rename: {
    code: 10,
    request: {
      sourceAt: u32,
      source: window("read"),
      targetAt: u32,
      target: window("read"),
      flags: u32,
      as: u32,
    },
    errors: [...MAKE, "EBUSY", "EISDIR", "ENOTEMPTY"],
    idempotent: false,
  },
  /** Gives a file another name; with `follow` the one that a symbolic link leads to. */
  link: {
    code: 11,
    request: {
      sourceAt: u32,
      source: window("read"),
      targetAt: u32,
      target: window("read"),
      follow: bool,
      as: u32,
    },
    errors: MAKE,
    idempotent: false,
  },
  /** Makes a symbolic link to `target`, which need not exist, at `path`. */
  symlink: {
    code: 12,
    request: { target: window("read"), at: u32, path: window("read"), as: u32 },
    errors: MAKE,
    idempotent: false,
  },
  /** Where a symbolic link points; answers the count of bytes, cut to the window. */
  readlink: {
    code: 13,
    request: { at: u32, path: window("read"), target: window("write"), as: u32 },
    errors: WALK,
    idempotent: true,
  },
  /** Makes an open file longer, with a hole, or shorter. */
  truncate: {
    code: 14,
    request: { handle: u32, size: u64 },
    errors: STORE,
    idempotent: false,
  },
  /** Sets the permissions of what stands at a path. */
  chmod: {
    code: 15,
    request: { at: u32, path: window("read"), follow: bool, mode: u32, as: u32 },
    errors: [...ALTER, "EOPNOTSUPP"],
    idempotent: false,
  },
  /** Sets owner and group; 0xffffffff leaves one as it is. */
  chown: {
    code: 16,
    request: { at: u32, path: window("read"), follow: bool, uid: u32, gid: u32, as: u32 },
    errors: ALTER,
    idempotent: false,
  },
  /** Sets times: those that `which` names by the bits of `TIMES`. */
  utimens: {
    code: 17,
    request: {
      at: u32,
      path: window("read"),
      /** Bits of `TIMES`, and 16 to follow a symbolic link at the end. */
      which: u32,
      as: u32,
      atimeSeconds: f64,
      mtimeSeconds: f64,
      atimeNanoseconds: u32,
      mtimeNanoseconds: u32,
    },
    errors: ALTER,
    idempotent: false,
  },
  /**
   * Packs names of an open directory into the window, as `ext4/layouts/dir_entry.ts` has them, from
   * `cookie` on: 0, or the `nextCookie` of an entry. Answers the bytes packed, 0 at the end. A name
   * that stays while the directory is listed is told exactly once.
   */
  readdir: {
    code: 18,
    request: { handle: u32, cookie: u64, target: window("write") },
    errors: [...LOOK, "ENOTDIR"],
    idempotent: true,
  },
  /** Returns when the file, or with handle 0 everything, would survive the death of the process. */
  fsync: {
    code: 19,
    request: { handle: u32, dataOnly: bool },
    errors: [...STORE],
    idempotent: true,
  },
  /** How large the file system is, and how full. */
  statfs: {
    code: 20,
    request: {},
    reply: {
      blockBytes: u32,
      /** Those that can hold files. */
      blockCount: u64,
      blocksFree: u64,
      /** What is free for others than root. */
      blocksAvailable: u64,
      inodeCount: u32,
      inodesFree: u32,
      nameBytesMax: u32,
      readOnly: bool,
    },
    errors: ["EIO", "ENOMEM"],
    idempotent: true,
  },
  /** Whether what stands at a path may be used so: bits of `ACCESS`. */
  access: {
    code: 21,
    request: { at: u32, path: window("read"), follow: bool, wanted: u32, as: u32 },
    errors: [...WALK, "EROFS"],
    idempotent: true,
  },
  /** Makes a file of any type that is no directory and no symbolic link; `umask` as for `open`. */
  mknod: {
    code: 22,
    request: { at: u32, path: window("read"), mode: u32, device: u32, as: u32, umask: u32 },
    errors: MAKE,
    idempotent: false,
  },
  /** Takes blocks for a range, punches a hole, or zeroes: bits of `ALLOCATE`. */
  allocate: {
    code: 23,
    request: { handle: u32, flags: u32, offset: u64, byteLength: u64 },
    errors: [...STORE, "ENODEV", "EOPNOTSUPP"],
    idempotent: false,
  },
  /** The next byte at or behind `offset` that lies in a hole, or that does not. */
  seek: {
    code: 24,
    request: { handle: u32, offset: u64, isHole: bool },
    reply: { offset: u64 },
    errors: [...LOOK, "ENXIO"],
    idempotent: true,
  },
  /** Reads an extended attribute; answers its byte length, whether it fitted or the window is empty. */
  getxattr: {
    code: 25,
    request: {
      at: u32,
      path: window("read"),
      follow: bool,
      target: window("write"),
      as: u32,
      name: bytes(XATTR_NAME_BYTES_MAX),
    },
    errors: [...WALK, "ENODATA", "EOPNOTSUPP", "ERANGE"],
    idempotent: true,
  },
  /**
   * Sets an extended attribute. Flags: `XATTR`, and 16 to follow a symbolic link at the end. Access
   * control lists have the form in which Linux hands them over (`posix_acl_xattr.h`).
   */
  setxattr: {
    code: 26,
    request: {
      at: u32,
      path: window("read"),
      flags: u32,
      value: window("read"),
      as: u32,
      name: bytes(XATTR_NAME_BYTES_MAX),
    },
    errors: [...ALTER, "E2BIG", "EEXIST", "ENODATA", "EOPNOTSUPP", "ERANGE"],
    idempotent: false,
  },
  /** The names of all extended attributes, each with a NUL behind it; answers as `getxattr`. */
  listxattr: {
    code: 27,
    request: { at: u32, path: window("read"), follow: bool, target: window("write"), as: u32 },
    errors: [...WALK, "ERANGE"],
    idempotent: true,
  },
  /** Removes an extended attribute. */
  removexattr: {
    code: 28,
    request: {
      at: u32,
      path: window("read"),
      follow: bool,
      as: u32,
      name: bytes(XATTR_NAME_BYTES_MAX),
    },
    errors: [...ALTER, "ENODATA", "EOPNOTSUPP", "ERANGE"],
    idempotent: false,
  },
  /**
   * Locks a whole open file, or lets go of it: `LOCK`. Without `wait`: `EAGAIN` at once; with it,
   * `EINTR` when the client has made {@linkcode WAIT_REQUESTS_MAX} further requests.
   */
  flock: {
    code: 29,
    request: { handle: u32, kind: u32, wait: bool },
    errors: ["EAGAIN", "EBADF", "EDEADLK", "EINTR", "EINVAL", "ENOLCK"],
    idempotent: true,
  },
  /**
   * Locks a range of an open file for an owner that the client names, or lets go of it, as `fcntl`
   * does. A `byteLength` of 0 reaches to the end, wherever that will be.
   */
  lock: {
    code: 30,
    request: { handle: u32, owner: u32, kind: u32, wait: bool, offset: u64, byteLength: u64 },
    errors: ["EAGAIN", "EBADF", "EDEADLK", "EINTR", "EINVAL", "ENOLCK"],
    idempotent: true,
  },
  /** The first lock that stands in the way of such a lock; `kind` is `LOCK.none` if there is none. */
  testLock: {
    code: 31,
    request: { handle: u32, owner: u32, kind: u32, offset: u64, byteLength: u64 },
    reply: { kind: u32, offset: u64, byteLength: u64, isOwnClient: bool, owner: u32 },
    errors: ["EBADF", "EINVAL"],
    idempotent: true,
  },
  /**
   * Waits for changes in what a handle has open behind number `after` (0: from now on). Answers the
   * bytes of events packed as `layouts/watch_event.ts` has them; an event of kind `none` when the
   * client has made {@linkcode WAIT_REQUESTS_MAX} further requests.
   */
  watch: {
    code: 32,
    request: { handle: u32, after: u64, target: window("write") },
    errors: ["EBADF", "EINVAL", "ENOMEM"],
    idempotent: true,
  },
  /**
   * Makes a number for `as`: user, group and further groups (a u32 each). Only for a client whose
   * own user is root. Answers the number; the same credential has the same number. With `overrides`
   * nothing is checked, as for root, since somebody else has: but what is made belongs to the user
   * and the group, and blocks that are kept for some are theirs alone.
   */
  credential: {
    code: 33,
    request: { uid: u32, gid: u32, groups: window("read"), overrides: bool },
    errors: ["EINVAL", "ENOMEM", "EPERM"],
    idempotent: true,
  },
  /** Begins a session: the server shares what `layouts/session.ts` says with the client there. */
  attach: {
    code: 34,
    request: { session: window("write") },
    errors: ["EBUSY", "EINVAL", "ENOMEM"],
    idempotent: true,
  },
  /** Asks for a lease of an open file in a slot of the session; answers its kind, perhaps none. */
  lease: {
    code: 35,
    request: { handle: u32, slot: u32, kind: u32 },
    errors: [...LOOK],
    idempotent: true,
  },
  /** Writes back what is dirty under the lease in a slot; with `release` the lease ends. */
  writeBack: {
    code: 36,
    request: { slot: u32, release: bool },
    errors: STORE,
    idempotent: true,
  },
  /**
   * Reads into `target` and keeps it as the file is, whoever writes, until it is unmapped or the
   * handle is closed. Answers the bytes of the file in it; the rest is zero.
   */
  map: {
    code: 37,
    request: { handle: u32, offset: u64, target: window("write") },
    errors: [...LOOK, "EISDIR"],
    idempotent: true,
  },
  /** Ends a mapping. */
  unmap: {
    code: 38,
    request: { handle: u32, target: window("write") },
    errors: ["EBADF", "EINVAL"],
    idempotent: true,
  },
  /** The path of what stands at a path, without symbolic links, `.` and `..`. Answers its bytes. */
  realpath: {
    code: 39,
    request: { at: u32, path: window("read"), target: window("write"), as: u32 },
    errors: [...WALK, "ERANGE"],
    idempotent: true,
  },
  /**
   * With `on`, what the client has open and locked outlives it, for its next life; each life says so
   * anew. Without, it ends with this life.
   */
  keepOpen: {
    code: 40,
    request: { on: bool },
    errors: ["ENOMEM"],
    idempotent: true,
  },
  /**
   * As `readdir`, but each entry is followed by the record of `layouts/attributes.ts` of its inode;
   * all zero if that cannot be read.
   */
  readdirPlus: {
    code: 41,
    request: { handle: u32, cookie: u64, target: window("write") },
    errors: [...LOOK, "ENOSPC", "ENOTDIR"],
    idempotent: true,
  },
  /**
   * Waits for changes that other clients make anywhere, behind number `after` (0: from now on).
   * Answers the bytes of records packed as `layouts/change_record.ts` has them; one of kind `none`
   * when the client has made {@linkcode WAIT_REQUESTS_MAX} further requests, one of kind `overflow`
   * when what happened is not known any more. A write under a lease counts when it reaches the
   * server; times of access do not.
   */
  changes: {
    code: 42,
    request: { after: u64, target: window("write") },
    errors: ["EINVAL", "ENOMEM"],
    idempotent: true,
  },
} as const satisfies Operations;

/** The file system protocol. */
export const FileSystem: Protocol<typeof operations> = defineProtocol(
  "file-system",
  3,
  operations,
);

/** The file system protocol as a type: `Client<FileSystem>`. */
export type FileSystem = typeof FileSystem;
