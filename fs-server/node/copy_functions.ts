/**
 * The functions of `node:fs` that copy.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  integerOf,
  type Options,
  optionsOf,
  type PathLike,
  pathOf,
  shown,
  wrongType,
} from "./arguments.ts";
import type { PosixFile } from "./calls.ts";
import { constants } from "./constants.ts";
import { type Context, locate } from "./context.ts";
import { decode } from "./encoding.ts";
import { attempt, codeOf, refusal, systemError } from "./errors.ts";
import { parentOf, resolvePath } from "./plain_path.ts";
import { mkdir, onPaths } from "./path_functions.ts";
import { Stats } from "./stats.ts";
import { namesIn } from "./tree_functions.ts";

/** Bytes that are copied at once. */
const COPY_BYTES = 256 * 1024;

/** Copies a file; with `COPYFILE_EXCL` the target must not exist. */
export function copyFile(
  context: Context,
  source: PathLike,
  target: PathLike,
  mode?: unknown,
): void {
  const flags = integerOf(mode ?? 0, "mode", { min: 0, max: 7 });
  onPaths(context, "copyfile", [source, target], (from, to) => {
    if ((flags & constants.COPYFILE_FICLONE_FORCE) !== 0) {
      throw systemError("ENOSYS", {
        ...{ syscall: "copyfile", path: shown(from), dest: shown(to) },
      });
    }
    copyContent(context, [shown(from), shown(to)], (flags & constants.COPYFILE_EXCL) !== 0);
  });
}

/** Copies a file, a symbolic link or, with `recursive`, a directory and all below it. */
export function cp(context: Context, source: PathLike, target: PathLike, options?: unknown): void {
  const work = copyTree(context, [source, target], optionsOf(options));
  for (let step = work.next(); step.done !== true;) {
    if (typeof step.value !== "boolean") {
      throw wrongType("filter", "a function that answers a boolean", step.value);
    }
    step = work.next(step.value);
  }
}

/** The same where `filter` may answer by a promise. */
export async function cpLater(
  context: Context,
  source: PathLike,
  target: PathLike,
  options?: unknown,
): Promise<void> {
  const work = copyTree(context, [source, target], optionsOf(options));
  for (let step = work.next(); step.done !== true;) {
    step = work.next(Boolean(await step.value));
  }
}

/** One thing to copy, by absolute paths. */
interface CopyStep {
  readonly source: string;
  readonly target: string;
}

/** Copies what the filter, whose answers it waits for, lets through. */
function* copyTree(
  context: Context,
  paths: readonly [PathLike, PathLike],
  options: Options,
): Generator<unknown, void, boolean> {
  const [source, target] = paths.map((path, index) => {
    const given = pathOf(path, index === 0 ? "src" : "dest");
    return resolvePath(context.cwd, shown(locate(context, given, { syscall: "cp" })));
  }) as [string, string];
  const { filter } = options;
  if (filter !== undefined && typeof filter !== "function") {
    throw wrongType("options.filter", "of type function", filter);
  }
  const queue: CopyStep[] = [{ source, target }];
  const made: (() => void)[] = [];
  while (queue.length > 0) {
    const step = queue.pop()!;
    const isWanted = filter === undefined ? true : yield filter(step.source, step.target);
    if (isWanted) made.push(copyOne(context, step, { options, queue }));
  }
  // Last what a copy into a directory would change, or be hindered by.
  for (const finish of made.reverse()) finish();
}

function copyOne(
  context: Context,
  step: CopyStep,
  work: { readonly options: Options; readonly queue: CopyStep[] },
): () => void {
  const { options, queue } = work;
  const { source, target } = step;
  const follow = options["dereference"] === true;
  const subject = { syscall: "cp", path: source, dest: target };
  const sourceStats = attempt(
    { syscall: follow ? "stat" : "lstat", path: source },
    () => new Stats(context.calls.attributes(source, follow)),
  );
  const targetStats = statsIfAny(context, target, follow);
  refuse(step, sourceStats, targetStats);
  const parent = parentOf(target);
  if (statsIfAny(context, parent, true) === undefined) mkdir(context, parent, { recursive: true });
  if (sourceStats.isDirectory() && options["recursive"] !== true) {
    const message = `${source} is a directory (not copied)`;
    throw refusal("ERR_FS_EISDIR", { syscall: "cp", path: source, message });
  }
  if (sourceStats.isDirectory()) {
    if (targetStats === undefined) makeDirectory(context, target);
    for (const { nameBytes } of namesIn(context, source, subject)) {
      const text = decode(nameBytes);
      queue.push({ source: `${source}/${text}`, target: `${target}/${text}` });
    }
  } else if (sourceStats.isSymbolicLink()) {
    copyLink(context, step, { options, targetStats });
  } else if (sourceStats.isFile()) {
    copyRegular(context, step, { options, targetStats });
  } else {
    const message = `cannot copy an unknown file type: ${source}`;
    throw refusal("ERR_FS_CP_UNKNOWN", { syscall: "cp", path: target, message });
  }
  return () => {
    if (sourceStats.isSymbolicLink()) return;
    if (sourceStats.isDirectory() && targetStats === undefined) {
      context.calls.chmod(target, sourceStats.mode & 0o7777, true);
    }
    if (options["preserveTimestamps"] === true) keepTimes(context, step, follow);
  };
}

