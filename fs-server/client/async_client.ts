/**
 * Files for programs that live in an event loop: the shapes of `Deno`'s asynchronous file functions
 * over a file server.
 *
 * What it asks for is done in the order in which it was asked. Bytes take the ways that they take in
 * the synchronous client, of which a program may have one on the same window.
 *
 * @module
 */

import type { Client } from "@hako/ipc";
import { AsyncFsFile } from "./async_file.ts";
import { Calls, flagsOf, type FollowOptions, type OpenOptions, type Standpoint } from "./calls.ts";
import type { FileSystemUsage, FileUser } from "./client.ts";
import { Connection } from "./connection.ts";
import { textOf } from "./file_error.ts";
import type { DirEntry, FileInfo, Moment } from "./info.ts";
import { openFile } from "./open_file.ts";
import type { Path } from "./places.ts";
import { ask, type Steps } from "./steps.ts";
import {
  codeOf,
  copyWhole,
  entriesFrom,
  makeDirectory,
  makeTemp,
  type MakeTempOptions,
  type MkdirOptions,
  readWhole,
  removeTree,
  truncateAt,
  writeWhole,
} from "./trees.ts";
import { type FileSystem, OPEN } from "../protocol.ts";
import { FileWatcher } from "./watch_events.ts";

/**
 * One program's view of a file system, by promises.
 *
 * @example
 * ```ts ignore
 * const fs = new AsyncFileSystemClient(domain.connect(FileSystem, "files"), domain.window("w"));
 * await fs.writeTextFile("/motd", "hello");
 * ```
 */
export class AsyncFileSystemClient {
  readonly #connection: Connection;
  readonly #from: Standpoint;
  readonly #calls: Calls;

  /**
   * Makes a client; nothing is sent yet.
   *
   * @param client The file server's endpoint.
   * @param window The app's window, as for `FileSystemClient`.
   */
  constructor(client: Client<FileSystem>, window: Uint8Array) {
    this.#connection = Connection.of(client, window);
    this.#from = { at: 0, as: 0, umask: 0 };
    this.#calls = new Calls(this.#connection.promised, this.#from);
  }

  /**
   * A run of the window for the app's own use; I/O on it is copy-free. It is never returned.
   *
   * @throws {RangeError} The window has not that much left.
   */
  buffer(byteLength: number): Uint8Array {
    return this.#connection.buffer(byteLength);
  }

  /** A client that does everything as another user. Only for those whom the server takes as root. */
  async asUser({ uid, gid, groups = [] }: FileUser): Promise<AsyncFileSystemClient> {
    const { client, window } = this.#connection;
    const other = new AsyncFileSystemClient(client, window);
    other.#from.as = await this.#run(() => this.#calls.credential(uid, gid, groups));
    other.#from.umask = this.#from.umask;
    return other;
  }

  /** The permissions that new files do not get; sets them, and answers what they were. 0 at first. */
  umask(mask: number = this.#from.umask): number {
    const before = this.#from.umask;
    this.#from.umask = mask & 0o777;
    return before;
  }

  /** Lets relative paths start at a directory. */
  async chdir(path: Path): Promise<void> {
    await this.#run(() => this.#chdir(path));
  }

  /** The path of the directory at which relative paths start. */
  async cwd(): Promise<string> {
    return this.#from.at === 0 ? "/" : textOf(await this.#run(() => this.#calls.realpath("")));
  }

  /** Opens a file, or a directory for reading its names. */
  async open(path: Path, options: OpenOptions = {}): Promise<AsyncFsFile> {
    return await this.openByFlags(path, flagsOf(options), options.mode);
  }

  /** Opens by the flags of the protocol, `OPEN`. */
  async openByFlags(path: Path, flags: number, mode = 0o644): Promise<AsyncFsFile> {
    const connection = this.#connection;
    const file = await this.#run(() => openFile(connection, this.#calls, path, flags, mode));
    return new AsyncFsFile(connection, file);
  }

  /** Makes or replaces a file, and opens it for reading and writing. */
  create(path: Path): Promise<AsyncFsFile> {
    return this.open(path, { read: true, write: true, create: true, truncate: true });
  }

