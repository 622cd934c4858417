/**
 * How many bytes each request has at least, and what follows its struct.
 *
 * @module
 */

import { OPCODE } from "./opcodes.ts";
import {
  ACCESS_IN,
  BATCH_FORGET_IN,
  BMAP_IN,
  COPY_FILE_RANGE_IN,
  CREATE_IN,
  FALLOCATE_IN,
  FLUSH_IN,
  FORGET_IN,
  FSYNC_IN,
  GETATTR_IN,
  GETXATTR_IN,
  INTERRUPT_IN,
  IOCTL_IN,
  LINK_IN,
  LK_IN,
  LSEEK_IN,
  MKDIR_IN,
  MKNOD_IN,
  OPEN_IN,
  POLL_IN,
  READ_IN,
  RELEASE_IN,
  RENAME2_IN,
  RENAME_IN,
  SETATTR_IN,
  SETXATTR_IN_SHORT_BYTES,
  STATX_IN,
  SYNCFS_IN,
  WRITE_IN,
} from "./structs.ts";

/** Opcodes below this are in the tables; the others are unknown and have no known arguments. */
export const OPCODE_COUNT = 64;

/** Bytes of `fuse_init_in` before 7.36. */
const INIT_IN_SHORT_BYTES = 16;

/** Bytes of the struct before names and data, by opcode. Zero: none, or unknown. */
export const STRUCT_BYTES: Uint8Array = tableOf([
  [OPCODE.FORGET, FORGET_IN.byteLength],
  [OPCODE.GETATTR, GETATTR_IN.byteLength],
  [OPCODE.SETATTR, SETATTR_IN.byteLength],
  [OPCODE.MKNOD, MKNOD_IN.byteLength],
  [OPCODE.MKDIR, MKDIR_IN.byteLength],
  [OPCODE.RENAME, RENAME_IN.byteLength],
  [OPCODE.LINK, LINK_IN.byteLength],
  [OPCODE.OPEN, OPEN_IN.byteLength],
  [OPCODE.READ, READ_IN.byteLength],
  [OPCODE.WRITE, WRITE_IN.byteLength],
  [OPCODE.RELEASE, RELEASE_IN.byteLength],
  [OPCODE.FSYNC, FSYNC_IN.byteLength],
  [OPCODE.SETXATTR, SETXATTR_IN_SHORT_BYTES],
  [OPCODE.GETXATTR, GETXATTR_IN.byteLength],
  [OPCODE.LISTXATTR, GETXATTR_IN.byteLength],
  [OPCODE.FLUSH, FLUSH_IN.byteLength],
  [OPCODE.INIT, INIT_IN_SHORT_BYTES],
  [OPCODE.OPENDIR, OPEN_IN.byteLength],
  [OPCODE.READDIR, READ_IN.byteLength],
  [OPCODE.RELEASEDIR, RELEASE_IN.byteLength],
  [OPCODE.FSYNCDIR, FSYNC_IN.byteLength],
  [OPCODE.GETLK, LK_IN.byteLength],
  [OPCODE.SETLK, LK_IN.byteLength],
  [OPCODE.SETLKW, LK_IN.byteLength],
  [OPCODE.ACCESS, ACCESS_IN.byteLength],
  [OPCODE.CREATE, CREATE_IN.byteLength],
  [OPCODE.INTERRUPT, INTERRUPT_IN.byteLength],
  [OPCODE.BMAP, BMAP_IN.byteLength],
  [OPCODE.IOCTL, IOCTL_IN.byteLength],
  [OPCODE.POLL, POLL_IN.byteLength],
  [OPCODE.BATCH_FORGET, BATCH_FORGET_IN.byteLength],
  [OPCODE.FALLOCATE, FALLOCATE_IN.byteLength],
  [OPCODE.READDIRPLUS, READ_IN.byteLength],
  [OPCODE.RENAME2, RENAME2_IN.byteLength],
  [OPCODE.LSEEK, LSEEK_IN.byteLength],
  [OPCODE.COPY_FILE_RANGE, COPY_FILE_RANGE_IN.byteLength],
  [OPCODE.SYNCFS, SYNCFS_IN.byteLength],
  [OPCODE.TMPFILE, CREATE_IN.byteLength],
  [OPCODE.STATX, STATX_IN.byteLength],
  [OPCODE.COPY_FILE_RANGE_64, COPY_FILE_RANGE_IN.byteLength],
]);

/** How many names follow the struct, each with a NUL behind it, by opcode. */
export const NAME_COUNT: Uint8Array = tableOf([
  [OPCODE.LOOKUP, 1],
  [OPCODE.SYMLINK, 2], // The name, then what it points to.
  [OPCODE.MKNOD, 1],
  [OPCODE.MKDIR, 1],
  [OPCODE.UNLINK, 1],
  [OPCODE.RMDIR, 1],
  [OPCODE.RENAME, 2],
  [OPCODE.LINK, 1],
  [OPCODE.SETXATTR, 1],
  [OPCODE.GETXATTR, 1],
  [OPCODE.REMOVEXATTR, 1],
  [OPCODE.CREATE, 1],
  [OPCODE.RENAME2, 2],
  [OPCODE.TMPFILE, 1],
]);

function tableOf(entries: readonly (readonly [number, number])[]): Uint8Array {
  const table = new Uint8Array(OPCODE_COUNT);
  for (const [opcode, value] of entries) table[opcode] = value;
  return table;
}
