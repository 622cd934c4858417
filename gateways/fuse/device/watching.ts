/**
 * Who unmounts when this process has ended and `fusermount3` cannot.
 *
 * `fusermount3` looks whether the mount is dead before it unmounts. It does so as root, and root may
 * not even look at another user's mount unless `allow_other` says so: up to libfuse 3.14 such a
 * mount stays, dead, for ever (https://github.com/libfuse/libfuse/issues/586). So for these a shell
 * waits for the same socket, and calls `fusermount3 -u` as the user whose mount it is.
 *
 * @module
 */

import type { Libc } from "./libc.ts";
import { ProgramRun } from "./program.ts";

/**
 * $1 is the directory, $2 the connection, $3 `fusermount3`. Nothing else that has been mounted there
 * meanwhile is unmounted.
 */
const SCRIPT = `trap "" HUP INT TERM
{ read -r _ <&3; grep -q " 0:$2 / " /proc/self/mountinfo && exec "$3" -u -z -- "$1"; } &`;

/** The mount, and the end of the socket that is not ours. */
export interface Watched {
  /** The number of its connection. */
  readonly connection: number;
  /** The socket whose other end is closed when this process ends. */
  readonly socket: number;
}

/** Has a mount unmounted when the other end of its socket is closed. */
export function watch(
  libc: Libc,
  options: { readonly directory: string; readonly fusermount?: string },
  { connection, socket }: Watched,
): void {
  const { directory, fusermount = "fusermount3" } = options;
  const run = ProgramRun.start(libc, {
    args: ["-c", SCRIPT, "sh", directory, `${connection}`, fusermount],
    program: "/bin/sh",
    socket,
    what: `watch ${directory}`,
  });
  run.wait(); // It leaves one behind that waits.
  run.close();
}
