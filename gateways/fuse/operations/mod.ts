/**
 * What the gateway does with each request of Linux.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Ask } from "../ask.ts";
import type { Gateway, Operation } from "../gateway.ts";
import { OPCODE } from "../wire/mod.ts";
import { setattr } from "./attributes.ts";
import { destroy, init } from "./beginning.ts";
import { readdir, readdirPlus } from "./directories.ts";
import { getxattr, listxattr, removexattr, setxattr } from "./extended_attributes.ts";
import { forget, forgetMany } from "./forgetting.ts";
import { flush, getlk, interrupt, setlk, setlkw } from "./locks.ts";
import { getattr, lookup, readlink, statfs, statx } from "./looking.ts";
import { create, link, mkdir, mknod, symlink } from "./making.ts";
import {
  fallocate,
  fsync,
  lseek,
  open,
  opendir,
  read,
  release,
  syncfs,
  write,
} from "./open_files.ts";
import { rename, rename2, rmdir, unlink } from "./removing.ts";

export { wantedLock } from "./locks.ts";

const ENOTTY = 25;

/** What an ioctl(2) is answered that nobody knows. */
const ioctl: Operation = (ask) => ask.reply.error(ENOTTY);

const OPERATIONS: readonly (Operation | undefined)[] = tableOf([
  [OPCODE.LOOKUP, lookup],
  [OPCODE.FORGET, forget],
  [OPCODE.GETATTR, getattr],
  [OPCODE.SETATTR, setattr],
  [OPCODE.READLINK, readlink],
  [OPCODE.SYMLINK, symlink],
  [OPCODE.MKNOD, mknod],
  [OPCODE.MKDIR, mkdir],
  [OPCODE.UNLINK, unlink],
  [OPCODE.RMDIR, rmdir],
  [OPCODE.RENAME, rename],
  [OPCODE.LINK, link],
  [OPCODE.OPEN, open],
  [OPCODE.READ, read],
  [OPCODE.WRITE, write],
  [OPCODE.STATFS, statfs],
  [OPCODE.RELEASE, release],
  [OPCODE.FSYNC, fsync],
  [OPCODE.SETXATTR, setxattr],
  [OPCODE.GETXATTR, getxattr],
  [OPCODE.LISTXATTR, listxattr],
  [OPCODE.REMOVEXATTR, removexattr],
  [OPCODE.FLUSH, flush],
  [OPCODE.INIT, init],
  [OPCODE.OPENDIR, opendir],
  [OPCODE.READDIR, readdir],
  [OPCODE.RELEASEDIR, release],
  [OPCODE.FSYNCDIR, fsync],
  [OPCODE.GETLK, getlk],
  [OPCODE.SETLK, setlk],
  [OPCODE.SETLKW, setlkw],
  [OPCODE.CREATE, create],
  [OPCODE.INTERRUPT, interrupt],
  [OPCODE.DESTROY, destroy],
  [OPCODE.IOCTL, ioctl],
  [OPCODE.BATCH_FORGET, forgetMany],
  [OPCODE.FALLOCATE, fallocate],
  [OPCODE.READDIRPLUS, readdirPlus],
  [OPCODE.RENAME2, rename2],
  [OPCODE.LSEEK, lseek],
  [OPCODE.SYNCFS, syncfs],
  [OPCODE.STATX, statx],
]);

/**
 * Does what a request asks for. Hot path.
 *
 * @returns The bytes of its answer; 0 if it is answered later, or never.
 * @throws {OsError} What it is answered; `ENOSYS` for what is not known.
 */
export function perform(ask: Ask, gateway: Gateway): number {
  const operation = OPERATIONS[ask.request.opcode];
  if (operation === undefined) throw new OsError("ENOSYS", `do ${ask.request.opcode}`);
  return operation(ask, gateway);
}

function tableOf(
  entries: readonly (readonly [number, Operation])[],
): readonly (Operation | undefined)[] {
  const table: (Operation | undefined)[] = [];
  for (const [opcode, operation] of entries) table[opcode] = operation;
  return table;
}
