/**
 * The adapter: an object with the shape of `node:fs` over a client of the file server.
 *
 * @module
 */

import type { FileSystemClient } from "../client/client.ts";
import type { PosixCalls } from "./calls.ts";
import { ClientCalls } from "./client_calls.ts";
import { constants } from "./constants.ts";
import type { Context, StreamClasses } from "./context.ts";
import { copyFile, cp, cpLater } from "./copy_functions.ts";
import { Descriptors } from "./descriptors.ts";
import { Dir, opendir } from "./dir.ts";
import { Dirent } from "./dirent.ts";
import { FileHandle, openHandle } from "./file_handle.ts";
import * as files from "./file_functions.ts";
import {
  calledBack,
  calledBackLater,
  type ContextFunction,
  type NodeFunction,
  promised,
  synchronous,
} from "./forms.ts";
import * as paths from "./path_functions.ts";
import { resolvePath } from "./plain_path.ts";
import { ReadStream } from "./read_stream.ts";
import { BigIntStats, StatFs, Stats } from "./stats.ts";
import { createReadStream, createWriteStream } from "./streams.ts";
import * as temporary from "./temporary.ts";
import { readdir, rm } from "./tree_functions.ts";
import { FSWatcher, StatWatcher, unwatchFile, watch, watchFile, watchLater } from "./watchers.ts";
import { WriteStream } from "./write_stream.ts";

/** Names of functions that have all three forms. */
export type CommonName =
  | ("access" | "appendFile" | "chmod" | "chown" | "copyFile" | "cp" | "lchmod" | "lchown")
  | ("link" | "lstat" | "lutimes" | "mkdir" | "mkdtemp" | "opendir" | "readFile" | "readdir")
  | ("readlink" | "realpath" | "rename" | "rm" | "rmdir" | "stat" | "statfs" | "symlink")
  | ("truncate" | "unlink" | "utimes" | "writeFile");

/** Names of functions on numbers of open files, which promises do not have. */
export type NumberName =
  | ("close" | "exists" | "fchmod" | "fchown" | "fdatasync" | "fstat" | "fsync" | "ftruncate")
  | ("futimes" | "open" | "read" | "readv" | "write" | "writev");

/** The functions that have all three forms. */
const FUNCTIONS: Readonly<Record<CommonName, ContextFunction>> = {
  ...{ access: paths.access, chmod: paths.chmod, chown: paths.chown, copyFile, cp },
  ...{ lchmod: paths.lchmod, lchown: paths.lchown, link: paths.link, lstat: paths.lstat },
  ...{ lutimes: paths.lutimes, mkdir: paths.mkdir, mkdtemp: paths.mkdtemp, opendir, readdir },
  ...{ readlink: paths.readlink, realpath: paths.realpath, rename: paths.rename, rm },
  ...{ rmdir: paths.rmdir, stat: paths.stat, statfs: paths.statfs, symlink: paths.symlink },
  ...{ truncate: files.truncate, unlink: paths.unlink, utimes: paths.utimes },
  ...{ readFile: files.readFile, writeFile: files.writeFile, appendFile: files.appendFile },
};

/** The functions on numbers of open files. */
const ON_NUMBERS: Readonly<Record<NumberName, ContextFunction>> = {
  ...{ open: files.open, close: files.close, fchmod: files.fchmod, fchown: files.fchown },
  ...{ fdatasync: files.fdatasync, fstat: files.fstat, fsync: files.fsync },
  ...{ ftruncate: files.ftruncate, futimes: files.futimes, read: files.read },
  ...{ readv: files.readv, write: files.write, writev: files.writev, exists: paths.exists },
};

/** Where `util.promisify` looks for the promised form of a function that it cannot make itself. */
const PROMISIFIED = Symbol.for("nodejs.util.promisify.custom");

/** What the adapter is given beside the file system. */
export interface NodeFsOptions {
  /** Where relative paths begin: `/` if left out. */
  readonly cwd?: string;
  /** Permissions that nothing new gets: 0o022 if left out. */
  readonly umask?: number;
  /**
   * Makes of bytes what callers get, without copying: `Buffer`s where the platform has them, if left
   * out.
   */
  readonly toBuffer?: (bytes: Uint8Array) => Uint8Array;
  /** The classes of `node:stream`, where streams must be theirs; plain ones if left out. */
  readonly streams?: StreamClasses;
}

/** All functions of `node:fs/promises`, and `constants`. */
export type NodePromises =
  & { readonly [K in CommonName]: NodeFunction }
  & {
    /** Opens a file. */
    readonly open: NodeFunction;
    /** Watches a file or a directory; to be iterated over. */
    readonly watch: NodeFunction;
    /** A directory for `await using`. */
    readonly mkdtempDisposable: NodeFunction;
    /** Flags and modes. */
    readonly constants: typeof constants;
  };

