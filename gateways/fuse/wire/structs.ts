/**
 * The structs of FUSE's protocol: where each field lies, under the name that `linux/fuse.h` gives
 * it. Numbers are in the host's order, which is little-endian wherever this runs.
 *
 * A struct that grew after 7.31 has its size of today; {@linkcode FuseRequest} knows which were
 * smaller.
 *
 * @module
 */

import { bytes, defineLayout, i32, u32, u64 } from "@hako/ipc/layout";

const u16 = bytes(2);

/** What every request begins with. */
export const IN_HEADER = defineLayout("fuse_in_header", { byteLength: 40 }, {
  len: u32,
  opcode: u32,
  unique: u64,
  nodeid: u64,
  uid: u32,
  gid: u32,
  pid: u32,
  total_extlen: u16, // In units of 8 bytes; zero before 7.38.
  padding: u16,
});

/** What every answer and notification begins with. */
export const OUT_HEADER = defineLayout("fuse_out_header", { byteLength: 16 }, {
  len: u32,
  error: i32, // A negative errno; of a notification its code.
  unique: u64, // Zero for a notification.
});

/** What is told of a file. */
export const ATTR = defineLayout("fuse_attr", { byteLength: 88 }, {
  ino: u64,
  size: u64,
  blocks: u64,
  atime: u64,
  mtime: u64,
  ctime: u64,
  atimensec: u32,
  mtimensec: u32,
  ctimensec: u32,
  mode: u32,
  nlink: u32,
  uid: u32,
  gid: u32,
  rdev: u32,
  blksize: u32,
  flags: u32, // 7.32
});

/** A name and the file behind it; {@linkcode ATTR} follows. */
export const ENTRY_OUT = defineLayout("fuse_entry_out", { byteLength: 128 }, {
  nodeid: u64,
  generation: u64,
  entry_valid: u64,
  attr_valid: u64,
  entry_valid_nsec: u32,
  attr_valid_nsec: u32,
  attr: bytes(ATTR.byteLength),
});

/** The answer to GETATTR and SETATTR. */
export const ATTR_OUT = defineLayout("fuse_attr_out", { byteLength: 104 }, {
  attr_valid: u64,
  attr_valid_nsec: u32,
  dummy: u32,
  attr: bytes(ATTR.byteLength),
});

/** A time, as STATX has it. */
export const SX_TIME = defineLayout("fuse_sx_time", { byteLength: 16 }, {
  tv_sec: u64, // Signed.
  tv_nsec: u32,
  reserved: i32,
});

/** The arguments of STATX. */
export const STATX_IN = defineLayout("fuse_statx_in", { byteLength: 24 }, {
  getattr_flags: u32,
  reserved: u32,
  fh: u64,
  sx_flags: u32,
  sx_mask: u32,
});

/** The answer to STATX. The fields from `mask` on are those of `fuse_statx`. */
export const STATX_OUT = defineLayout("fuse_statx_out", { byteLength: 288 }, {
  attr_valid: u64,
  attr_valid_nsec: u32,
  flags: u32,
  spare: bytes(16),
  mask: u32,
  blksize: u32,
  attributes: u64,
  nlink: u32,
  uid: u32,
  gid: u32,
  mode: u16,
  spare0: u16,
  ino: u64,
  size: u64,
  blocks: u64,
  attributes_mask: u64,
  atime: bytes(SX_TIME.byteLength),
  btime: bytes(SX_TIME.byteLength),
  ctime: bytes(SX_TIME.byteLength),
  mtime: bytes(SX_TIME.byteLength),
  rdev_major: u32,
  rdev_minor: u32,
  dev_major: u32,
  dev_minor: u32,
  spare2: bytes(112),
});

/** The arguments of FORGET. */
export const FORGET_IN = defineLayout("fuse_forget_in", { byteLength: 8 }, { nlookup: u64 });

