/**
 * A file system for SQLite: `sqlite3_vfs` and `sqlite3_io_methods` over a client of the file server.
 *
 * There is no shared memory, so WAL works with `PRAGMA locking_mode=EXCLUSIVE` only; otherwise
 * SQLite stays with a rollback journal and says so.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { FileSystemClient } from "../client/client.ts";
import { lastNameOf, parentOf, resolvePath } from "../node/plain_path.ts";
import { ACCESS, OPEN } from "../protocol.ts";
import { DatabaseFile } from "./database_file.ts";
import { LEVEL } from "./lock_levels.ts";
import { ASKED, OPENED, POWERSAFE_OVERWRITE, RESULT, SYNC } from "./result_codes.ts";
import type { CStruct, Pointer, Sqlite3 } from "./wasm_face.ts";

/** Bytes that a medium writes as one. */
const SECTOR_BYTES = 4096;

/** Longest path, in bytes. */
const PATH_BYTES_MAX = 4096;

/** Symbolic links that lead one to the next, at most. */
const LINKS_MAX = 40;

/** The name under which the file system is found. */
const NAME = "hako";

/** Suffixes of files that belong to a database. */
const COMPANION = /-(?:journal|wal)$/;

/** How a file system is installed. */
export interface HakoVfsOptions {
  /** Its name for `file:...?vfs=` and `new sqlite3.oo1.DB(path, flags, name)`: `"hako"`. */
  readonly name?: string;
  /** Whether databases lie there where nothing else is said. */
  readonly asDefault?: boolean;
  /** Where temporary files are made: `/`. */
  readonly temporaryDirectory?: string;
  /** Waits, for `PRAGMA busy_timeout`; as SQLite's own file system does, if left out. */
  readonly sleepMs?: (ms: number) => void;
}

/**
 * Lets a SQLite in wasm keep its databases in files of Hako.
 *
 * A database may be open in many programs at a time, each with a SQLite of its own: locks are those
 * of SQLite on Unix, and go with the program that held them. What `PRAGMA synchronous` asks for is
 * asked of the disk.
 *
 * @example
 * ```ts ignore
 * const sqlite3 = await sqlite3InitModule();
 * installHakoVfs(sqlite3, new FileSystemClient(files, window));
 * const database = new sqlite3.oo1.DB("/bank.db", "c", "hako");
 * ```
 *
 * @param sqlite3 What `sqlite3InitModule()` of `@sqlite.org/sqlite-wasm` resolved to.
 * @param fs Whose files. It is used from inside SQLite, synchronously.
 */
export function installHakoVfs(
  sqlite3: Sqlite3,
  fs: FileSystemClient,
  options: HakoVfsOptions = {},
): void {
  const { capi, vfs, wasm } = sqlite3;
  const name = options.name ?? NAME;
  if (capi.sqlite3_vfs_find(name)) throw new TypeError(`Cannot install "${name}": it is there`);
  const disk = new DatabaseDisk(sqlite3, fs, options);
  const io = new capi.sqlite3_io_methods();
  io.$iVersion = 1; // Without xShmMap and its kin: there is no shared memory.
  vfs.installVfs({ io: { struct: io, methods: ioMethods(sqlite3, disk) } });
  disk.methods = io.pointer;

  const struct = new capi.sqlite3_vfs();
  struct.$iVersion = 2;
  struct.$szOsFile = capi.sqlite3_file.structInfo.sizeof;
  struct.$mxPathname = PATH_BYTES_MAX;
  struct.addOnDispose(struct.$zName = wasm.allocCString(name));
  inherit(sqlite3, struct);
  const methods = { ...vfsMethods(sqlite3, disk), ...sleeping(options) };
  vfs.installVfs({ vfs: { struct, methods, asDefault: options.asDefault === true } });
}

/** Time and chance are those of SQLite's own file system. */
function inherit({ capi }: Sqlite3, struct: CStruct): void {
  const own = new capi.sqlite3_vfs(capi.sqlite3_vfs_find(null));
  struct.$xRandomness = own.$xRandomness;
  struct.$xSleep = own.$xSleep;
  struct.$xCurrentTime = own.$xCurrentTime;
  struct.$xCurrentTimeInt64 = own.$xCurrentTimeInt64;
  own.dispose();
}

function sleeping({ sleepMs }: HakoVfsOptions): Record<string, unknown> {
  if (sleepMs === undefined) return {};
  return {
    xSleep: (_vfs: Pointer, microseconds: number) => {
      sleepMs(microseconds / 1000);
      return microseconds;
    },
  };
}

/** The open files of one installed file system, and what it does by path. */
class DatabaseDisk {
  readonly #sqlite3: Sqlite3;
  readonly #fs: FileSystemClient;
  readonly #temporaryDirectory: string;
  readonly #files: Map<Pointer, DatabaseFile> = new Map();
  /** Where the methods of open files lie. */
  methods: Pointer = 0;
  /** What `xGetLastError` tells: the number of the last error. */
  lastErrno = 0;

