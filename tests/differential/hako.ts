/**
 * Hako's file system, asked by its own client.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { FileInfo, FileSystemClient, FsFile } from "@hako/fs-server";
import { type Action, byteAt, digest, type Outcome, SLOT_COUNT } from "./actions.ts";
import type { Played } from "./host.ts";

/**
 * Plays actions in an empty directory of a file system, and removes it again.
 *
 * @param onAction Called before each: where something may happen to the servers.
 */
export function playOnHako(
  fs: FileSystemClient,
  root: string,
  actions: readonly Action[],
  onAction: (at: number) => void = () => {},
): Played {
  fs.umask(0);
  fs.mkdirSync(root, { mode: 0o755 });
  const slots: (FsFile | undefined)[] = Array.from({ length: SLOT_COUNT });
  const outcomes = actions.map((action, at) => {
    onAction(at);
    return answer(fs, root, slots, action);
  });
  for (const file of slots) file?.close();
  const tree: Outcome[] = [];
  walk(fs, root, "", tree);
  fs.removeSync(root, { recursive: true });
  return { outcomes, tree };
}

function answer(
  fs: FileSystemClient,
  root: string,
  slots: (FsFile | undefined)[],
  action: Action,
): Outcome {
  try {
    return "slot" in action && action.op !== "open"
      ? actOnFile(slots, action)
      : actOnPath(fs, root, slots, action);
  } catch (error) {
    if (error instanceof OsError) return error.code;
    throw error;
  }
}

type OnFile = Exclude<Extract<Action, { readonly slot: number }>, { readonly op: "open" }>;

function actOnFile(slots: (FsFile | undefined)[], action: OnFile): Outcome {
  const file = slots[action.slot];
  if (file === undefined) return "EBADF";
  switch (action.op) {
    case "close":
      slots[action.slot] = undefined;
      file.close();
      return 0;
    case "fsync":
      file.syncSync();
      return 0;
    case "fstat":
      return told(file.statSync());
    case "read": {
      const bytes = new Uint8Array(action.length);
      const count = file.readSync(bytes, action.offset) ?? 0;
      return [count, digest(bytes.subarray(0, count))];
    }
    case "write": {
      const bytes = Uint8Array.from({ length: action.length }, (_, at) => byteAt(action.seed, at));
      return file.writeSync(bytes, action.offset);
    }
    case "ftruncate":
      file.truncateSync(action.size);
      return 0;
  }
}

function actOnPath(
  fs: FileSystemClient,
  root: string,
  slots: (FsFile | undefined)[],
  action: Exclude<Action, OnFile>,
): Outcome {
  const at = (path: string) => root + path;
  switch (action.op) {
    case "open": {
      const file = fs.openByFlagsSync(at(action.path), action.flags, action.mode);
      slots[action.slot]?.close();
      slots[action.slot] = file;
      return 0;
    }
    case "mkdir":
      fs.mkdirSync(at(action.path), { mode: action.mode });
      return 0;
    case "rmdir":
      fs.rmdirSync(at(action.path));
      return 0;
    case "unlink":
      fs.unlinkSync(at(action.path));
      return 0;
    case "stat":
      return told(fs.statSync(at(action.path)));
    case "lstat":
      return told(fs.lstatSync(at(action.path)));
    case "readlink":
      return fs.readLinkSync(at(action.path));
    case "readdir":
      return [...fs.readDirSync(at(action.path))].map(({ name }) => name).sort();
    case "rename":
      fs.renameSync(at(action.source), at(action.target));
      return 0;
    case "link":
      fs.linkSync(at(action.source), at(action.target));
      return 0;
    case "symlink":
      fs.symlinkSync(action.text, at(action.path));
      return 0;
    case "chmod":
      fs.chmodSync(at(action.path), action.mode);
      return 0;
    case "utimes": {
      fs.utimeSync(at(action.path), action.atime, action.mtime);
      const { atime, mtime } = fs.statSync(at(action.path));
      return [atime, mtime].map((time) => Math.round(time.getTime() / 1000));
    }
    case "truncate":
      fs.truncateSync(at(action.path), action.size);
      return 0;
  }
}

function told(info: FileInfo): readonly Outcome[] {
  const mode = info.mode & 0o7777;
  if (info.isDirectory) return ["directory", mode];
  return [info.isSymlink ? "symlink" : "file", mode, info.nlink, info.size];
}

function walk(fs: FileSystemClient, root: string, path: string, tree: Outcome[]): void {
  const info = fs.lstatSync(root + path);
  const row: Outcome[] = [path, ...told(info)];
  if (info.isSymlink) row.push(fs.readLinkSync(root + path));
  if (info.isFile) row.push(digest(fs.readFileSync(root + path)));
  tree.push(row);
  if (!info.isDirectory) return;
  for (const name of [...fs.readDirSync(root + path)].map((entry) => entry.name).sort()) {
    walk(fs, root, `${path}/${name}`, tree);
  }
}
