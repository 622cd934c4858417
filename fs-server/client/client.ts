/**
 * Files for programs: the shapes of `Deno`'s synchronous file functions over a file server.
 *
 * All bytes travel through one window of the app's own:
 *
 * ```
 * 0        4 Ki      8 Ki           16 Ki     80 Ki        ...                    end
 * | path   | target  | link target  | names   | buffer() ...   | staging run     |
 * ```
 * I/O from and to a view that {@linkcode FileSystemClient.buffer} gave, or any other view of that
 * window, is copy-free. Bytes that live elsewhere are copied through the staging run, piece by
 * piece.
 *
 * @module
 */

import { type Client, OsError } from "@hako/ipc";
import { FsFile } from "./file.ts";
import { type DirEntry, type FileInfo, infoOf, parseEntries } from "./info.ts";
import { ATTRIBUTES, type FileSystem, OPEN } from "../protocol.ts";

export { FsFile } from "./file.ts";
export type { DirEntry, FileInfo } from "./info.ts";

const PATH_BYTES = 4096;
const NAMES_OFFSET = 16 * 1024;
const NAMES_BYTES = 64 * 1024;
const BUFFERS_OFFSET = NAMES_OFFSET + NAMES_BYTES;
const STAGING_BYTES_MAX = 1024 * 1024;
const ALIGNMENT = 4096;

/** The smallest window that a client works with: 96 KiB. */
export const CLIENT_WINDOW_BYTES_MIN: number = BUFFERS_OFFSET + 4 * ALIGNMENT;

/** How a file is opened; as `Deno.OpenOptions`. With none of them set, for reading. */
export interface OpenOptions {
  /** For reading. */
  readonly read?: boolean;
  /** For writing. */
  readonly write?: boolean;
  /** Every write goes to the end; implies `write`. */
  readonly append?: boolean;
  /** Cut the file to nothing; needs `write`. */
  readonly truncate?: boolean;
  /** Make the file if there is none; needs `write` or `append`. */
  readonly create?: boolean;
  /** Make the file, fail if there is one; needs `write` or `append`. */
  readonly createNew?: boolean;
  /** Permissions of a new file, 0o644 by default. */
  readonly mode?: number;
}

/** How large a file system is, and how full. */
export interface FileSystemUsage {
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Blocks in all. */
  readonly blockCount: number;
  /** Blocks that are free. */
  readonly blocksFree: number;
  /** Inodes in all. */
  readonly inodeCount: number;
  /** Inodes that are free. */
  readonly inodesFree: number;
  /** Longest name, in bytes. */
  readonly nameBytesMax: number;
}

/**
 * One program's view of a file system. Not for concurrent use: one call at a time.
 *
 * @example
 * ```ts ignore
 * const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
 * fs.writeFileSync("/motd", new TextEncoder().encode("hello"));
 * ```
 */
export class FileSystemClient {
  readonly #client: Client<FileSystem>;
  readonly #window: Uint8Array;
  readonly #path: Uint8Array;
  readonly #target: Uint8Array;
  readonly #linkTarget: Uint8Array;
  readonly #names: Uint8Array;
  readonly #staging: Uint8Array;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  #buffersEnd = BUFFERS_OFFSET;

  /**
   * Makes a client; nothing is sent yet.
   *
   * @param client The file server's endpoint.
   * @param window The app's window, at least {@linkcode CLIENT_WINDOW_BYTES_MIN}; the client owns
   *   its first 80 KiB and the staging run at its end: half of the rest, at most 1 MiB.
   */
  constructor(client: Client<FileSystem>, window: Uint8Array) {
    if (window.byteLength < CLIENT_WINDOW_BYTES_MIN) {
      throw new RangeError(`Cannot use a window of ${window.byteLength} bytes: too small`);
    }
    this.#client = client;
    this.#window = window;
    this.#path = window.subarray(0, PATH_BYTES);
    this.#target = window.subarray(PATH_BYTES, 2 * PATH_BYTES);
    this.#linkTarget = window.subarray(2 * PATH_BYTES, 3 * PATH_BYTES);
    this.#names = window.subarray(NAMES_OFFSET, NAMES_OFFSET + NAMES_BYTES);
    const rest = window.byteLength - BUFFERS_OFFSET;
    const half = Math.floor(rest / 2 / ALIGNMENT) * ALIGNMENT;
    this.#staging = window.subarray(window.byteLength - Math.min(STAGING_BYTES_MAX, half));
  }

