/**
 * Mounting through `fusermount3`, as root and as anybody.
 *
 * `fusermount3` opens `/dev/fuse`, mounts, and sends the descriptor through a socket. It stays and
 * waits for the end of that socket, which is the end of this process, however it ends. Then it
 * unmounts (`auto_unmount`), so that nobody meets a dead mount. Where it cannot, somebody else does:
 * see `watching.ts`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { placeAt } from "./connection.ts";
import { explain } from "./failure.ts";
import { lastError, type Libc } from "./libc.ts";
import { ProgramRun } from "./program.ts";
import { watch } from "./watching.ts";

/** What is mounted, and how. */
export interface MountOptions {
  /** Where: a directory that exists. What is in it is hidden while the mount is there. */
  readonly directory: string;
  /** What `mount` and `df` show as the device; `"hako"` unless told. */
  readonly fsName?: string;
  /** What follows `fuse.` in the type; `"hako"` unless told. */
  readonly subtype?: string;
  /** Whether nothing can be changed. */
  readonly readOnly?: boolean;
  /** Whether other users may use it; others than root need `user_allow_other` in /etc/fuse.conf. */
  readonly allowOther?: boolean;
  /** Whether Linux checks modes and owners; it does unless told. */
  readonly defaultPermissions?: boolean;
  /** Whether set-user-id programs get their rights; only root may say so. */
  readonly setuid?: boolean;
  /** Whether device nodes open devices; only root may say so. */
  readonly devices?: boolean;
  /** Most bytes of one READ; 1 MiB unless told. */
  readonly maxRead?: number;
  /** Where `fusermount3` is, if not in a usual place. */
  readonly fusermount?: string;
  /** For how long to wait for `fusermount3`; 10 s unless told. */
  readonly timeoutMs?: number;
}

/** A mount: numbers that mean the same in every worker of this process. */
export interface Mount {
  /** The descriptor of the device; see `FuseDevice`. */
  readonly fd: number;
  /** The socket whose end makes `fusermount3` unmount; kept open, never read. See `release()`. */
  readonly commFd: number;
  /** The process that waits for that end. */
  readonly pid: number;
  /** The number under /sys/fs/fuse/connections; 0 if it is unmounted already. */
  readonly connection: number;
}

const TIMEOUT_MS = 10_000;
const MAX_READ = 1 << 20;
/** For how long a `fusermount3` that has no socket any more may take to end. */
const REAP_MS = 1000;
const STEP_MS = 5;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CMSG_CLOEXEC = 0x40000000;
const POLLIN = 1;
/** `struct msghdr`: name, name's length, vector, its length, control, its length, flags. */
const MSGHDR_BYTES = 56;
/** `struct cmsghdr` (length u64, level i32, type i32) and one descriptor, padded to 8. */
const CONTROL_BYTES = 24;
const CMSG_LEVEL = 8;
const CMSG_TYPE = 12;
const CMSG_DATA = 16;

/**
 * Mounts. From then on whoever uses the directory waits for the answers of whoever reads the
 * device, INIT's first: this process must not use it before it serves it.
 *
 * @throws {OsError} With a message that says what to do: `ENOENT` the directory is missing, or
 * `fusermount3` is; `ENOTDIR`; `ENODEV` Linux has no FUSE; `EACCES` no right to /dev/fuse or to the
 * directory; `EPERM` no right to mount or to an option; `EBUSY` a dead mount is there, or too many;
 * `EINVAL` an option is refused; `ETIMEDOUT` `fusermount3` did not answer.
 */
export function mountThrough(libc: Libc, options: MountOptions): Mount {
  const { directory } = options;
  const what = `mount ${directory}`;
  if (!placeAt(libc, directory).isDirectory) throw new OsError("ENOTDIR", what);
  const pair = new Int32Array(new ArrayBuffer(8));
  const buffer = new Uint8Array(pair.buffer);
  if (libc.call.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, buffer) < 0) {
    throw lastError(libc, what);
  }
  const [commFd = -1, socket = -1] = pair;
  try {
    const run = startMount(libc, options, socket);
    const fd = receive(libc, run, { commFd, what, timeoutMs: options.timeoutMs ?? TIMEOUT_MS });
    const connection = connectionAt(libc, directory);
    const isSeenByRoot = libc.call.geteuid() === 0 || options.allowOther === true;
    if (!isSeenByRoot && connection !== 0) watch(libc, options, { connection, socket });
    return { fd, commFd, pid: run.pid, connection };
  } catch (error) {
    libc.call.close(commFd);
    throw error;
  } finally {
    libc.call.close(socket);
  }
}