  constructor(sqlite3: Sqlite3, fs: FileSystemClient, options: HakoVfsOptions) {
    this.#sqlite3 = sqlite3;
    this.#fs = fs;
    this.#temporaryDirectory = options.temporaryDirectory ?? "/";
  }

  /** Does something; an error becomes a code, or what `codeOf` makes of it. */
  attempt(code: number, act: () => number | void): number {
    try {
      return act() ?? RESULT.ok;
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      this.lastErrno = error.errno;
      return error.code === "ENOSPC" && code === RESULT.ioWrite ? RESULT.full : code;
    }
  }

  /** An open file by where SQLite keeps it. */
  file(pointer: Pointer): DatabaseFile {
    const file = this.#files.get(pointer);
    if (file === undefined) throw new OsError("EBADF", "sqlite file");
    return file;
  }

  /** Opens a file; answers the flags with which it is open. */
  open(pointer: Pointer, given: string | null, flags: number): number {
    const path = given ?? this.#fs.makeTempFileSync({ dir: this.#temporaryDirectory });
    const isTemporary = given === null || (flags & OPENED.deleteOnClose) !== 0;
    const made = this.#openFile(path, flags, isTemporary);
    if (isTemporary) this.#fs.unlinkSync(path);
    const syncDirectory = isTemporary ? () => {} : () => this.#syncDirectoryOf(path);
    const how = { path, isNew: made.isNew && !isTemporary, syncDirectory };
    this.#files.set(pointer, new DatabaseFile(made.file, how));
    const file = new this.#sqlite3.capi.sqlite3_file(pointer);
    file.$pMethods = this.methods;
    file.dispose();
    return made.flags;
  }

  /** Closes a file. */
  close(pointer: Pointer): void {
    const file = this.file(pointer);
    this.#files.delete(pointer);
    file.close();
  }

  /** Removes a file; with `durably`, no power cut brings it back. */
  remove(path: string, durably: boolean): void {
    this.#fs.unlinkSync(path);
    if (durably) this.#syncDirectoryOf(path);
  }

  /** Whether a file is there, or may be used so. An empty one counts as none, as it does on Unix. */
  isThere(path: string, asked: number): boolean {
    try {
      if (asked === ASKED.exists) {
        const info = this.#fs.statSync(path);
        return !info.isFile || info.size > 0;
      }
      const wanted = asked === ASKED.readWrite ? ACCESS.read | ACCESS.write : ACCESS.read;
      this.#fs.accessSync(path, wanted);
      return true;
    } catch (error) {
      const answers = ["ENOENT", "ENOTDIR", "EACCES", "EROFS"];
      if (error instanceof OsError && answers.includes(error.code)) return false;
      throw error;
    }
  }

  /** The absolute path, without a look at what stands there. */
  plainPath(path: string): string {
    return resolvePath(path.startsWith("/") ? "/" : this.#fs.cwdSync(), path);
  }

  /**
   * The path without symbolic links, so that all who open a file find the same journal. The file
   * itself need not be there: its last name is followed for as long as it is a link.
   */
  realPath(path: string): string {
    for (let real = path, links = 0; links < LINKS_MAX; links++) {
      const directory = this.#fs.realPathSync(parentOf(real));
      real = `${directory === "/" ? "" : directory}/${lastNameOf(real)}`;
      const target = this.#linkTarget(real);
      if (target === undefined) return real;
      real = resolvePath(directory, target);
    }
    throw new OsError("ELOOP", `open '${path}'`);
  }

  #linkTarget(path: string): string | undefined {
    try {
      return this.#fs.lstatSync(path).isSymlink ? this.#fs.readLinkSync(path) : undefined;
    } catch (error) {
      if (error instanceof OsError && error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  #openFile(path: string, flags: number, isTemporary: boolean) {
    const noFollow = (flags & OPENED.noFollow) !== 0 ? OPEN.noFollow : 0;
    const mode = this.#modeFor(path, flags);
    if ((flags & OPENED.readWrite) === 0) {
      const file = this.#fs.openByFlagsSync(path, OPEN.readOnly | noFollow);
      return { file, flags, isNew: false };
    }
    const exclusive = (flags & OPENED.exclusive) !== 0 && !isTemporary ? OPEN.exclusive : 0;
    try {
      if ((flags & OPENED.create) === 0) {
        const file = this.#fs.openByFlagsSync(path, OPEN.readWrite | noFollow);
        return { file, flags, isNew: false };
      }
      const create = OPEN.readWrite | OPEN.create | exclusive | noFollow;
      const file = this.#fs.openByFlagsSync(path, create, mode);
      return { file, flags, isNew: file.sizeAtOpen === 0 };
    } catch (error) {
      const mayRead = error instanceof OsError && exclusive === 0 &&
        ["EACCES", "EPERM", "EROFS"].includes(error.code);
      if (!mayRead) throw error;
    }
    const file = this.#fs.openByFlagsSync(path, OPEN.readOnly | noFollow);
    const opened = flags & ~(OPENED.readWrite | OPENED.create) | OPENED.readOnly;
    return { file, flags: opened, isNew: false };
  }

  /** A journal may be read and written by those who may do so to its database. */
  #modeFor(path: string, flags: number): number {
    if ((flags & (OPENED.mainJournal | OPENED.wal)) === 0) return 0o644;
    try {
      return this.#fs.statSync(path.replace(COMPANION, "")).mode & 0o777;
    } catch {
      return 0o644; // The database is gone, or not to be looked at.
    }
  }

  #syncDirectoryOf(path: string): void {
    using file = this.#fs.openByFlagsSync(parentOf(path), OPEN.readOnly | OPEN.directory);
    file.syncSync();
  }
}

