/**
 * The functions of `node:fs` on names, and on what stands at a path.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  encodingIn,
  integerOf,
  modeOf,
  optionsOf,
  ownerOf,
  type PathLike,
  pathOf,
  shown,
  timeOf,
} from "./arguments.ts";
import type { PathBytes } from "./calls.ts";
import { constants } from "./constants.ts";
import { type Context, locate, told } from "./context.ts";
import { encode } from "./encoding.ts";
import { attempt, codeOf, nodeError, type Subject, systemError } from "./errors.ts";
import { BigIntStats, StatFs, Stats } from "./stats.ts";

/** Characters of names that nobody chose. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** How often a name that is taken is drawn anew. */
const DRAWS_MAX = 100;

/** What `stat` and `lstat` take. */
export interface StatOptions {
  /** Numbers as bigints, times in nanoseconds. */
  readonly bigint?: boolean;
  /** With false, nothing is answered where nothing stands. */
  readonly throwIfNoEntry?: boolean;
}

/** Tells what stands at a path, beyond symbolic links. */
export function stat(
  context: Context,
  path: PathLike,
  options?: StatOptions,
): Stats | BigIntStats | undefined {
  return look(context, path, options, { syscall: "stat", follow: true });
}

/** Tells what stands at a path, a symbolic link itself included. */
export function lstat(
  context: Context,
  path: PathLike,
  options?: StatOptions,
): Stats | BigIntStats | undefined {
  return look(context, path, options, { syscall: "lstat", follow: false });
}

/** Whether what stands at a path may be used so. */
export function access(context: Context, path: PathLike, mode?: unknown): void {
  const wanted = integerOf(mode ?? constants.F_OK, "mode", { min: 0, max: 7 });
  onPath(context, "access", path, (full) => context.calls.access(full, wanted));
}

/** Whether something stands at a path; never throws. */
export function exists(context: Context, path: unknown): boolean {
  try {
    access(context, path as PathLike);
    return true;
  } catch {
    return false;
  }
}

/** Makes a directory; with `recursive` those above it too, and the first one made is answered. */
export function mkdir(context: Context, path: PathLike, options?: unknown): string | undefined {
  const { recursive, permissions } = mkdirOptions(context, options);
  if (recursive) return mkdirAll(context, path, { permissions, blames: "path" });
  onPath(context, "mkdir", path, (full) => context.calls.mkdir(full, permissions));
  return undefined;
}

/** The same as Node's asynchronous one: it differs in the errors of `recursive`. */
export function mkdirLater(
  context: Context,
  path: PathLike,
  options?: unknown,
): string | undefined {
  const { recursive, permissions } = mkdirOptions(context, options);
  if (recursive) return mkdirAll(context, path, { permissions, blames: "part" });
  return mkdir(context, path, options);
}

/** Makes a directory with a name of chance behind a prefix; answers its path. */
export function mkdtemp(
  context: Context,
  prefix: PathLike,
  options?: unknown,
): string | Uint8Array {
  const given = optionsOf(options);
  const encoding = encodingIn(given);
  const start = pathOf(prefix, "prefix");
  const subject = { syscall: "mkdtemp", path: `${shown(start)}XXXXXX` };
  for (let draw = 0;; draw++) {
    const drawn = crypto.getRandomValues(new Uint8Array(6));
    const end = Array.from(drawn, (byte) => LETTERS[byte % LETTERS.length]).join("");
    const path = typeof start === "string" ? start + end : shown(start) + end;
    try {
      context.calls.mkdir(locate(context, path, subject), 0o700);
      return told(context, encode(path), { encoding, asBuffer: given["encoding"] === "buffer" });
    } catch (error) {
      if (codeOf(error) !== "EEXIST" || draw >= DRAWS_MAX) throw nodeError(error, subject);
    }
  }
}

/** Removes an empty directory. */
export function rmdir(context: Context, path: PathLike): void {
  onPath(context, "rmdir", path, (full) => context.calls.rmdir(full));
}