/**
 * Lets go of a mount that is over, or is to be over: `fusermount3` unmounts what is still mounted,
 * lazily, and ends. To be called once, behind the last use of the device's descriptor.
 */
export function release(libc: Libc, mount: Pick<Mount, "commFd" | "pid">): void {
  libc.call.close(mount.commFd);
  const status = new Uint8Array(new ArrayBuffer(4));
  const nobody = new Uint8Array(new ArrayBuffer(8));
  for (let waited = 0; waited < REAP_MS; waited += STEP_MS) {
    if (libc.call.waitpid(mount.pid, status, 1) !== 0) return;
    libc.call.poll(nobody, 0, STEP_MS);
  }
}

function startMount(libc: Libc, options: MountOptions, socket: number): ProgramRun {
  return ProgramRun.start(libc, {
    args: ["-o", optionText(options), "--", options.directory],
    program: options.fusermount,
    socket,
    what: `mount ${options.directory}`,
  });
}

/** The options as `fusermount3` reads them. Exported for its test only. @internal */
export function optionText(options: MountOptions): string {
  const words = [
    options.readOnly === true ? "ro" : "rw",
    options.setuid === true ? "suid" : "nosuid",
    options.devices === true ? "dev" : "nodev",
    `fsname=${escaped(options.fsName ?? "hako")}`,
    `subtype=${escaped(options.subtype ?? "hako")}`,
    `max_read=${options.maxRead ?? MAX_READ}`,
    "auto_unmount",
  ];
  if (options.defaultPermissions ?? true) words.push("default_permissions");
  if (options.allowOther === true) words.push("allow_other");
  return words.join(",");
}

function escaped(text: string): string {
  return text.replaceAll(/[\\,]/g, "\\$&");
}

interface Receiving {
  readonly commFd: number;
  readonly what: string;
  readonly timeoutMs: number;
}

/** Waits for the descriptor that `fusermount3` sends, or for its failure. */
function receive(libc: Libc, run: ProgramRun, receiving: Receiving): number {
  const { commFd, what, timeoutMs } = receiving;
  try {
    for (let waited = 0; waited < timeoutMs; waited += STEP_MS) {
      // Looked at before the socket: what it sent before its end is found.
      const hasEnded = run.exitCode() !== undefined;
      if (isReadable(libc, commFd, hasEnded ? 0 : STEP_MS)) {
        const fd = receiveDescriptor(libc, commFd);
        if (fd !== undefined) return fd;
      }
      if (hasEnded) throw explain(what, run.said());
    }
    run.kill();
    throw new OsError("ETIMEDOUT", `${what}: fusermount3 did not answer for ${timeoutMs} ms`);
  } finally {
    run.close();
  }
}

function isReadable(libc: Libc, fd: number, timeoutMs: number): boolean {
  const asked = new Uint8Array(new ArrayBuffer(8));
  const view = new DataView(asked.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, POLLIN, true);
  return libc.call.poll(asked, 1, timeoutMs) > 0;
}

/** One message with one descriptor; nothing if the socket has ended. */
function receiveDescriptor(libc: Libc, commFd: number): number | undefined {
  const byte = new Uint8Array(new ArrayBuffer(8));
  const vector = new BigUint64Array(new ArrayBuffer(16));
  vector[0] = libc.address(byte);
  vector[1] = 1n;
  const control = new Uint8Array(new ArrayBuffer(CONTROL_BYTES));
  const header = new DataView(new ArrayBuffer(MSGHDR_BYTES));
  header.setBigUint64(16, libc.address(new Uint8Array(vector.buffer)), true);
  header.setBigUint64(24, 1n, true);
  header.setBigUint64(32, libc.address(control), true);
  header.setBigUint64(40, BigInt(CONTROL_BYTES), true);
  const count = libc.call.recvmsg(commFd, new Uint8Array(header.buffer), MSG_CMSG_CLOEXEC);
  if (count <= 0) return undefined;
  const view = new DataView(control.buffer);
  const isDescriptor = view.getInt32(CMSG_LEVEL, true) === SOL_SOCKET &&
    view.getInt32(CMSG_TYPE, true) === SCM_RIGHTS;
  return isDescriptor ? view.getInt32(CMSG_DATA, true) : undefined;
}

/** Nobody serves it yet, so nobody is asked; who has unmounted it meanwhile makes no error. */
function connectionAt(libc: Libc, directory: string): number {
  try {
    const { connection, isMountRoot } = placeAt(libc, directory);
    return isMountRoot ? connection : 0;
  } catch (error) {
    if (error instanceof OsError) return 0;
    throw error;
  }
}
