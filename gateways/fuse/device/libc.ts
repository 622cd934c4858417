/**
 * The C library, called through Deno's FFI.
 *
 * A worker whose `ffi` permission names one path may not use `Deno.UnsafePointer`. So every
 * parameter is a buffer or a number: an address comes from `memmove(b, b, 0)`, which returns its
 * first argument, and `errno` is copied from the address that `__errno_location()` returns.
 *
 * @module
 */

import { type Errno, errnoName, OsError } from "@hako/ipc";

// Sizes are declared as 32 bits: such a call costs 0.14 us less than with 64, and none is 2^31 or
// more. Both processors clear the upper half of a register in which a word of 32 bits is put.
const SYMBOLS = {
  __errno_location: { parameters: [], result: "u64" },
  addressOf: { name: "memmove", parameters: ["buffer", "buffer", "u32"], result: "u64" },
  copyFrom: { name: "memcpy", parameters: ["buffer", "u64", "u32"], result: "void" },
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  writeApart: {
    name: "write",
    parameters: ["i32", "buffer", "u32"],
    result: "i32",
    nonblocking: true, // In another thread, and its errno stays there.
  },
  poll: { parameters: ["buffer", "u32", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  geteuid: { parameters: [], result: "u32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  posix_spawn: {
    parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_adddup2: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  posix_spawn_file_actions_destroy: { parameters: ["buffer"], result: "i32" },
  // Numbered system calls: `fsopen` and its like have no wrapper in older libraries.
  syscallOpen: { name: "syscall", parameters: ["i32", "buffer", "u32"], result: "i32" },
  syscallConfig: {
    name: "syscall",
    parameters: ["i32", "i32", "i32", "buffer", "buffer", "i32"],
    result: "i32",
  },
  syscallMount: { name: "syscall", parameters: ["i32", "i32", "i32", "i32"], result: "i32" },
  openat: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
} as const;

/**
 * The functions of the C library that are used here, as their manual pages have them: what failed
 * returns -1, and `errno()` says why. No call allocates, but for those that return an address.
 */
export interface LibcSymbols {
  /** The address of this thread's `errno`. */
  __errno_location(): bigint;
  /** `memmove(3)`: the address of `target`, where both are one buffer and no byte is moved. */
  addressOf(
    target: Uint8Array<ArrayBuffer>,
    source: Uint8Array<ArrayBuffer>,
    byteLength: number,
  ): bigint;
  /** `memcpy(3)` from an address. */
  copyFrom(target: Uint8Array<ArrayBuffer>, source: bigint, byteLength: number): void;
  /** `open(2)`. */
  open(path: Uint8Array<ArrayBuffer>, flags: number, mode: number): number;
  /** `openat(2)`. */
  openat(directory: number, path: Uint8Array<ArrayBuffer>, flags: number, mode: number): number;
  /** `close(2)`. */
  close(fd: number): number;
  /** `read(2)`. */
  read(fd: number, target: Uint8Array<ArrayBuffer>, byteLength: number): number;
  /** `write(2)`. */
  write(fd: number, source: Uint8Array<ArrayBuffer>, byteLength: number): number;
  /** `write(2)` in another thread. */
  writeApart(fd: number, source: Uint8Array<ArrayBuffer>, byteLength: number): Promise<number>;
  /** `poll(2)`. */
  poll(asked: Uint8Array<ArrayBuffer>, count: number, timeoutMs: number): number;
  /** `fcntl(2)` with a number. */
  fcntl(fd: number, command: number, argument: number): number;
  /** `dup3(2)`. */
  dup3(source: number, target: number, flags: number): number;
  /** `pipe2(2)`. */
  pipe2(target: Uint8Array<ArrayBuffer>, flags: number): number;
  /** `socketpair(2)`. */
  socketpair(
    domain: number,
    type: number,
    protocol: number,
    target: Uint8Array<ArrayBuffer>,
  ): number;
  /** `recvmsg(2)`. */
  recvmsg(fd: number, header: Uint8Array<ArrayBuffer>, flags: number): number;
  /** `statx(2)`. */
  statx(
    directory: number,
    path: Uint8Array<ArrayBuffer>,
    flags: number,
    mask: number,
    target: Uint8Array<ArrayBuffer>,
  ): number;
  /** `geteuid(2)`. */
  geteuid(): number;
  /** `kill(2)`. */
  kill(pid: number, signal: number): number;
  /** `waitpid(2)`. */
  waitpid(pid: number, status: Uint8Array<ArrayBuffer>, options: number): number;
  /** `posix_spawn(3)`: returns an errno. */
  posix_spawn(
    pid: Uint8Array<ArrayBuffer>,
    path: Uint8Array<ArrayBuffer>,
    actions: Uint8Array<ArrayBuffer>,
    attributes: null,
    args: Uint8Array<ArrayBuffer>,
    environment: Uint8Array<ArrayBuffer>,
  ): number;
  /** `posix_spawn_file_actions_init(3)`. */
  posix_spawn_file_actions_init(actions: Uint8Array<ArrayBuffer>): number;
  /** `posix_spawn_file_actions_adddup2(3)`. */
  posix_spawn_file_actions_adddup2(
    actions: Uint8Array<ArrayBuffer>,
    source: number,
    target: number,
  ): number;
  /** `posix_spawn_file_actions_destroy(3)`. */
  posix_spawn_file_actions_destroy(actions: Uint8Array<ArrayBuffer>): number;
  /** `fsopen(2)`, by its number. */
  syscallOpen(number: number, name: Uint8Array<ArrayBuffer>, flags: number): number;
  /** `fsconfig(2)`, by its number. */
  syscallConfig(
    number: number,
    fd: number,
    command: number,
    key: null,
    value: null,
    aux: number,
  ): number;
  /** `fsmount(2)`, by its number. */
  syscallMount(number: number, fd: number, flags: number, attributes: number): number;
}

/** The C library, opened by one worker for itself. */
export interface Libc {
  /** Its functions. */
  readonly call: LibcSymbols;
  /** The error of the last call of this worker: a positive number, right after a call only. */
  errno(): number;
  /** The address of a buffer, as structs want it. It holds while the buffer is reachable. */
  address(buffer: Uint8Array<ArrayBuffer>): bigint;
}

const ERRNO_BYTES = 4;

/**
 * Opens the C library for this worker.
 *
 * @param path Its absolute path, as the worker's `ffi` permission has it; see `findLibc()`.
 * @throws {OsError} `ENOENT` if nothing is there, `EACCES` if the permission does not name it,
 * `EOPNOTSUPP` if it is no library for this program or lacks a function, or the host is not a
 * little-endian one with 64 bits.
 */
export function openLibc(path: string): Libc {
  if (Deno.build.os !== "linux") {
    throw new OsError("EOPNOTSUPP", `use FUSE on ${Deno.build.os}: it is a part of Linux`);
  }
  const symbols = openLibrary(path);
  const word = new Int32Array(new ArrayBuffer(ERRNO_BYTES));
  const target = new Uint8Array(word.buffer);
  // One place for each thread; a worker is one thread.
  const place = symbols.__errno_location();
  return {
    call: symbols,
    errno: () => {
      symbols.copyFrom(target, place, ERRNO_BYTES);
      return word[0]!;
    },
    address: (buffer) => symbols.addressOf(buffer, buffer, 0),
  };
}

function openLibrary(path: string): LibcSymbols {
  try {
    return Deno.dlopen(path, SYMBOLS).symbols;
  } catch (cause) {
    const what = `open the C library ${path}`;
    if (cause instanceof Deno.errors.NotCapable) {
      throw new OsError("EACCES", `${what}: this worker's ffi permission does not name it`, {
        cause,
      });
    }
    const text = String(cause);
    if (/No such file|cannot open shared object/.test(text)) {
      throw new OsError("ENOENT", what, { cause });
    }
    throw new OsError("EOPNOTSUPP", what, { cause });
  }
}

/** The error of the last call, as one to be thrown; `EIO` where it has no name here. */
export function lastError(libc: Libc, what: string): OsError {
  return errorOf(libc.errno(), what);
}

/** An error by its number, as one to be thrown; `EIO` where it has no name here. */
export function errorOf(errno: number, what: string): OsError {
  const code: Errno | undefined = errnoName(errno);
  return new OsError(code ?? "EIO", code === undefined ? `${what} (errno ${errno})` : what);
}

/** A string as C has it. @throws {OsError} `EINVAL` if a NUL is in it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new OsError("EINVAL", "use a name with a NUL in it");
  const bytes = new TextEncoder().encode(text);
  // Memory of its own: V8 moves the bytes of a small array whose memory nobody has asked for.
  const target = new Uint8Array(new ArrayBuffer(bytes.byteLength + 1));
  target.set(bytes);
  return target;
}