/** Removes a name that is no directory's. */
export function unlink(context: Context, path: PathLike): void {
  onPath(context, "unlink", path, (full) => context.calls.unlink(full));
}

/** Moves a name, over what stands at the target. */
export function rename(context: Context, oldPath: PathLike, newPath: PathLike): void {
  onPaths(context, "rename", [oldPath, newPath], (source, target) => {
    context.calls.rename(source, target);
  });
}

/** Gives a file another name. */
export function link(context: Context, existingPath: PathLike, newPath: PathLike): void {
  onPaths(context, "link", [existingPath, newPath], (source, target) => {
    context.calls.link(source, target);
  });
}

/** Makes a symbolic link; its type means something on Windows only. */
export function symlink(context: Context, target: PathLike, path: PathLike, _type?: unknown): void {
  const written = pathOf(target, "target");
  const given = pathOf(path);
  const subject = { syscall: "symlink", path: shown(written), dest: shown(given) };
  const full = locate(context, given, subject);
  attempt(subject, () => context.calls.symlink(written, full));
}

/** Where a symbolic link points. */
export function readlink(
  context: Context,
  path: PathLike,
  options?: unknown,
): string | Uint8Array {
  const given = optionsOf(options);
  const how = { encoding: encodingIn(given), asBuffer: given["encoding"] === "buffer" };
  const bytes = onPath(context, "readlink", path, (full) => context.calls.readlink(full));
  return told(context, bytes, how);
}

/** The path without symbolic links, `.` and `..`. */
export function realpath(
  context: Context,
  path: PathLike,
  options?: unknown,
): string | Uint8Array {
  const given = optionsOf(options);
  const how = { encoding: encodingIn(given), asBuffer: given["encoding"] === "buffer" };
  const bytes = onPath(context, "realpath", path, (full) => context.calls.realpath(full));
  return told(context, bytes, how);
}

/** Sets permissions. */
export function chmod(context: Context, path: PathLike, mode: unknown): void {
  const permissions = modeOf(mode) & 0o7777;
  onPath(context, "chmod", path, (full) => context.calls.chmod(full, permissions, true));
}

/** Sets the permissions of a symbolic link itself; Linux knows none. */
export function lchmod(context: Context, path: PathLike, mode: unknown): void {
  const permissions = modeOf(mode) & 0o7777;
  onPath(context, "lchmod", path, (full) => context.calls.chmod(full, permissions, false));
}

/** Sets owner and group. */
export function chown(context: Context, path: PathLike, uid: unknown, gid: unknown): void {
  const owner = { uid: ownerOf(uid, "uid"), gid: ownerOf(gid, "gid") };
  onPath(context, "chown", path, (full) => context.calls.chown(full, owner, true));
}

/** Sets owner and group of a symbolic link itself. */
export function lchown(context: Context, path: PathLike, uid: unknown, gid: unknown): void {
  const owner = { uid: ownerOf(uid, "uid"), gid: ownerOf(gid, "gid") };
  onPath(context, "lchown", path, (full) => context.calls.chown(full, owner, false));
}

/** Sets times. */
export function utimes(context: Context, path: PathLike, atime: unknown, mtime: unknown): void {
  const times = [timeOf(atime), timeOf(mtime)] as const;
  onPath(context, "utime", path, (full) => context.calls.utimens(full, times, true));
}

/** Sets the times of a symbolic link itself. */
export function lutimes(context: Context, path: PathLike, atime: unknown, mtime: unknown): void {
  const times = [timeOf(atime), timeOf(mtime)] as const;
  onPath(context, "lutime", path, (full) => context.calls.utimens(full, times, false));
}

