/**
 * How far Linux reads ahead of a program. A mount begins with 128 KiB, whatever was agreed on, and an
 * answer of 1 MiB costs little more than one of that; so root raises it.
 *
 * @module
 */

import type { Libc } from "./device/mod.ts";
import { DATA_BYTES_MAX } from "./wire/mod.ts";

const O_WRONLY = 1;
const O_CLOEXEC = 0o2000000;

const encoder = new TextEncoder();

/**
 * Has Linux read ahead as much as one request can bring, if it lets us say so; to be called when INIT
 * has been answered.
 *
 * @param connection The number under /sys/fs/fuse/connections: that of the mount's file system.
 * @returns Whether it does.
 */
export function raiseReadAhead(libc: Libc, connection: number): boolean {
  const path = encoder.encode(`/sys/class/bdi/0:${connection}/read_ahead_kb\0`);
  const fd = libc.call.open(path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return false; // Not root, or no /sys here.
  const text = encoder.encode(String(DATA_BYTES_MAX / 1024));
  const isDone = libc.call.write(fd, text, text.byteLength) === text.byteLength;
  libc.call.close(fd);
  return isDone;
}