/** All functions of `node:fs` but `glob` and `openAsBlob`, with its classes and `constants`. */
export type NodeFs =
  & { readonly [K in CommonName | NumberName]: NodeFunction }
  & { readonly [K in `${CommonName | NumberName}Sync`]: NodeFunction }
  & {
    /** The functions that answer by promises. */
    readonly promises: NodePromises;
    /** Flags and modes. */
    readonly constants: typeof constants;
    /** A stream that reads a file. */
    readonly createReadStream: NodeFunction;
    /** A stream that writes a file. */
    readonly createWriteStream: NodeFunction;
    /** Watches a file or a directory. */
    readonly watch: NodeFunction;
    /** Tells what a file is and was whenever it has changed. */
    readonly watchFile: NodeFunction;
    /** Ends what `watchFile` began. */
    readonly unwatchFile: NodeFunction;
    /** A directory for `using`. */
    readonly mkdtempDisposableSync: NodeFunction;
  };

/**
 * An object with the shape of `node:fs`, to be given to libraries that take one.
 *
 * What a function does is done when it is called, in the order of the calls; callbacks and promises
 * tell of it in a later microtask. The functions are typed loosely: whoever has the types of Node
 * names them.
 *
 * @example
 * ```ts ignore
 * const fs = nodeFs<typeof import("node:fs")>(new FileSystemClient(files, window));
 * await fs.promises.writeFile("/motd", "hello");
 * ```
 */
export function nodeFs<Shape = NodeFs>(client: FileSystemClient, options?: NodeFsOptions): Shape {
  return nodeFsOver<Shape>(new ClientCalls(client), options);
}

/** The same over calls of any kind. */
export function nodeFsOver<Shape = NodeFs>(calls: PosixCalls, options: NodeFsOptions = {}): Shape {
  const context: Context = {
    calls,
    descriptors: new Descriptors(),
    toBuffer: options.toBuffer ?? platformBuffer(),
    streams: options.streams,
    cwd: resolvePath("/", options.cwd ?? "/").replace(/^\/$/, ""),
    umask: options.umask ?? 0o022,
  };
  const fs: Record<string, unknown> = { promises: promisesOf(context), constants };
  const { F_OK, R_OK, W_OK, X_OK } = constants;
  Object.assign(fs, { F_OK, R_OK, W_OK, X_OK });
  for (const [name, act] of Object.entries({ ...FUNCTIONS, ...ON_NUMBERS })) {
    fs[`${name}Sync`] = synchronous(context, act);
    fs[name] = calledBack(context, act);
  }
  Object.assign(fs, {
    read: calledBack(context, files.readAnyhow, spread),
    readv: calledBack(context, withBuffer(files.readv), spread),
    write: calledBack(context, withBuffer(files.write), spread),
    writev: calledBack(context, withBuffer(files.writev), spread),
    close: closeForm(context),
    exists: existsForm(context),
    mkdir: calledBack(context, paths.mkdirLater),
    cp: calledBackLater(context, cpLater as never),
    realpath: withNative(fs["realpath"]),
    realpathSync: withNative(fs["realpathSync"]),
    createReadStream: synchronous(context, createReadStream),
    createWriteStream: synchronous(context, createWriteStream),
    mkdtempDisposableSync: synchronous(context, temporary.mkdtempDisposable),
    watch: synchronous(context, watch),
    watchFile: synchronous(context, watchFile),
    unwatchFile: synchronous(context, unwatchFile),
    ...{ BigIntStats, Dir, Dirent, FSWatcher, ReadStream, StatFs, Stats, StatWatcher, WriteStream },
  });
  return fs as Shape;
}

function promisesOf(context: Context): NodePromises {
  const promises: Record<string, unknown> = { constants };
  for (const [name, act] of Object.entries(FUNCTIONS)) promises[name] = promised(context, act);
  Object.assign(promises, {
    readFile: promised(context, onHandle(files.readFile)),
    writeFile: promised(context, onHandle(files.writeFile)),
    appendFile: promised(context, onHandle(files.appendFile)),
    mkdir: promised(context, paths.mkdirLater),
    cp: promised(context, cpLater),
    open: promised(context, openHandle),
    mkdtempDisposable: promised(context, temporary.mkdtempDisposableLater),
    watch: synchronous(context, watchLater),
  });
  return promises as NodePromises;
}

/** The function for an open file by handle, too. */
function onHandle(act: ContextFunction): ContextFunction {
  return (context, file, ...values) => {
    return act(context, file instanceof FileHandle ? file.fd : file, ...values);
  };
}

/** What was answered, and the buffer to which it happened. */
function withBuffer(act: ContextFunction): ContextFunction {
  return (context, fd, buffer, ...values) => [act(context, fd, buffer, ...values), buffer];
}

function spread(value: unknown): readonly unknown[] {
  return [null, ...value as unknown[]];
}

/** Calls back with the answer alone: there is no error. */
function existsForm(context: Context): NodeFunction {
  const form = calledBack(context, paths.exists, (found) => [found]);
  const later = promised(context, paths.exists);
  return Object.defineProperty(form, PROMISIFIED, { value: later });
}

/** Nobody need hear that a file was closed. */
function closeForm(context: Context): NodeFunction {
  const form = calledBack(context, files.close);
  return (fd, callback = () => {}) => form(fd, callback);
}

function withNative(form: unknown): unknown {
  return Object.assign(form as NodeFunction, { native: form });
}

/** `Buffer`s, without a copy, where the platform has them. */
function platformBuffer(): (bytes: Uint8Array) => Uint8Array {
  const { Buffer } = globalThis as { Buffer?: { from: NodeFunction } };
  if (Buffer === undefined) return (bytes) => bytes;
  return (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