  /** Tells what stands at a path, beyond symbolic links. */
  stat(path: Path): Promise<FileInfo> {
    return this.#run(() => this.#calls.stat(path, true));
  }

  /** Tells what stands at a path, a symbolic link itself included. */
  lstat(path: Path): Promise<FileInfo> {
    return this.#run(() => this.#calls.stat(path, false));
  }

  /** Whether something stands at a path. */
  async exists(path: Path): Promise<boolean> {
    const missing = ["ENOENT", "ENOTDIR", "ELOOP", "EACCES"];
    return await this.#run(() => codeOf(this.#calls.stat(path, true), missing)) === undefined;
  }

  /** Whether a path may be used so: bits of `ACCESS`. @throws {OsError} `EACCES` if not. */
  async access(path: Path, wanted = 0, options?: FollowOptions): Promise<void> {
    await this.#run(() => this.#calls.access(path, wanted, options));
  }

  /** Makes a directory; with `recursive`, those above it too. Answers the first that was made. */
  mkdir(path: string, options: MkdirOptions = {}): Promise<string | undefined> {
    return this.#run(() => makeDirectory(this.#calls, path, options));
  }

  /** The names in a directory but `.` and `..`. The directory is open until the iterator ends. */
  async *readDir(path: Path): AsyncIterableIterator<DirEntry> {
    const flags = OPEN.readOnly | OPEN.directory;
    const { handle } = await this.#run(() => this.#calls.open(path, flags, 0));
    try {
      let cookie = 0;
      while (true) {
        const page = await this.#run(() => entriesFrom(this.#calls, handle, cookie));
        if (page === undefined) return;
        cookie = page.nextCookie;
        yield* page.entries;
      }
    } finally {
      await this.#run(() => ask("close", { handle }));
    }
  }

  /** Removes a file, a symbolic link or an empty directory; with `recursive`, all below it too. */
  remove(path: Path, options: { recursive?: boolean } = {}): Promise<void> {
    return this.#run(() => removeTree(this.#calls, path, options.recursive === true));
  }

  /** Removes a name that is no directory's. */
  async unlink(path: Path): Promise<void> {
    await this.#run(() => this.#calls.unlink(path));
  }

  /** Removes an empty directory. */
  async rmdir(path: Path): Promise<void> {
    await this.#run(() => this.#calls.rmdir(path));
  }

  /** Moves a name, over what stands at the target; flags are those of `RENAME`. */
  async rename(source: Path, target: Path, flags = 0): Promise<void> {
    await this.#run(() => this.#calls.rename(source, target, flags));
  }

  /** Gives the file at `source` another name; with `follow` what a symbolic link there leads to. */
  async link(source: Path, target: Path, { follow = false }: FollowOptions = {}): Promise<void> {
    await this.#run(() => this.#calls.link(source, target, follow));
  }

  /** Makes a symbolic link at `path` that points at `target`. */
  async symlink(target: Path, path: Path): Promise<void> {
    await this.#run(() => this.#calls.symlink(target, path));
  }