/** What cannot be copied onto what. */
function refuse(
  { source, target }: CopyStep,
  sourceStats: Stats,
  targetStats: Stats | undefined,
): void {
  const isDirectory = sourceStats.isDirectory();
  const on = (path: string, message: string) => ({ syscall: "cp", path, message });
  if (targetStats?.ino === sourceStats.ino) {
    throw refusal("ERR_FS_CP_EINVAL", on(target, "src and dest cannot be the same"));
  }
  if (targetStats !== undefined && isDirectory && !targetStats.isDirectory()) {
    const message = `cannot overwrite non-directory ${target} with directory ${source}`;
    throw refusal("ERR_FS_CP_DIR_TO_NON_DIR", on(target, message));
  }
  if (!isDirectory && targetStats?.isDirectory() === true) {
    const message = `cannot overwrite directory ${target} with non-directory ${source}`;
    throw refusal("ERR_FS_CP_NON_DIR_TO_DIR", on(target, message));
  }
  if (isDirectory && `${target}/`.startsWith(`${source}/`)) {
    const message = `cannot copy ${source} to a subdirectory of self ${target}`;
    throw refusal("ERR_FS_CP_EINVAL", on(target, message));
  }
}

/** What is copied, what stands at its target, and how. */
interface CopyCase {
  readonly options: Options;
  readonly targetStats: Stats | undefined;
}

/** Whether the target is to be replaced; with `errorOnExist` and no `force` it must not exist. */
function replaces(target: string, { options, targetStats }: CopyCase): boolean {
  if (targetStats === undefined || options["force"] !== false) return true;
  if (options["errorOnExist"] !== true) return false;
  const message = `${target} already exists`;
  throw refusal("ERR_FS_CP_EEXIST", { syscall: "cp", path: target, message });
}

function copyRegular(context: Context, { source, target }: CopyStep, work: CopyCase): void {
  if (!replaces(target, work)) return;
  const subject = { syscall: "cp", path: source, dest: target };
  attempt(subject, () => {
    if (work.targetStats !== undefined) context.calls.unlink(target);
    copyContent(context, [source, target], false);
  });
}

function copyLink(context: Context, { source, target }: CopyStep, work: CopyCase): void {
  if (!replaces(target, work)) return;
  const subject = { syscall: "cp", path: source, dest: target };
  attempt(subject, () => {
    const written = decode(context.calls.readlink(source));
    const isVerbatim = work.options["verbatimSymlinks"] === true;
    const points = isVerbatim ? written : resolvePath(parentOf(source), written);
    // Another link is replaced, anything else is in the way.
    if (work.targetStats?.isSymbolicLink() === true) context.calls.unlink(target);
    context.calls.symlink(points, target);
  });
}

function makeDirectory(context: Context, target: string): void {
  attempt({ syscall: "mkdir", path: target }, () => {
    context.calls.mkdir(target, 0o777 & ~context.umask);
  });
}

function keepTimes(context: Context, { source, target }: CopyStep, follow: boolean): void {
  const { atimeMs, mtimeMs } = new Stats(context.calls.attributes(source, follow));
  const times = [atimeMs, mtimeMs].map((ms) => {
    const seconds = Math.floor(ms / 1000);
    return { seconds, nanoseconds: Math.floor((ms - seconds * 1000) * 1e6) };
  });
  context.calls.utimens(target, [times[0]!, times[1]!], follow);
}

function statsIfAny(context: Context, path: string, follow: boolean): Stats | undefined {
  try {
    return new Stats(context.calls.attributes(path, follow));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Copies bytes and permissions. With `isNew` nothing may stand at the target. */
function copyContent(context: Context, paths: readonly [string, string], isNew: boolean): void {
  const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;
  const source = context.calls.open(paths[0], O_RDONLY, 0);
  try {
    const info = source.attributes();
    if (info.isDirectory && !isNew) throw new OsError("EISDIR", "copy");
    const flags = O_WRONLY | O_CREAT | (isNew ? O_EXCL : 0);
    const target = context.calls.open(paths[1], flags, info.mode & 0o7777);
    try {
      if (target.attributes().ino === info.ino) return;
      target.truncate(0);
      target.chmod(info.mode & 0o7777);
      pump(source, target);
    } catch (error) {
      if (isNew) context.calls.unlink(paths[1]);
      throw error;
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
}

function pump(source: PosixFile, target: PosixFile): void {
  const buffer = new Uint8Array(COPY_BYTES);
  for (let offset = 0;;) {
    const count = source.read(buffer, offset);
    if (count === 0) return;
    for (let done = 0; done < count;) {
      const written = target.write(buffer.subarray(done, count), offset + done);
      if (written === 0) throw systemError("ENOSPC", { syscall: "copyfile" });
      done += written;
    }
    offset += count;
  }
}