/** What SQLite does with an open file. */
function ioMethods({ wasm }: Sqlite3, disk: DatabaseDisk): Record<string, unknown> {
  const bytes = (pointer: Pointer, count: number) =>
    wasm.heap8u().subarray(Number(pointer), Number(pointer) + count);
  return {
    xClose: (file: Pointer) => disk.attempt(RESULT.ioClose, () => disk.close(file)),
    xRead: (file: Pointer, target: Pointer, count: number, offset: bigint) =>
      disk.attempt(RESULT.ioRead, () => {
        const done = disk.file(file).read(bytes(target, count), Number(offset));
        return done < count ? RESULT.ioShortRead : RESULT.ok;
      }),
    xWrite: (file: Pointer, source: Pointer, count: number, offset: bigint) =>
      disk.attempt(RESULT.ioWrite, () => {
        disk.file(file).write(bytes(source, count), Number(offset));
      }),
    xTruncate: (file: Pointer, size: bigint) =>
      disk.attempt(RESULT.ioTruncate, () => disk.file(file).truncate(Number(size))),
    xSync: (file: Pointer, flags: number) =>
      disk.attempt(RESULT.ioFsync, () => disk.file(file).sync((flags & SYNC.dataOnly) !== 0)),
    xFileSize: (file: Pointer, size: Pointer) =>
      disk.attempt(RESULT.ioFstat, () => void wasm.poke64(size, BigInt(disk.file(file).size))),
    xLock: (file: Pointer, level: number) =>
      disk.attempt(RESULT.ioLock, () => {
        return disk.file(file).lock.rise(level) ? RESULT.ok : RESULT.busy;
      }),
    xUnlock: (file: Pointer, level: number) =>
      disk.attempt(RESULT.ioUnlock, () => {
        disk.file(file).lock.fall(level === LEVEL.none ? LEVEL.none : LEVEL.shared);
      }),
    xCheckReservedLock: (file: Pointer, answer: Pointer) =>
      disk.attempt(RESULT.ioCheckReservedLock, () => {
        wasm.poke32(answer, disk.file(file).lock.isReserved() ? 1 : 0);
      }),
    xFileControl: () => RESULT.notFound,
    xSectorSize: () => SECTOR_BYTES,
    xDeviceCharacteristics: () => POWERSAFE_OVERWRITE,
  };
}

/** What SQLite does by path. */
function vfsMethods({ wasm }: Sqlite3, disk: DatabaseDisk): Record<string, unknown> {
  const pathAt = (pointer: Pointer) => wasm.cstrToJs(pointer) ?? "";
  return {
    xOpen: (_: Pointer, name: Pointer, file: Pointer, flags: number, opened: Pointer) =>
      disk.attempt(RESULT.cantOpen, () => {
        const isNamed = Boolean(name) && wasm.peek8(name) !== 0;
        const given = disk.open(file, isNamed ? pathAt(name) : null, flags);
        if (opened) wasm.poke32(opened, given);
      }),
    xDelete: (_: Pointer, name: Pointer, durably: number) =>
      disk.attempt(RESULT.ioDelete, () => {
        const path = pathAt(name);
        try {
          disk.remove(path, durably !== 0);
        } catch (error) {
          if (error instanceof OsError && error.code === "ENOENT") return RESULT.ioDeleteNoEntry;
          throw error;
        }
        return RESULT.ok;
      }),
    xAccess: (_: Pointer, name: Pointer, asked: number, answer: Pointer) =>
      disk.attempt(RESULT.ioAccess, () => {
        wasm.poke32(answer, disk.isThere(pathAt(name), asked) ? 1 : 0);
      }),
    xFullPathname: (_: Pointer, name: Pointer, byteLength: number, target: Pointer) =>
      disk.attempt(RESULT.cantOpen, () => {
        const given = disk.plainPath(pathAt(name));
        const real = disk.realPath(given);
        const text = new TextEncoder().encode(`${real}\0`);
        if (text.byteLength > byteLength) return RESULT.cantOpen;
        wasm.heap8u().set(text, Number(target));
        return real === given ? RESULT.ok : RESULT.okSymlink;
      }),
    xGetLastError: () => disk.lastErrno,
  };
}