/** The arguments of BATCH_FORGET; `count` of {@linkcode FORGET_ONE} follow. */
export const BATCH_FORGET_IN = defineLayout("fuse_batch_forget_in", { byteLength: 8 }, {
  count: u32,
  dummy: u32,
});

/** One file that is forgotten. */
export const FORGET_ONE = defineLayout("fuse_forget_one", { byteLength: 16 }, {
  nodeid: u64,
  nlookup: u64,
});

/** The arguments of GETATTR. */
export const GETATTR_IN = defineLayout("fuse_getattr_in", { byteLength: 16 }, {
  getattr_flags: u32,
  dummy: u32,
  fh: u64,
});

/** The arguments of SETATTR. */
export const SETATTR_IN = defineLayout("fuse_setattr_in", { byteLength: 88 }, {
  valid: u32,
  padding: u32,
  fh: u64,
  size: u64,
  lock_owner: u64,
  atime: u64,
  mtime: u64,
  ctime: u64,
  atimensec: u32,
  mtimensec: u32,
  ctimensec: u32,
  mode: u32,
  unused4: u32,
  uid: u32,
  gid: u32,
  unused5: u32,
});

/** The arguments of MKNOD; a name follows. */
export const MKNOD_IN = defineLayout("fuse_mknod_in", { byteLength: 16 }, {
  mode: u32,
  rdev: u32,
  umask: u32,
  padding: u32,
});

/** The arguments of MKDIR; a name follows. */
export const MKDIR_IN = defineLayout("fuse_mkdir_in", { byteLength: 8 }, { mode: u32, umask: u32 });

/** The arguments of RENAME; two names follow. */
export const RENAME_IN = defineLayout("fuse_rename_in", { byteLength: 8 }, { newdir: u64 });

/** The arguments of RENAME2; two names follow. */
export const RENAME2_IN = defineLayout("fuse_rename2_in", { byteLength: 16 }, {
  newdir: u64,
  flags: u32,
  padding: u32,
});

/** The arguments of LINK; a name follows. */
export const LINK_IN = defineLayout("fuse_link_in", { byteLength: 8 }, { oldnodeid: u64 });

/** The arguments of OPEN and OPENDIR. */
export const OPEN_IN = defineLayout("fuse_open_in", { byteLength: 8 }, {
  flags: u32,
  open_flags: u32,
});

/** The arguments of CREATE and TMPFILE; a name follows. */
export const CREATE_IN = defineLayout("fuse_create_in", { byteLength: 16 }, {
  flags: u32,
  mode: u32,
  umask: u32,
  open_flags: u32,
});

/** The answer to OPEN and OPENDIR; of CREATE and TMPFILE it follows {@linkcode ENTRY_OUT}. */
export const OPEN_OUT = defineLayout("fuse_open_out", { byteLength: 16 }, {
  fh: u64,
  open_flags: u32,
  backing_id: i32, // 7.40
});

/** The arguments of RELEASE and RELEASEDIR. */
export const RELEASE_IN = defineLayout("fuse_release_in", { byteLength: 24 }, {
  fh: u64,
  flags: u32,
  release_flags: u32,
  lock_owner: u64,
});

/** The arguments of FLUSH. */
export const FLUSH_IN = defineLayout("fuse_flush_in", { byteLength: 24 }, {
  fh: u64,
  unused: u32,
  padding: u32,
  lock_owner: u64,
});

/** The arguments of READ, READDIR and READDIRPLUS. */
export const READ_IN = defineLayout("fuse_read_in", { byteLength: 40 }, {
  fh: u64,
  offset: u64,
  size: u32,
  read_flags: u32,
  lock_owner: u64,
  flags: u32,
  padding: u32,
});

/** The arguments of WRITE; `size` bytes follow. */
export const WRITE_IN = defineLayout("fuse_write_in", { byteLength: 40 }, {
  fh: u64,
  offset: u64,
  size: u32,
  write_flags: u32,
  lock_owner: u64,
  flags: u32,
  padding: u32,
});

