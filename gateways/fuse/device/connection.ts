/**
 * Which mounts there are, asked of Linux and not of those who serve them.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { cString, errorOf, lastError, type Libc } from "./libc.ts";

/** Of `fcntl.h`: relative names begin at the working directory. */
const AT_FDCWD = -100;
const AT_NO_AUTOMOUNT = 0x800;
/** A file system says what it remembers, and asks nobody. */
const AT_STATX_DONT_SYNC = 0x4000;
/** Bytes of `struct statx`, and where its fields are. */
const STATX_BYTES = 256;
const STATX_ATTRIBUTES = 8;
const STATX_MODE = 28;
const STATX_ATTRIBUTES_MASK = 56;
const STATX_DEV_MAJOR = 136;
const STATX_DEV_MINOR = 140;
const STATX_TYPE = 1;
const STATX_ATTR_MOUNT_ROOT = 0x2000;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const O_RDONLY = 0;
const O_WRONLY = 1;
const O_CLOEXEC = 0o2000000;
const TABLE_CHUNK_BYTES = 65536;
/** A host has fewer mounts. */
const TABLE_BYTES_MAX = 16 << 20;
/** Numbers of system calls, the same on x86-64 and arm64, and of `linux/mount.h`. */
const SYS_FSOPEN = 430;
const SYS_FSCONFIG = 431;
const SYS_FSMOUNT = 432;
const FSOPEN_CLOEXEC = 1;
const FSCONFIG_CMD_CREATE = 6;
const FSMOUNT_CLOEXEC = 1;
const ENOENT = 2;
const ENOTCONN = 107;

/** What lies at a path. */
export interface Place {
  /** Whether it is a directory, as far as Linux remembers. */
  readonly isDirectory: boolean;
  /** Whether something is mounted just there; also where Linux is older than 5.8 and cannot tell. */
  readonly isMountRoot: boolean;
  /** The number of its file system, where that has no device: of a FUSE mount its connection. */
  readonly connection: number;
}

/**
 * What lies at a path, without a word to whoever serves it.
 *
 * @throws {OsError} `ENOENT`, `ENOTDIR`, `EACCES`, ...; `EBUSY` if a dead mount lies there.
 */
export function placeAt(libc: Libc, path: string): Place {
  const target = new Uint8Array(new ArrayBuffer(STATX_BYTES));
  const flags = AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  if (libc.call.statx(AT_FDCWD, cString(path), flags, STATX_TYPE, target) < 0) {
    const errno = libc.errno();
    if (errno === ENOTCONN) throw deadMount(path);
    throw errorOf(errno, `look at ${path}`);
  }
  const view = new DataView(target.buffer);
  const hasDevice = view.getUint32(STATX_DEV_MAJOR, true) !== 0;
  const known = view.getUint32(STATX_ATTRIBUTES_MASK, true) & STATX_ATTR_MOUNT_ROOT;
  return {
    isMountRoot: (view.getUint32(STATX_ATTRIBUTES, true) & known) === known,
    isDirectory: (view.getUint16(STATX_MODE, true) & S_IFMT) === S_IFDIR,
    connection: hasDevice ? 0 : view.getUint32(STATX_DEV_MINOR, true),
  };
}

/** The error for a place where a mount is whose program has ended. */
export function deadMount(path: string): OsError {
  return new OsError(
    "EBUSY",
    `use ${path}: the program that served what is mounted there has ended; \`fusermount3 -uz ${path}\` cures it`,
  );
}

/**
 * The number of the FUSE connection that is mounted at a path, as under /sys/fs/fuse/connections; 0
 * if none is mounted just there, but perhaps above it. Whoever serves that mount is not asked.
 *
 * @throws {OsError} As for any path: `ENOENT`, `ENOTDIR`, `EACCES`.
 */
export function connectionOf(libc: Libc, path: string): number {
  const { connection, isMountRoot } = placeAt(libc, path);
  if (connection === 0 || !isMountRoot) return 0;
  const line = new RegExp(`^\\d+ \\d+ 0:${connection} .* - fuse[ .]`, "m");
  return line.test(mountTable(libc)) ? connection : 0;
}

/** What `/proc/self/mountinfo` says. */
function mountTable(libc: Libc): string {
  const what = "read /proc/self/mountinfo";
  const fd = libc.call.open(cString("/proc/self/mountinfo"), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) throw lastError(libc, what);
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(new ArrayBuffer(TABLE_CHUNK_BYTES));
  let text = "";
  try {
    while (text.length < TABLE_BYTES_MAX) {
      const count = libc.call.read(fd, chunk, chunk.byteLength);
      if (count < 0) throw lastError(libc, what);
      if (count === 0) break;
      text += decoder.decode(chunk.subarray(0, count), { stream: true });
    }
  } finally {
    libc.call.close(fd);
  }
  return text;
}

/**
 * Ends a connection at once, whatever is under way: whoever waits for an answer gets an error
 * (`ECONNABORTED`), also where it could not be killed. The mount itself stays until it is unmounted.
 *
 * Uses the control file system of FUSE; where nobody has mounted it, root sees it without a mount.
 *
 * @param connection As `connectionOf()` tells.
 * @returns Whether there was such a connection.
 * @throws {OsError} `EACCES` if it is another user's; `ENODEV` if nobody has mounted the control
 * file system and this is not root.
 */
export function abort(libc: Libc, connection: number): boolean {
  const what = `abort FUSE connection ${connection}`;
  const path = `/sys/fs/fuse/connections/${connection}/abort`;
  const fd = libc.call.open(cString(path), O_WRONLY | O_CLOEXEC, 0);
  if (fd >= 0) return writeOne(libc, fd, what);
  const errno = libc.errno();
  if (errno !== ENOENT) throw errorOf(errno, what);
  const root = controlRoot(libc);
  if (root === undefined) {
    if (isControlMounted(libc)) return false;
    const advice = "mount -t fusectl none /sys/fs/fuse/connections";
    throw new OsError("ENODEV", `${what}: as root, first \`${advice}\``);
  }
  try {
    const file = libc.call.openat(root, cString(`${connection}/abort`), O_WRONLY | O_CLOEXEC, 0);
    if (file >= 0) return writeOne(libc, file, what);
    const error = libc.errno();
    if (error === ENOENT) return false;
    throw errorOf(error, what);
  } finally {
    libc.call.close(root);
  }
}

function writeOne(libc: Libc, fd: number, what: string): boolean {
  const isDone = libc.call.write(fd, cString("1"), 1) === 1;
  const failure = isDone ? undefined : lastError(libc, what);
  libc.call.close(fd);
  if (failure !== undefined) throw failure;
  return true;
}

function isControlMounted(libc: Libc): boolean {
  return / - fusectl /.test(mountTable(libc));
}

/** A directory of the control file system that is mounted nowhere; nothing where this may not. */
function controlRoot(libc: Libc): number | undefined {
  const { call } = libc;
  const context = call.syscallOpen(SYS_FSOPEN, cString("fusectl"), FSOPEN_CLOEXEC);
  if (context < 0) return undefined;
  try {
    if (call.syscallConfig(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, null, null, 0) < 0) {
      return undefined;
    }
    const root = call.syscallMount(SYS_FSMOUNT, context, FSMOUNT_CLOEXEC, 0);
    return root < 0 ? undefined : root;
  } finally {
    call.close(context);
  }
}
