/**
 * FUSE's kernel protocol, 7.31 to 7.45: requests, answers and notifications as bytes. Pure.
 *
 * Every number is as `linux/fuse.h` has it. Nodes are references to inodes: `generation << 32 |
 * inode`, but 1 for the root, whose inode is 2.
 *
 * @example
 * ```ts ignore
 * import { ARGS, BUFFER_BYTES, FuseReply, FuseRequest, OPCODE, validity } from "./wire/mod.ts";
 *
 * const request = new FuseRequest(new Uint8Array(BUFFER_BYTES));
 * const reply = new FuseReply(request);
 * const byteLength = device.read(request.target);
 * if (byteLength > 0 && request.take(byteLength) && request.opcode === OPCODE.GETATTR) {
 *   device.write(reply.source, reply.attr(attributes, valid));
 * }
 * ```
 *
 * @module
 */

export { type Validity, validity } from "./attributes.ts";
export { DirectoryPacker, type PlusPlace } from "./directory_packer.ts";
export {
  FATTR,
  FOPEN,
  FSYNC_FLAG,
  GETATTR_FLAG,
  INIT,
  INIT2,
  IOCTL_FLAG,
  LK_FLAG,
  LOCK_TYPE,
  OPEN_FLAG,
  READ_FLAG,
  RELEASE_FLAG,
  SETXATTR_FLAG,
  WRITE_FLAG,
} from "./flags.ts";
export { type InitWish, negotiate } from "./negotiation.ts";
export { FuseNotification } from "./notification.ts";
export { OPCODE } from "./opcodes.ts";
export {
  ARGS,
  BUFFER_BYTES,
  BUFFER_BYTES_MIN,
  DATA_BYTES_MAX,
  DATA_OFFSET,
  REPLY_OFFSET,
  REQUEST_OFFSET,
  ROOT_INODE,
} from "./places.ts";
export {
  type Asked,
  FuseReply,
  type InitAnswer,
  type LockAnswer,
  type StatfsAnswer,
} from "./reply.ts";
export { FuseRequest } from "./request.ts";
export {
  ACCESS_IN,
  BATCH_FORGET_IN,
  COPY_FILE_RANGE_IN,
  CREATE_IN,
  FALLOCATE_IN,
  FLUSH_IN,
  FORGET_ONE,
  FSYNC_IN,
  GETATTR_IN,
  GETXATTR_IN,
  INIT_IN,
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
  SETXATTR_IN,
  STATX_IN,
  WRITE_IN,
} from "./structs.ts";