/** The answer to WRITE and COPY_FILE_RANGE. */
export const WRITE_OUT = defineLayout("fuse_write_out", { byteLength: 8 }, {
  size: u32,
  padding: u32,
});

/** The answer to STATFS. */
export const STATFS_OUT = defineLayout("fuse_statfs_out", { byteLength: 80 }, {
  blocks: u64,
  bfree: u64,
  bavail: u64,
  files: u64,
  ffree: u64,
  bsize: u32,
  namelen: u32,
  frsize: u32,
  padding: u32,
  spare: bytes(24),
});

/** The arguments of FSYNC and FSYNCDIR. */
export const FSYNC_IN = defineLayout("fuse_fsync_in", { byteLength: 16 }, {
  fh: u64,
  fsync_flags: u32,
  padding: u32,
});

/** The arguments of SETXATTR; a name and `size` bytes follow. */
export const SETXATTR_IN = defineLayout("fuse_setxattr_in", { byteLength: 16 }, {
  size: u32,
  flags: u32,
  setxattr_flags: u32, // From here on only where `INIT.SETXATTR_EXT` was agreed on.
  padding: u32,
});

/** Bytes of {@linkcode SETXATTR_IN} where `INIT.SETXATTR_EXT` was not agreed on. */
export const SETXATTR_IN_SHORT_BYTES = 8;

/** The arguments of GETXATTR, a name follows, and of LISTXATTR. */
export const GETXATTR_IN = defineLayout("fuse_getxattr_in", { byteLength: 8 }, {
  size: u32,
  padding: u32,
});

/** The answer to GETXATTR and LISTXATTR whose `size` was zero. */
export const GETXATTR_OUT = defineLayout("fuse_getxattr_out", { byteLength: 8 }, {
  size: u32,
  padding: u32,
});

/** The arguments of GETLK, SETLK and SETLKW. */
export const LK_IN = defineLayout("fuse_lk_in", { byteLength: 48 }, {
  fh: u64,
  owner: u64,
  start: u64, // `lk`, a `fuse_file_lock`, from here on.
  end: u64, // The last byte; all ones but the highest bit: to the end of the file.
  type: u32,
  pid: u32,
  lk_flags: u32,
  padding: u32,
});

/** The answer to GETLK. */
export const LK_OUT = defineLayout("fuse_lk_out", { byteLength: 24 }, {
  start: u64,
  end: u64,
  type: u32,
  pid: u32,
});

/** The arguments of ACCESS. */
export const ACCESS_IN = defineLayout("fuse_access_in", { byteLength: 8 }, {
  mask: u32,
  padding: u32,
});

/** The arguments of INIT; before 7.36 the first 16 bytes. */
export const INIT_IN = defineLayout("fuse_init_in", { byteLength: 64 }, {
  major: u32,
  minor: u32,
  max_readahead: u32,
  flags: u32,
  flags2: u32,
  unused: bytes(44),
});

/** The answer to INIT. */
export const INIT_OUT = defineLayout("fuse_init_out", { byteLength: 64 }, {
  major: u32,
  minor: u32,
  max_readahead: u32,
  flags: u32,
  max_background: u16,
  congestion_threshold: u16,
  max_write: u32,
  time_gran: u32,
  max_pages: u16,
  map_alignment: u16,
  flags2: u32,
  max_stack_depth: u32, // 7.40
  request_timeout: u16, // 7.43
  unused: bytes(22),
});

/** The arguments of INTERRUPT. */
export const INTERRUPT_IN = defineLayout("fuse_interrupt_in", { byteLength: 8 }, { unique: u64 });

/** The arguments of BMAP. */
export const BMAP_IN = defineLayout("fuse_bmap_in", { byteLength: 16 }, {
  block: u64,
  blocksize: u32,
  padding: u32,
});