/** Tells about the whole file system. */
export function statfs(
  context: Context,
  path: PathLike,
  options?: { bigint?: boolean },
): StatFs<number> | StatFs<bigint> {
  const usage = onPath(context, "statfs", path, (full) => {
    context.calls.attributes(full, true);
    return context.calls.usage();
  });
  return options?.bigint === true ? new StatFs(usage, BigInt) : new StatFs(usage, (value) => value);
}

/** Does a call on a path; its error names it. */
export function onPath<T>(
  context: Context,
  syscall: string,
  path: PathLike,
  call: (full: PathBytes) => T,
): T {
  const given = pathOf(path);
  const subject = { syscall, path: shown(given) };
  const full = locate(context, given, subject);
  try {
    return call(full);
  } catch (error) {
    throw nodeError(error, subject);
  }
}

/** Does a call on two paths; its error names both. */
export function onPaths(
  context: Context,
  syscall: string,
  paths: readonly [PathLike, PathLike],
  call: (source: PathBytes, target: PathBytes) => void,
): void {
  const source = pathOf(paths[0], "oldPath");
  const target = pathOf(paths[1], "newPath");
  const subject = { syscall, path: shown(source), dest: shown(target) };
  const from = locate(context, source, subject);
  const to = locate(context, target, subject);
  attempt(subject, () => call(from, to));
}

function look(
  context: Context,
  path: PathLike,
  options: StatOptions | undefined,
  how: { readonly syscall: string; readonly follow: boolean },
): Stats | BigIntStats | undefined {
  const given = pathOf(path);
  const full = locate(context, given, { syscall: how.syscall });
  try {
    const info = context.calls.attributes(full, how.follow);
    return options?.bigint === true ? new BigIntStats(info) : new Stats(info);
  } catch (error) {
    if (options?.throwIfNoEntry === false) {
      const code = codeOf(error);
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    }
    throw nodeError(error, { syscall: how.syscall, path: shown(given) });
  }
}

function mkdirOptions(context: Context, options: unknown) {
  const given = typeof options === "object" && options !== null
    ? options as { mode?: unknown; recursive?: unknown }
    : { mode: options };
  const permissions = modeOf(given.mode, 0o777) & ~context.umask & 0o7777;
  return { recursive: given.recursive === true, permissions };
}

/** How directories are made one below the other. */
interface MakeAll {
  readonly permissions: number;
  /** What an error names: the whole path, or the part that is in the way. */
  readonly blames: "path" | "part";
}

/** As libuv's callers in Node do it, errors included. */
function mkdirAll(context: Context, path: PathLike, how: MakeAll): string | undefined {
  const given = pathOf(path);
  const subject: Subject = { syscall: "mkdir", path: shown(given) };
  const parts = [shown(locate(context, given, subject))];
  let first: string | undefined;
  while (parts.length > 0) {
    const part = parts.pop()!;
    try {
      context.calls.mkdir(part, how.permissions);
      first ??= part;
    } catch (error) {
      const code = codeOf(error);
      const parent = part.replace(/\/+[^/]*$/, "") || "/";
      if (code === "ENOENT" && parent !== part) {
        parts.push(part, parent);
      } else if (code !== "EEXIST") {
        throw nodeError(error, subject);
      } else {
        requireDirectory(context, { part, isLast: parts.length === 0 }, how, subject);
      }
    }
  }
  return first;
}

/** What is in the way of `mkdir` must be a directory. */
function requireDirectory(
  context: Context,
  found: { readonly part: string; readonly isLast: boolean },
  how: MakeAll,
  subject: Subject,
): void {
  const { part, isLast } = found;
  const later = how.blames === "part";
  const blamed = later ? { ...subject, path: part } : subject;
  const info = attempt(blamed, () => {
    try {
      return context.calls.attributes(part, true);
    } catch (error) {
      if (later && !isLast) throw new OsError("ENOTDIR", "mkdir", { cause: error });
      throw error;
    }
  });
  if (!info.isDirectory) throw systemError(isLast ? "EEXIST" : "ENOTDIR", blamed);
}
