/**
 * Files for programs: the shapes of `Deno`'s synchronous file functions over a file server.
 *
 * All bytes travel through one window of the app's own. Parts of files stay there under leases, so
 * that small reads and writes, and what `stat` told before, need no request: see
 * `layouts/session.ts`. Large I/O from and to a view that {@linkcode FileSystemClient.buffer} gave,
 * or any other view of that window, is copy-free; bytes that live elsewhere are copied once.
 *
 * @module
 */

import { type Client, OsError } from "@hako/ipc";
import { Calls, flagsOf, type FollowOptions, type OpenOptions, type Standpoint } from "./calls.ts";
import { Connection } from "./connection.ts";
import { FsFile } from "./file.ts";
import { type DirEntry, type FileInfo, infoOf, inodeOf, type Moment } from "./info.ts";
import { openFile } from "./open_file.ts";
import type { Path } from "./places.ts";
import { FileError, textOf } from "./file_error.ts";
import { MISSING, StatCache } from "./stat_cache.ts";
import type { Steps } from "./steps.ts";
import {
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
import { FileWatcher } from "./watch_events.ts";
import { ATTRIBUTES_BYTES } from "../layouts/attributes.ts";
import { type FileSystem, LEASE, OPEN } from "../protocol.ts";

export { CLIENT_WINDOW_BYTES_MIN } from "./connection.ts";

/** The record of one file at a time. */
const record = new Uint8Array(ATTRIBUTES_BYTES);

/** How large a file system is, and how full. */
export interface FileSystemUsage {
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Blocks for files: what the file system takes for itself is left out. */
  readonly blockCount: number;
  /** Blocks that are free. */
  readonly blocksFree: number;
  /** Blocks that are free for others than root. */
  readonly blocksAvailable: number;
  /** Inodes in all. */
  readonly inodeCount: number;
  /** Inodes that are free. */
  readonly inodesFree: number;
  /** Longest name, in bytes. */
  readonly nameBytesMax: number;
  /** Whether nothing can be changed. */
  readonly readOnly: boolean;
}

/** A user with all groups. */
export interface FileUser {
  /** The user's number. */
  readonly uid: number;
  /** The number of its first group. */
  readonly gid: number;
  /** Further groups. */
  readonly groups?: readonly number[];
}

/**
 * One program's view of a file system. Not for concurrent use: one call at a time. Paths that do
 * not begin with `/` start at the directory of {@linkcode FileSystemClient.chdirSync}, at first the
 * root. A path may also be bytes.
 *
 * @example
 * ```ts ignore
 * const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
 * fs.writeFileSync("/motd", new TextEncoder().encode("hello"));
 * ```
 */
export class FileSystemClient {
  readonly #connection: Connection;
  readonly #from: Standpoint;
  readonly #calls: Calls;
  readonly #followed: StatCache = new StatCache();
  readonly #unfollowed: StatCache = new StatCache();
  /** Paths that were read as a whole. */
  readonly #readable: StatCache = new StatCache();

  /**
   * Makes a client; nothing is sent yet.
   *
   * @param client The file server's endpoint. From now on it is used through clients like this one
   *   only: what they post, their next calls collect.
   * @param window The app's window, at least {@linkcode CLIENT_WINDOW_BYTES_MIN}; clients on the
   *   same window share its first 80 KiB and half of the rest, at its end: the page cache if that
   *   has room for one, and up to 1 MiB for bytes on their way.
   */
  constructor(client: Client<FileSystem>, window: Uint8Array) {
    this.#connection = Connection.of(client, window);
    this.#from = { at: 0, as: 0, umask: 0 };
    this.#calls = new Calls(this.#connection.places, this.#from);
  }

  /**
   * A run of the window for the app's own use, aligned to 4 KiB; I/O on it is copy-free. It is
   * never returned: ask once and reuse it.
   *
   * @throws {RangeError} The window has not that much left.
   */
  buffer(byteLength: number): Uint8Array {
    return this.#connection.buffer(byteLength);
  }

  /** A client that does everything as another user. Only for those whom the server takes as root. */
  asUser({ uid, gid, groups = [] }: FileUser): FileSystemClient {
    const { client, window } = this.#connection;
    const other = new FileSystemClient(client, window);
    other.#from.as = this.#run(this.#calls.credential(uid, gid, groups));
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
  chdirSync(path: Path): void {
    const flags = OPEN.path | OPEN.directory;
    const { handle } = this.#run(this.#calls.open(path, flags, 0));
    const before = this.#from.at;
    this.#from.at = handle;
    this.#followed.clear();
    this.#unfollowed.clear();
    this.#readable.clear();
    if (before !== 0) this.#connection.post("close", { handle: before });
  }

  /** The path of the directory at which relative paths start. */
  cwdSync(): string {
    return this.#from.at === 0 ? "/" : textOf(this.#run(this.#calls.realpath("")));
  }

  /** Opens a file, or a directory for reading its names. */
  openSync(path: Path, options: OpenOptions = {}): FsFile {
    return this.openByFlagsSync(path, flagsOf(options), options.mode);
  }

  /** Opens by the flags of the protocol, `OPEN`. */
  openByFlagsSync(path: Path, flags: number, mode = 0o644): FsFile {
    const connection = this.#connection;
    const file = this.#run(openFile(connection, this.#calls, path, flags, mode));
    return new FsFile(connection, file);
  }

  /** Makes or replaces a file, and opens it for reading and writing. */
  createSync(path: Path): FsFile {
    return this.openSync(path, { read: true, write: true, create: true, truncate: true });
  }

  /** Tells what stands at a path, beyond symbolic links. */
  statSync(path: Path): FileInfo {
    return infoOf(this.#attributes(path, true));
  }

  /** Tells what stands at a path, a symbolic link itself included. */
  lstatSync(path: Path): FileInfo {
    return infoOf(this.#attributes(path, false));
  }

  /** Whether something stands at a path. */
  existsSync(path: Path): boolean {
    try {
      this.#attributes(path, true);
      return true;
    } catch (error) {
      const missing = ["ENOENT", "ENOTDIR", "ELOOP", "EACCES"];
      if (error instanceof OsError && missing.includes(error.code)) return false;
      throw error;
    }
  }

  /**
   * Whether a path may be used so: bits of `ACCESS`; 0 asks whether something stands there.
   *
   * @throws {OsError} `EACCES` if not.
   */
  accessSync(path: Path, wanted = 0, options?: FollowOptions): void {
    this.#run(this.#calls.access(path, wanted, options));
  }

  /**
   * Makes a directory; with `recursive`, those above it too, and it may exist. Answers the first that
   * was made.
   */
  mkdirSync(path: string, options: MkdirOptions = {}): string | undefined {
    return this.#run(makeDirectory(this.#calls, path, options));
  }

  /** The names in a directory but `.` and `..`. The directory is open until the iterator ends. */
  *readDirSync(path: Path): IterableIterator<DirEntry> {
    const { handle } = this.#run(this.#calls.open(path, OPEN.readOnly | OPEN.directory, 0));
    try {
      let cookie = 0;
      while (true) {
        const page = this.#run(entriesFrom(this.#calls, handle, cookie));
        if (page === undefined) return;
        cookie = page.nextCookie;
        yield* page.entries;
      }
    } finally {
      this.#connection.post("close", { handle });
    }
  }

  /** Removes a file, a symbolic link or an empty directory; with `recursive`, all below it too. */
  removeSync(path: Path, options: { recursive?: boolean } = {}): void {
    this.#run(removeTree(this.#calls, path, options.recursive === true));
  }

  /** Removes a name that is no directory's. */
  unlinkSync(path: Path): void {
    this.#run(this.#calls.unlink(path));
  }

  /** Removes an empty directory. */
  rmdirSync(path: Path): void {
    this.#run(this.#calls.rmdir(path));
  }

  /** Moves a name, over what stands at the target; flags are those of `RENAME`. */
  renameSync(source: Path, target: Path, flags = 0): void {
    this.#run(this.#calls.rename(source, target, flags));
  }

  /** Gives the file at `source` another name; with `follow` what a symbolic link there leads to. */
  linkSync(source: Path, target: Path, { follow = false }: FollowOptions = {}): void {
    this.#run(this.#calls.link(source, target, follow));
  }

  /** Makes a symbolic link at `path` that points at `target`. */
  symlinkSync(target: Path, path: Path): void {
    this.#run(this.#calls.symlink(target, path));
  }

  /** Where a symbolic link points. */
  readLinkSync(path: Path): string {
    return textOf(this.#run(this.#calls.readlink(path)));
  }

  /** The same as bytes. */
  readLinkBytesSync(path: Path): Uint8Array {
    return this.#run(this.#calls.readlink(path));
  }

  /** The path of what stands at a path, without symbolic links, `.` and `..`. */
  realPathSync(path: Path): string {
    return textOf(this.#run(this.#calls.realpath(path)));
  }

  /** Makes a pipe's, a socket's, a device's or an empty regular file; `mode` says which. */
  mknodSync(path: Path, mode: number, device = 0): void {
    this.#run(this.#calls.mknod(path, mode, device));
  }

  /** Cuts or lengthens the file at a path. */
  truncateSync(path: Path, size = 0): void {
    this.#run(truncateAt(this.#calls, path, size));
  }

  /** Sets the permissions of what stands at a path. */
  chmodSync(path: Path, mode: number, options?: FollowOptions): void {
    this.#run(this.#calls.chmod(path, mode, options));
  }

  /** Sets the owner and the group of what stands at a path; `null` leaves one as it is. */
  chownSync(path: Path, uid: number | null, gid: number | null, options?: FollowOptions): void {
    this.#run(this.#calls.chown(path, uid, gid, options));
  }

  /** Sets the times of what stands at a path; `null` leaves one, `"now"` is the server's clock. */
  utimeSync(
    path: Path,
    atime: Moment | "now" | null,
    mtime: Moment | "now" | null,
    options?: FollowOptions,
  ): void {
    this.#run(this.#calls.utime(path, atime, mtime, options));
  }

  /** The value of an extended attribute, such as `user.mime_type`. @throws {OsError} `ENODATA`. */
  getXattrSync(path: Path, name: string, options?: FollowOptions): Uint8Array {
    return this.#run(this.#calls.getxattr(path, name, options));
  }

  /** Sets an extended attribute; flags are those of `XATTR`. */
  setXattrSync(
    path: Path,
    name: string,
    value: Uint8Array,
    options?: FollowOptions & { readonly flags?: number },
  ): void {
    this.#run(this.#calls.setxattr(path, name, value, options));
  }

  /** The names of all extended attributes. */
  listXattrsSync(path: Path, options?: FollowOptions): string[] {
    return this.#run(this.#calls.listxattr(path, options));
  }

  /** Removes an extended attribute. @throws {OsError} `ENODATA`. */
  removeXattrSync(path: Path, name: string, options?: FollowOptions): void {
    this.#run(this.#calls.removexattr(path, name, options));
  }

  /** The whole content of a file, in memory of its own. */
  readFileSync(path: Path): Uint8Array {
    const cache = this.#connection.cache;
    if (cache === undefined || typeof path !== "string") return this.#readFile(path).bytes;
    const generation = cache.nameGeneration;
    // We have read it before, and nothing has changed since: neither rights nor names.
    const known = this.#readable.get(path, generation);
    const file = known === undefined || known === MISSING ? undefined : cache.find(known.inode);
    const here = file === undefined ? undefined : cache.readWhole(file);
    if (here !== undefined) return here;
    const { bytes, inode } = this.#readFile(path);
    this.#readable.set(path, generation, { attributes: record, inode });
    return bytes;
  }

  /** The whole content of a file as UTF-8. */
  readTextFileSync(path: Path): string {
    return textOf(this.readFileSync(path));
  }

  /** Makes or replaces a file. */
  writeFileSync(path: Path, content: Uint8Array, options: OpenOptions = {}): void {
    this.#run(writeWhole(this.#connection, this.#calls, path, content, options));
  }

  /** Makes or replaces a file of UTF-8. */
  writeTextFileSync(path: Path, content: string, options: OpenOptions = {}): void {
    this.writeFileSync(path, new TextEncoder().encode(content), options);
  }

  /** Copies a file's bytes and permissions. */
  copyFileSync(source: Path, target: Path): void {
    this.#run(copyWhole(this.#connection, this.#calls, source, target));
  }

  /** Makes a directory of a name that nobody has; answers its path. */
  makeTempDirSync(options: MakeTempOptions = {}): string {
    return this.#run(makeTemp(options, this.#calls, (path) => this.#calls.mkdir(path, 0o700)));
  }

  /** Makes an empty file of a name that nobody has; answers its path. */
  makeTempFileSync(options: MakeTempOptions = {}): string {
    const path = this.#run(makeTemp(options, this.#calls, (path) => {
      return this.#calls.mknod(path, 0o100600, 0);
    }));
    return path;
  }

  /** Tells what changes in a directory, or about a file: from when its first event is asked for. */
  watch(path: Path): FileWatcher {
    const { handle } = this.#run(this.#calls.open(path, OPEN.readOnly, 0));
    return new FileWatcher(this.#connection, handle);
  }

  /** How large the file system is, and how full. */
  statfsSync(): FileSystemUsage {
    return this.#run(this.#calls.statfs());
  }

  /** Returns when everything that was answered would survive the death of the process. */
  syncSync(): void {
    this.#run(this.#calls.sync());
  }

  /** What stands at a path: from memory while nothing has changed. Hot path. */
  #attributes(path: Path, follow: boolean): Uint8Array {
    const cache = this.#connection.cache;
    if (cache === undefined || typeof path !== "string") {
      if (cache === undefined) this.#run(this.#connection.attached());
      return this.#run(this.#calls.attributes(path, follow));
    }
    const paths = follow ? this.#followed : this.#unfollowed;
    const generation = cache.nameGeneration;
    const known = paths.get(path, generation);
    if (known === MISSING) {
      throw new FileError("ENOENT", { operation: follow ? "stat" : "lstat", path });
    }
    if (known !== undefined) {
      const file = cache.find(known.inode);
      if (file === undefined || !cache.hasLease(file, LEASE.write)) return known.attributes;
      // Ours to change, and nobody tells us when we do.
      if (cache.stat(file, record)) return record;
    }
    return this.#learn(paths, path, generation, follow);
  }

  #readFile(path: Path): { bytes: Uint8Array; inode: number } {
    return this.#run(readWhole(this.#connection, this.#calls, path));
  }

  #learn(paths: StatCache, path: string, generation: number, follow: boolean): Uint8Array {
    try {
      const attributes = this.#run(this.#calls.attributes(path, follow));
      paths.set(path, generation, { attributes, inode: inodeOf(attributes) });
      return attributes;
    } catch (error) {
      if (error instanceof OsError && error.code === "ENOENT") {
        paths.set(path, generation, MISSING);
      }
      throw error;
    }
  }

  #run<T>(steps: Steps<T>): T {
    return this.#connection.run(steps);
  }
}
