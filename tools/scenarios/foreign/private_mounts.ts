/**
 * Mounts that nobody else sees: a mount namespace for this process alone, which ends with it. Whatever
 * happens to us, nothing is left mounted on the host.
 *
 * `unshare(2)` acts on the thread that calls it, and threads and programs that this one starts inherit
 * what it has. The main thread starts all workers and all programs, so those are in the namespace;
 * Deno's own threads, which serve `Deno.open` and its like, are not, and see what lies below a mount.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** Of `sched.h` and `sys/mount.h`. */
const CLONE_NEWNS = 0x0002_0000;
const MS_REC = 0x4000n;
const MS_PRIVATE = 0x4_0000n;

/** Keeps mounts and unmounts of ours from everybody else, and theirs from us. */
const PROPAGATION = MS_REC | MS_PRIVATE;

/**
 * Moves this thread, and whatever it starts from now on, into a mount namespace of its own.
 *
 * @param libc The C library; calling it must be permitted.
 * @throws {OsError} `EPERM` if that is not allowed here: it is for root.
 */
export function enterPrivateMounts(libc: string): void {
  const library = Deno.dlopen(libc, {
    unshare: { parameters: ["i32"], result: "i32" },
    mount: { parameters: ["pointer", "buffer", "pointer", "u64", "pointer"], result: "i32" },
  });
  const { unshare, mount } = library.symbols;
  const root = new TextEncoder().encode("/\0");
  const isPrivate = unshare(CLONE_NEWNS) === 0 && mount(null, root, null, PROPAGATION, null) === 0;
  library.close();
  if (!isPrivate) throw new OsError("EPERM", "make a mount namespace");
}