  /**
   * A run of the window for the app's own use, aligned to 4 KiB; I/O on it is copy-free. It is
   * never returned: ask once and reuse it.
   *
   * @throws {RangeError} The window has not that much left.
   */
  buffer(byteLength: number): Uint8Array {
    const from = this.#buffersEnd;
    const to = from + byteLength;
    const left = this.#window.byteLength - this.#staging.byteLength - from;
    if (!(byteLength >= 0) || byteLength > left) {
      throw new RangeError(`Cannot give a buffer of ${byteLength} bytes: ${left} are left`);
    }
    this.#buffersEnd = Math.min(
      this.#window.byteLength - this.#staging.byteLength,
      Math.ceil(to / ALIGNMENT) * ALIGNMENT,
    );
    return this.#window.subarray(from, to);
  }

  /** Opens a file, or a directory for reading its names. */
  openSync(path: string, options: OpenOptions = {}): FsFile {
    const { handle, size } = this.#at("open", path, (bytes) => {
      const request = { path: bytes, flags: flagsOf(options), mode: options.mode ?? 0o644 };
      return this.#client.callSync("open", request);
    });
    const transfer = { client: this.#client, window: this.#window, staging: this.#staging };
    return new FsFile(transfer, { handle, size, path });
  }

  /** Tells what stands at a path, beyond symbolic links. */
  statSync(path: string): FileInfo {
    return this.#stat(path, true);
  }

  /** Tells what stands at a path, a symbolic link itself included. */
  lstatSync(path: string): FileInfo {
    return this.#stat(path, false);
  }

  /** Makes a directory; with `recursive`, those above it too, and it may exist. */
  mkdirSync(path: string, options: { recursive?: boolean; mode?: number } = {}): void {
    const mode = options.mode ?? 0o755;
    const make = (bytes: Uint8Array) => this.#client.callSync("mkdir", { path: bytes, mode });
    if (options.recursive !== true) {
      this.#at("mkdir", path, make);
      return;
    }
    const code = this.#try(() => this.#at("mkdir", path, make), ["EEXIST", "ENOENT"]);
    if (code === "ENOENT") {
      const parent = path.replace(/\/+[^/]*\/*$/, "");
      if (parent === "" || parent === path) this.#at("mkdir", path, make);
      this.mkdirSync(parent, options);
      this.#at("mkdir", path, make);
    } else if (code === "EEXIST" && !this.statSync(path).isDirectory) {
      throw new OsError("EEXIST", `mkdir '${path}'`);
    }
  }

  /** The names in a directory but `.` and `..`. The directory is open until the iterator ends. */
  *readDirSync(path: string): IterableIterator<DirEntry> {
    const { handle } = this.#at("open", path, (bytes) => {
      const request = { path: bytes, flags: OPEN.readOnly | OPEN.directory, mode: 0 };
      return this.#client.callSync("open", request);
    });
    try {
      let cookie = 0;
      while (true) {
        const target = this.#names;
        const count = this.#client.callSync("readdir", { handle, cookie, target });
        if (count === 0) return;
        const page = parseEntries(target.slice(0, count));
        cookie = page.nextCookie;
        yield* page.entries;
      }
    } finally {
      this.#client.callSync("close", { handle });
    }
  }

  /** Removes a file, a symbolic link or an empty directory; with `recursive`, all below it too. */
  removeSync(path: string, options: { recursive?: boolean } = {}): void {
    const unlink = (bytes: Uint8Array) => this.#client.callSync("unlink", { path: bytes });
    if (this.#try(() => this.#at("remove", path, unlink), ["EISDIR"]) === undefined) return;
    const rmdir = (bytes: Uint8Array) => this.#client.callSync("rmdir", { path: bytes });
    const allowed = options.recursive === true ? ["ENOTEMPTY"] : [];
    if (this.#try(() => this.#at("remove", path, rmdir), allowed) === undefined) return;
    for (const { name } of [...this.readDirSync(path)]) {
      this.removeSync(`${path}/${name}`, options);
    }
    this.#at("remove", path, rmdir);
  }

  /** Moves a name, over what stands at the target. */
  renameSync(source: string, target: string): void {
    this.#at("rename", source, (bytes) => {
      const request = { source: bytes, target: this.#put(this.#target, target) };
      return this.#client.callSync("rename", request);
    });
  }

  /** Gives the file at `source` another name. */
  linkSync(source: string, target: string): void {
    this.#at("link", source, (bytes) => {
      const request = { source: bytes, target: this.#put(this.#target, target) };
      return this.#client.callSync("link", request);
    });
  }

  /** Makes a symbolic link at `path` that points at `target`. */
  symlinkSync(target: string, path: string): void {
    this.#at("symlink", path, (bytes) => {
      const request = { target: this.#put(this.#target, target), path: bytes };
      return this.#client.callSync("symlink", request);
    });
  }

  /** Where a symbolic link points. */
  readLinkSync(path: string): string {
    const target = this.#linkTarget;
    const count = this.#at("readlink", path, (bytes) => {
      return this.#client.callSync("readlink", { path: bytes, target });
    });
    return this.#decoder.decode(target.slice(0, count));
  }

  /** Sets the permissions of what stands at a path. */
  chmodSync(path: string, mode: number): void {
    this.#setAttributes("chmod", path, { which: ATTRIBUTES.mode, mode });
  }

  /** Sets the owner and the group of what stands at a path; `null` leaves one as it is. */
  chownSync(path: string, uid: number | null, gid: number | null): void {
    const which = (uid === null ? 0 : ATTRIBUTES.uid) | (gid === null ? 0 : ATTRIBUTES.gid);
    this.#setAttributes("chown", path, { which, uid: uid ?? 0, gid: gid ?? 0 });
  }

  /** Sets the times of what stands at a path: dates, or seconds since 1970 as `Deno` has it. */
  utimeSync(path: string, atime: number | Date, mtime: number | Date): void {
    const which = ATTRIBUTES.atime | ATTRIBUTES.mtime;
    const change = { which, atimeMs: toMs(atime), mtimeMs: toMs(mtime) };
    this.#setAttributes("utime", path, change);
  }

  /** The whole content of a file, in memory of its own. */
  readFileSync(path: string): Uint8Array {
    using file = this.openSync(path);
    return file.readAllSync(file.sizeAtOpen);
  }

  /** The whole content of a file as UTF-8. */
  readTextFileSync(path: string): string {
    return this.#decoder.decode(this.readFileSync(path));
  }

  /** Makes or replaces a file. */
  writeFileSync(path: string, content: Uint8Array, options: OpenOptions = {}): void {
    const isAppend = options.append === true;
    const isNew = options.createNew === true;
    const how = { write: true, create: !isNew, truncate: !isAppend && !isNew, ...options };
    using file = this.openSync(path, how);
    file.writeAllSync(content);
  }

  /** Makes or replaces a file of UTF-8. */
  writeTextFileSync(path: string, content: string, options: OpenOptions = {}): void {
    this.writeFileSync(path, this.#encoder.encode(content), options);
  }

  /** How large the file system is, and how full. */
  statfsSync(): FileSystemUsage {
    return this.#client.callSync("statfs", {});
  }

  #stat(path: string, follow: boolean): FileInfo {
    return infoOf(this.#at("stat", path, (bytes) => {
      return this.#client.callSync("stat", { path: bytes, follow });
    }));
  }

  #setAttributes(what: string, path: string, change: Partial<Change> & { which: number }): void {
    const none = { mode: 0, uid: 0, gid: 0, atimeMs: 0, mtimeMs: 0 };
    this.#at(what, path, (bytes) => {
      const request = { path: bytes, follow: true, ...none, ...change };
      return this.#client.callSync("setAttributes", request);
    });
  }

  /** Puts the path into the window and calls; an error says what was to be done, and where. */
  #at<T>(what: string, path: string, call: (bytes: Uint8Array) => T): T {
    try {
      return call(this.#put(this.#path, path));
    } catch (error) {
      if (error instanceof OsError) {
        throw new OsError(error.code, `${what} '${path}'`, { cause: error });
      }
      throw error;
    }
  }

  /** The code of an expected error, or nothing if there was none. */
  #try(call: () => void, allowed: readonly string[]): string | undefined {
    try {
      call();
      return undefined;
    } catch (error) {
      if (error instanceof OsError && allowed.includes(error.code)) return error.code;
      throw error;
    }
  }

  #put(place: Uint8Array, text: string): Uint8Array {
    const bytes = this.#encoder.encode(text);
    if (bytes.byteLength > place.byteLength) throw new OsError("ENAMETOOLONG", "path");
    place.set(bytes);
    return place.subarray(0, bytes.byteLength);
  }
}

/** What `setAttributes` may change. */
interface Change {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly atimeMs: number;
  readonly mtimeMs: number;
}

function toMs(time: number | Date): number {
  return typeof time === "number" ? time * 1000 : time.getTime();
}

function flagsOf(options: OpenOptions): number {
  const isWrite = options.write === true || options.append === true;
  if (!isWrite && (options.create || options.createNew || options.truncate)) {
    throw new TypeError("Cannot open: create, createNew and truncate need write or append");
  }
  let flags: number = OPEN.readOnly;
  if (isWrite) flags = options.read === true ? OPEN.readWrite : OPEN.writeOnly;
  if (options.append) flags |= OPEN.append;
  if (options.truncate) flags |= OPEN.truncate;
  if (options.create) flags |= OPEN.create;
  if (options.createNew) flags |= OPEN.create | OPEN.exclusive;
  return flags;
}
