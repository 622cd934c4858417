/**
 * The calls that the adapter stands on, over the client library.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { FileSystemClient } from "../client/client.ts";
import type { FsFile } from "../client/file.ts";
import type { FileInfo } from "../client/info.ts";
import type {
  ListedName,
  PathBytes,
  PosixCalls,
  PosixFile,
  TimeToSet,
  Usage,
  WatchedChange,
} from "./calls.ts";

/** What leaves an owner as it is. */
const UNCHANGED = 0xffffffff;

/** What is told when the system ends: no watcher need hear of it. */
const SYSTEM_ENDS: ReadonlySet<string> = new Set(["ESHUTDOWN", "EPIPE", "ECANCELED"]);

const encoder = new TextEncoder();

/** An open file over the client library's. */
class ClientFile implements PosixFile {
  readonly #file: FsFile;

  constructor(file: FsFile) {
    this.#file = file;
  }

  read(target: Uint8Array, offset: number): number {
    return this.#file.readSync(target, offset) ?? 0;
  }

  write(source: Uint8Array, offset: number | undefined): number {
    // At the end: the file was opened so, and the place is not looked at.
    return this.#file.writeSync(source, offset ?? 0);
  }

  attributes(): FileInfo {
    return this.#file.statSync();
  }

  truncate(size: number): void {
    this.#file.truncateSync(size);
  }

  sync(dataOnly: boolean): void {
    if (dataOnly) this.#file.syncDataSync();
    else this.#file.syncSync();
  }

  chmod(mode: number): void {
    this.#file.chmodSync(mode);
  }

  chown(uid: number, gid: number): void {
    this.#file.chownSync(idOf(uid), idOf(gid));
  }

  utimens(atime: TimeToSet, mtime: TimeToSet): void {
    this.#file.utimeSync(atime, mtime);
  }

  close(): void {
    this.#file.close();
  }
}

/** The calls over a client of the file server. */
export class ClientCalls implements PosixCalls {
  readonly #fs: FileSystemClient;

  /** Over this client, and with its authority. */
  constructor(fs: FileSystemClient) {
    this.#fs = fs;
  }

  /** As `PosixCalls` says. */
  open(path: PathBytes, flags: number, mode: number): PosixFile {
    return new ClientFile(this.#fs.openByFlagsSync(path, flags, mode));
  }

  /** As `PosixCalls` says. */
  attributes(path: PathBytes, follow: boolean): FileInfo {
    return follow ? this.#fs.statSync(path) : this.#fs.lstatSync(path);
  }

  /** As `PosixCalls` says. */
  access(path: PathBytes, wanted: number): void {
    this.#fs.accessSync(path, wanted);
  }

  /** As `PosixCalls` says. */
  mkdir(path: PathBytes, mode: number): void {
    this.#fs.mkdirSync(path as string, { mode });
  }

  /** As `PosixCalls` says. */
  rmdir(path: PathBytes): void {
    this.#fs.rmdirSync(path);
  }

  /** As `PosixCalls` says. */
  list(path: PathBytes): IterableIterator<ListedName> {
    return this.#fs.readDirSync(path);
  }

  /** As `PosixCalls` says. */
  unlink(path: PathBytes): void {
    this.#fs.unlinkSync(path);
  }

  /** As `PosixCalls` says. */
  rename(source: PathBytes, target: PathBytes): void {
    this.#fs.renameSync(source, target);
  }

  /** As `PosixCalls` says. */
  link(source: PathBytes, target: PathBytes): void {
    this.#fs.linkSync(source, target);
  }

  /** As `PosixCalls` says. */
  symlink(target: PathBytes, path: PathBytes): void {
    this.#fs.symlinkSync(target, path);
  }

  /** As `PosixCalls` says. */
  readlink(path: PathBytes): Uint8Array {
    return this.#fs.readLinkBytesSync(path);
  }

  /** As `PosixCalls` says. */
  realpath(path: PathBytes): Uint8Array {
    return encoder.encode(this.#fs.realPathSync(path));
  }

  /** As `PosixCalls` says. */
  chmod(path: PathBytes, mode: number, follow: boolean): void {
    this.#fs.chmodSync(path, mode, { follow });
  }

  /** As `PosixCalls` says. */
  chown(path: PathBytes, owner: { uid: number; gid: number }, follow: boolean): void {
    this.#fs.chownSync(path, idOf(owner.uid), idOf(owner.gid), { follow });
  }

  /** As `PosixCalls` says. */
  utimens(path: PathBytes, times: readonly [TimeToSet, TimeToSet], follow: boolean): void {
    this.#fs.utimeSync(path, times[0], times[1], { follow });
  }

  /** As `PosixCalls` says. */
  usage(): Usage {
    return this.#fs.statfsSync();
  }

  /** As `PosixCalls` says. */
  watch(path: PathBytes, tell: (change: WatchedChange | Error) => void): () => void {
    const watcher = this.#fs.watch(path);
    void follow(watcher, tell);
    return () => watcher.close();
  }
}

/** Passes on what a watcher tells; it asks for the first change before this returns. */
async function follow(
  watcher: AsyncIterable<{ readonly kind: number; readonly nameBytes: Uint8Array }>,
  tell: (change: WatchedChange | Error) => void,
): Promise<void> {
  try {
    for await (const { kind, nameBytes } of watcher) tell({ kind, name: nameBytes });
  } catch (error) {
    if (error instanceof OsError && SYSTEM_ENDS.has(error.code)) return;
    tell(error instanceof Error ? error : new Error(String(error)));
  }
}

function idOf(id: number): number | null {
  return id === UNCHANGED ? null : id;
}