  /** Where a symbolic link points. */
  async readLink(path: Path): Promise<string> {
    return textOf(await this.#run(() => this.#calls.readlink(path)));
  }

  /** The path of what stands at a path, without symbolic links, `.` and `..`. */
  async realPath(path: Path): Promise<string> {
    return textOf(await this.#run(() => this.#calls.realpath(path)));
  }

  /** Makes a pipe's, a socket's, a device's or an empty regular file; `mode` says which. */
  async mknod(path: Path, mode: number, device = 0): Promise<void> {
    await this.#run(() => this.#calls.mknod(path, mode, device));
  }

  /** Cuts or lengthens the file at a path. */
  async truncate(path: Path, size = 0): Promise<void> {
    await this.#run(() => truncateAt(this.#calls, path, size));
  }

  /** Sets the permissions of what stands at a path. */
  async chmod(path: Path, mode: number, options?: FollowOptions): Promise<void> {
    await this.#run(() => this.#calls.chmod(path, mode, options));
  }

  /** Sets the owner and the group of what stands at a path; `null` leaves one as it is. */
  async chown(
    path: Path,
    uid: number | null,
    gid: number | null,
    options?: FollowOptions,
  ): Promise<void> {
    await this.#run(() => this.#calls.chown(path, uid, gid, options));
  }

  /** Sets the times of what stands at a path; `null` leaves one, `"now"` is the server's clock. */
  async utime(
    path: Path,
    atime: Moment | "now" | null,
    mtime: Moment | "now" | null,
    options?: FollowOptions,
  ): Promise<void> {
    await this.#run(() => this.#calls.utime(path, atime, mtime, options));
  }

  /** The value of an extended attribute, such as `user.mime_type`. @throws {OsError} `ENODATA`. */
  getXattr(path: Path, name: string, options?: FollowOptions): Promise<Uint8Array> {
    return this.#run(() => this.#calls.getxattr(path, name, options));
  }

  /** Sets an extended attribute; flags are those of `XATTR`. */
  async setXattr(
    path: Path,
    name: string,
    value: Uint8Array,
    options?: FollowOptions & { readonly flags?: number },
  ): Promise<void> {
    await this.#run(() => this.#calls.setxattr(path, name, value, options));
  }

  /** The names of all extended attributes. */
  listXattrs(path: Path, options?: FollowOptions): Promise<string[]> {
    return this.#run(() => this.#calls.listxattr(path, options));
  }

  /** Removes an extended attribute. @throws {OsError} `ENODATA`. */
  async removeXattr(path: Path, name: string, options?: FollowOptions): Promise<void> {
    await this.#run(() => this.#calls.removexattr(path, name, options));
  }

  /** The whole content of a file, in memory of its own. */
  async readFile(path: Path): Promise<Uint8Array> {
    return (await this.#run(() => readWhole(this.#connection, this.#calls, path))).bytes;
  }

  /** The whole content of a file as UTF-8. */
  async readTextFile(path: Path): Promise<string> {
    return textOf(await this.readFile(path));
  }

  /** Makes or replaces a file. */
  writeFile(path: Path, content: Uint8Array, options: OpenOptions = {}): Promise<void> {
    return this.#run(() => writeWhole(this.#connection, this.#calls, path, content, options));
  }

  /** Makes or replaces a file of UTF-8. */
  writeTextFile(path: Path, content: string, options: OpenOptions = {}): Promise<void> {
    return this.writeFile(path, new TextEncoder().encode(content), options);
  }

  /** Copies a file's bytes and permissions. */
  copyFile(source: Path, target: Path): Promise<void> {
    return this.#run(() => copyWhole(this.#connection, this.#calls, source, target));
  }

  /** Makes a directory of a name that nobody has; answers its path. */
  makeTempDir(options: MakeTempOptions = {}): Promise<string> {
    return this.#run(() => {
      return makeTemp(options, this.#calls, (path) => this.#calls.mkdir(path, 0o700));
    });
  }

  /** Makes an empty file of a name that nobody has; answers its path. */
  makeTempFile(options: MakeTempOptions = {}): Promise<string> {
    return this.#run(() => {
      return makeTemp(options, this.#calls, (path) => this.#calls.mknod(path, 0o100600, 0));
    });
  }

  /** Tells what changes in a directory, or about a file. */
  async watch(path: Path): Promise<FileWatcher> {
    const { handle } = await this.#run(() => this.#calls.open(path, OPEN.readOnly, 0));
    return new FileWatcher(this.#connection, handle);
  }

  /** How large the file system is, and how full. */
  statfs(): Promise<FileSystemUsage> {
    return this.#run(() => this.#calls.statfs());
  }

  /** Resolves when everything that was answered would survive the death of the process. */
  async sync(): Promise<void> {
    await this.#run(() => this.#calls.sync());
  }

  *#chdir(path: Path): Steps<void> {
    const { handle } = yield* this.#calls.open(path, OPEN.path | OPEN.directory, 0);
    const before = this.#from.at;
    this.#from.at = handle;
    if (before !== 0) yield* ask("close", { handle: before });
  }

  #run<T>(begin: () => Steps<T>): Promise<T> {
    return this.#connection.promise(begin);
  }
}
