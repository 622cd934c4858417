/**
 * What a file system promises to whoever holds its endpoint.
 *
 * Paths are bytes in a window, with `/` between names. One that begins with `/` starts at the root,
 * any other at the open directory `at`, or at the root if `at` is 0. An empty path names what `at`
 * has open. Numbers of flags and modes are those of Linux on x86-64.
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
import { ATTRIBUTES_BYTES } from "./layouts/attributes.ts";

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

/** How `setxattr` treats what is there. */
export const XATTR = { create: 1, replace: 2 } as const;

/** Kinds of lock. */
export const LOCK = { none: 0, shared: 1, exclusive: 2 } as const;

/** Kinds of lease: what a client may keep of a file in its session's window. */
export const LEASE = { none: 0, read: 1, write: 2 } as const;

/** What `watch` tells of; `none` says no more than the last number. */
export const WATCH_EVENT = { none: 0, rename: 1, change: 2, overflow: 4 } as const;

/**
 * Further requests of a client for which one of its requests may wait. Slots come round after 64: one
 * that waits longer is answered that it is to be asked again.
 */
export const WAIT_REQUESTS_MAX = 32;

/** Longest name of an extended attribute with its prefix (`user.` and the like), in bytes. */
export const XATTR_NAME_BYTES_MAX = 255;

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
  "ESTALE",
  "EUCLEAN",
] as const;
const MAKE = [...WALK, "EEXIST", "EMLINK", "ENOSPC", "EPERM", "EROFS"] as const;
const CHANGE = [...WALK, "ENOSPC", "EPERM", "EROFS"] as const;
const LOOK = ["EBADF", "EBADMSG", "EINVAL", "EIO", "ENOMEM", "ESTALE", "EUCLEAN"] as const;
const STORE = [...LOOK, "EFBIG", "ENOSPC", "EPERM", "EROFS"] as const;

/** Exported only so that the type of `FileSystem` is public. @internal */
export const operations = {
  /**
   * Opens a file or a directory, or makes a file. `leaseSlot` is the number of a free slot of the
   * session and one more, or 0: the answer's `lease` says what the client may keep (`LEASE`).
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
   * asked for if the disk got full or one transaction does not hold more.
   */
  write: {
    code: 4,
    request: { handle: u32, offset: u64, append: bool, source: window("read") },
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
  /** Makes a directory. */
  mkdir: {
    code: 7,
    request: { at: u32, path: window("read"), mode: u32, as: u32 },
    errors: MAKE,
    idempotent: false,
  },
  /** Removes an empty directory. */
  rmdir: {
    code: 8,
    request: { at: u32, path: window("read"), as: u32 },
    errors: [...CHANGE, "EBUSY", "ENOTEMPTY"],
    idempotent: false,
  },
  /** Removes a name that is no directory's; the file goes with the last name and handle. */
  unlink: {
    code: 9,
    request: { at: u32, path: window("read"), as: u32 },
    errors: [...CHANGE, "EISDIR"],
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
    errors: [...CHANGE, "EOPNOTSUPP"],
    idempotent: false,
  },
  /** Sets owner and group; 0xffffffff leaves one as it is. */
  chown: {
    code: 16,
    request: { at: u32, path: window("read"), follow: bool, uid: u32, gid: u32, as: u32 },
    errors: CHANGE,
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
    errors: CHANGE,
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
  /** Makes a file of any type that is no directory and no symbolic link. */
  mknod: {
    code: 22,
    request: { at: u32, path: window("read"), mode: u32, device: u32, as: u32 },
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
    errors: [...WALK, "ENODATA", "EOPNOTSUPP", "EPERM", "ERANGE"],
    idempotent: true,
  },
  /** Sets an extended attribute. Flags: `XATTR`, and 16 to follow a symbolic link at the end. */
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
    errors: [...CHANGE, "E2BIG", "EEXIST", "ENODATA", "EOPNOTSUPP", "ERANGE"],
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
    errors: [...CHANGE, "ENODATA", "EOPNOTSUPP", "ERANGE"],
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
   * own user is root. Answers the number; the same credential has the same number.
   */
  credential: {
    code: 33,
    request: { uid: u32, gid: u32, groups: window("read") },
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
} as const satisfies Operations;

/** The file system protocol. */
export const FileSystem: Protocol<typeof operations> = defineProtocol(
  "file-system",
  2,
  operations,
);

/** The file system protocol as a type: `Client<FileSystem>`. */
export type FileSystem = typeof FileSystem;