/** The answer to BMAP. */
export const BMAP_OUT = defineLayout("fuse_bmap_out", { byteLength: 8 }, { block: u64 });

/** The arguments of IOCTL; `in_size` bytes follow. */
export const IOCTL_IN = defineLayout("fuse_ioctl_in", { byteLength: 32 }, {
  fh: u64,
  flags: u32,
  cmd: u32,
  arg: u64,
  in_size: u32,
  out_size: u32,
});

/** The answer to IOCTL; bytes follow. */
export const IOCTL_OUT = defineLayout("fuse_ioctl_out", { byteLength: 16 }, {
  result: i32,
  flags: u32,
  in_iovs: u32,
  out_iovs: u32,
});

/** The arguments of POLL. */
export const POLL_IN = defineLayout("fuse_poll_in", { byteLength: 24 }, {
  fh: u64,
  kh: u64,
  flags: u32,
  events: u32,
});

/** The answer to POLL. */
export const POLL_OUT = defineLayout("fuse_poll_out", { byteLength: 8 }, {
  revents: u32,
  padding: u32,
});

/** The arguments of FALLOCATE. */
export const FALLOCATE_IN = defineLayout("fuse_fallocate_in", { byteLength: 32 }, {
  fh: u64,
  offset: u64,
  length: u64,
  mode: u32,
  padding: u32,
});

/** The arguments of LSEEK. */
export const LSEEK_IN = defineLayout("fuse_lseek_in", { byteLength: 24 }, {
  fh: u64,
  offset: u64,
  whence: u32,
  padding: u32,
});

/** The answer to LSEEK. */
export const LSEEK_OUT = defineLayout("fuse_lseek_out", { byteLength: 8 }, { offset: u64 });

/** The arguments of COPY_FILE_RANGE and COPY_FILE_RANGE_64. */
export const COPY_FILE_RANGE_IN = defineLayout("fuse_copy_file_range_in", { byteLength: 56 }, {
  fh_in: u64,
  off_in: u64,
  nodeid_out: u64,
  fh_out: u64,
  off_out: u64,
  len: u64,
  flags: u64,
});

/** The answer to COPY_FILE_RANGE_64. */
export const COPY_FILE_RANGE_OUT = defineLayout("fuse_copy_file_range_out", { byteLength: 8 }, {
  bytes_copied: u64,
});

/** The arguments of SYNCFS. */
export const SYNCFS_IN = defineLayout("fuse_syncfs_in", { byteLength: 8 }, { padding: u64 });

/** One entry of the answer to READDIR; a name follows, then zeros to a multiple of 8. */
export const DIRENT = defineLayout("fuse_dirent", { byteLength: 24 }, {
  ino: u64,
  off: u64,
  namelen: u32,
  type: u32,
});

/** One entry of the answer to READDIRPLUS; a name follows, then zeros to a multiple of 8. */
export const DIRENTPLUS = defineLayout("fuse_direntplus", { byteLength: 152 }, {
  entry_out: bytes(ENTRY_OUT.byteLength),
  dirent: bytes(DIRENT.byteLength),
});

/** The notification that attributes or data have changed. */
export const INVAL_INODE_OUT = defineLayout("fuse_notify_inval_inode_out", { byteLength: 24 }, {
  ino: u64,
  off: u64, // Signed; negative: attributes only.
  len: u64, // Signed; zero or less: to the end.
});

/** The notification that a name has changed; the name follows. */
export const INVAL_ENTRY_OUT = defineLayout("fuse_notify_inval_entry_out", { byteLength: 16 }, {
  parent: u64,
  namelen: u32,
  flags: u32,
});

/** The notification that a name is gone; the name follows. */
export const DELETE_OUT = defineLayout("fuse_notify_delete_out", { byteLength: 24 }, {
  parent: u64,
  child: u64,
  namelen: u32,
  padding: u32,
});
