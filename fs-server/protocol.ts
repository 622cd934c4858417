/**
 * What a file system promises to whoever holds its endpoint.
 *
 * Paths are bytes in a window, from the root, with `/` between names. Numbers of flags and modes
 * are those of Linux on x86-64. A request is done exactly once, whoever dies meanwhile. What
 * `fsync` answered before survives the death of the process.
 *
 * @module
 */

import {
  bool,
  defineProtocol,
  f64,
  type Operations,
  type Protocol,
  u32,
  u64,
  window,
} from "@hako/ipc";

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
  /** Fail unless it is a directory. */
  directory: 0o200000,
  /** Fail if the path ends at a symbolic link. */
  noFollow: 0o400000,
} as const;

/** Which attributes `setAttributes` sets: any of these bits. */
export const ATTRIBUTES = { mode: 1, uid: 2, gid: 4, atime: 8, mtime: 16 } as const;

/** Exported only so that the type of `FileSystem` is public. @internal */
export const operations = {
  /** Opens a file or a directory, or makes a file. */
  open: {
    code: 1, // Codes are for ever: append, never reuse.
    request: { path: window("read"), flags: u32, mode: u32 },
    reply: { handle: u32, inode: u32, size: u64, mode: u32 },
    errors: [
      "EINVAL",
      "ENAMETOOLONG",
      "ENOENT",
      "ENOTDIR",
      "ELOOP",
      "EIO",
      "EUCLEAN",
      "EEXIST",
      "EISDIR",
      "ENFILE",
      "ENODEV",
      "ENOMEM",
      "ENOSPC",
    ],
    idempotent: false,
  },
  /** Closes a handle; the last one of a file without a name frees the file. */
  close: {
    code: 2,
    request: { handle: u32 },
    errors: ["EBADF", "EIO", "ENOMEM", "EUCLEAN"],
    idempotent: false,
  },
  /** Reads from `offset` on; answers the count, less than asked for only at the end. */
  read: {
    code: 3,
    request: { handle: u32, offset: u64, target: window("write") },
    errors: ["EBADF", "EISDIR", "EIO", "ENOMEM", "EUCLEAN"],
    idempotent: true,
  },
  /**
   * Writes from `offset` on, or with `append` at the end; answers the count, which is less than
   * asked for if the disk got full or one transaction does not hold more.
   */
  write: {
    code: 4,
    request: { handle: u32, offset: u64, append: bool, source: window("read") },
    errors: ["EBADF", "EFBIG", "EINVAL", "EIO", "ENOMEM", "ENOSPC", "EUCLEAN"],
    idempotent: false,
  },
  /** Tells what stands at a path; with `follow` beyond a symbolic link at its end. */
  stat: {
    code: 5,
    request: { path: window("read"), follow: bool },
    reply: {
      inode: u32,
      mode: u32,
      links: u32,
      uid: u32,
      gid: u32,
      size: u64,
      blocks512: u32,
      atimeMs: f64,
      mtimeMs: f64,
      ctimeMs: f64,
    },
    errors: ["EINVAL", "ENAMETOOLONG", "ENOENT", "ENOTDIR", "ELOOP", "EIO", "EUCLEAN", "ENOMEM"],
    idempotent: true,
  },
  /** Tells the same of an open file. */
  fstat: {
    code: 6,
    request: { handle: u32 },
    reply: {
      inode: u32,
      mode: u32,
      links: u32,
      uid: u32,
      gid: u32,
      size: u64,
      blocks512: u32,
      atimeMs: f64,
      mtimeMs: f64,
      ctimeMs: f64,
    },
    errors: ["EBADF", "EIO", "ENOMEM", "EUCLEAN"],
    idempotent: true,
  },
  /** Makes a directory. */
  mkdir: {
    code: 7,
    request: { path: window("read"), mode: u32 },
    errors: [
      "EINVAL",
      "ENAMETOOLONG",
      "ENOENT",
      "ENOTDIR",
      "ELOOP",
      "EIO",
      "EUCLEAN",
      "EEXIST",
      "EMLINK",
      "ENOMEM",
      "ENOSPC",
    ],
    idempotent: false,
  },
  /** Removes an empty directory. */
  rmdir: {
    code: 8,
    request: { path: window("read") },
    errors: [
      "EINVAL",
      "ENAMETOOLONG",
      "ENOENT",
      "ENOTDIR",
      "ELOOP",
      "EIO",
      "EUCLEAN",
      "EBUSY",
      "ENOMEM",
      "ENOTEMPTY",
    ],
    idempotent: false,
  },
  /** Removes a name that is no directory's; the file goes with the last name and handle. */
  unlink: {
    code: 9,
    request: { path: window("read") },
    errors: [
      "EINVAL",
      "ENAMETOOLONG",
      "ENOENT",
      "ENOTDIR",
      "ELOOP",
      "EIO",
      "EUCLEAN",
      "EISDIR",
      "ENOMEM",
    ],
    idempotent: false,
  },
  /** Moves a name, over what stands at the target, with nothing in between. */
  rename: {
    code: 10,
    request: { source: window("read"), target: window("read") },
    errors: [
      "EINVAL",
      "ENAMETOOLONG",
      "ENOENT",
      "ENOTDIR",
      "ELOOP",
      "EIO",
      "EUCLEAN",
      "EBUSY",
      "EISDIR",
      "EMLINK",
      "ENOMEM",
      "ENOSPC",
      "ENOTEMPTY",
    ],
    idempotent: false,
  },
  /** Gives a file another name. */
  link: {
    code: 11,
    request: { source: window("read"), target: window("read") },
    errors: [
      "EINVAL",
      "ENAMETOOLONG",
      "ENOENT",
      "ENOTDIR",
      "ELOOP",
      "EIO",
      "EUCLEAN",
      "EEXIST",
      "EMLINK",
      "ENOMEM",
      "ENOSPC",
      "EPERM",
    ],
    idempotent: false,
  },
  /** Makes a symbolic link to `target`, which need not exist, at `path`. */
  symlink: {
    code: 12,
    request: { target: window("read"), path: window("read") },
    errors: [
      "EINVAL",
      "ENAMETOOLONG",
      "ENOENT",
      "ENOTDIR",
      "ELOOP",
      "EIO",
      "EUCLEAN",
      "EEXIST",
      "ENOMEM",
      "ENOSPC",
    ],
    idempotent: false,
  },
  /** Where a symbolic link points; answers the count of bytes, cut to the window. */
  readlink: {
    code: 13,
    request: { path: window("read"), target: window("write") },
    errors: ["EINVAL", "ENAMETOOLONG", "ENOENT", "ENOTDIR", "ELOOP", "EIO", "EUCLEAN", "ENOMEM"],
    idempotent: true,
  },
  /** Makes an open file longer, with a hole, or shorter. */
  truncate: {
    code: 14,
    request: { handle: u32, size: u64 },
    errors: ["EBADF", "EFBIG", "EINVAL", "EIO", "ENOMEM", "ENOSPC", "EUCLEAN"],
    idempotent: false,
  },
  /** Sets those attributes that `which` names by the bits of `ATTRIBUTES`. */
  setAttributes: {
    code: 15,
    request: {
      path: window("read"),
      follow: bool,
      which: u32,
      mode: u32,
      uid: u32,
      gid: u32,
      atimeMs: f64,
      mtimeMs: f64,
    },
    errors: ["EINVAL", "ENAMETOOLONG", "ENOENT", "ENOTDIR", "ELOOP", "EIO", "EUCLEAN", "ENOMEM"],
    idempotent: false,
  },
  /**
   * Packs names of an open directory into the window, as `layouts/dir_entry.ts` has them, from
   * `cookie` on: 0, or the `nextCookie` of an entry. Answers the bytes packed, 0 at the end. A name
   * that stays while the directory is listed is told exactly once.
   */
  readdir: {
    code: 16,
    request: { handle: u32, cookie: u64, target: window("write") },
    errors: ["EBADF", "EINVAL", "EIO", "ENOMEM", "ENOTDIR", "EUCLEAN"],
    idempotent: true,
  },
  /** Returns when everything answered before it would survive the death of the process. */
  fsync: {
    code: 17,
    request: { handle: u32 },
    errors: ["EBADF", "EIO", "ENOSPC", "EROFS"],
    idempotent: true,
  },
  /** How large the file system is, and how full. */
  statfs: {
    code: 18,
    request: {},
    reply: {
      blockBytes: u32,
      blockCount: u64,
      blocksFree: u64,
      inodeCount: u32,
      inodesFree: u32,
      nameBytesMax: u32,
    },
    errors: ["EIO", "ENOMEM"],
    idempotent: true,
  },
} as const satisfies Operations;

/** The file system protocol. */
export const FileSystem: Protocol<typeof operations> = defineProtocol(
  "file-system",
  1,
  operations,
);

/** The file system protocol as a type: `Client<FileSystem>`. */
export type FileSystem = typeof FileSystem;
