/**
 * Copies of files and trees between the host and an image, and within an image.
 *
 * @module
 */

import { ERRNO, OsError } from "@hako/ipc";
import type { FileSystemClient, FsFile } from "@hako/fs-server";
import { errorOf } from "../systems/host_error.ts";
import type { Operand } from "./order.ts";

/** Bytes that travel at once. */
export const CHUNK_BYTES = 1024 * 1024;

/** What is told of a file or directory, on either side. */
export interface Found {
  /** What it is. */
  readonly kind: "file" | "directory" | "symlink" | "special";
  /** Bytes of a file. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Last read. */
  readonly atime: Date;
  /** Last change of the data. */
  readonly mtime: Date;
}

/** An open file, on either side. */
export interface OpenFile extends Disposable {
  /** Reads into the chunk from an offset; answers how many bytes, 0 at the end. */
  read(chunk: Uint8Array, offset: number): number;
  /** Writes all of the chunk at an offset. */
  write(chunk: Uint8Array, offset: number): void;
}

/** A tree of files: the host's, or the image's. */
export interface Side {
  /** What stands at a path, or nothing; with `follow` beyond a symbolic link. */
  look(path: string, follow?: boolean): Found | undefined;
  /** The names in a directory. */
  names(path: string): string[];
  /** Opens a file for reading, or makes it anew. */
  open(path: string, how: "read" | "make"): OpenFile;
  /** Makes a directory. */
  mkdir(path: string): void;
  /** Where a symbolic link points. */
  readLink(path: string): string;
  /** Makes a symbolic link. */
  symlink(target: string, path: string): void;
  /** Removes what is no directory. */
  remove(path: string): void;
  /** Gives what stands at a path permissions and times, and with `owners` its owners. */
  dress(path: string, found: Found, owners: boolean): void;
}

/** How a copy is made. */
export interface CopyOptions {
  /** With all that is below. */
  readonly recursive: boolean;
  /** Replace what is there. */
  readonly force: boolean;
  /** Keep the owners. */
  readonly owners: boolean;
  /** Told of every step: names and bytes done, and of how many where that is known. */
  readonly onStep: (path: string, doneBytes: number, totalBytes: number) => void | Promise<void>;
  /** Stops the copy between two chunks. */
  readonly signal: AbortSignal;
}

/** What could not be copied, and why. */
export interface CopyFailure {
  /** The source. */
  readonly path: string;
  /** Why not. */
  readonly why: string;
}

/** Copies sources to a target; goes on after a failure, and answers all of them. */
export async function copy(
  sides: Readonly<Record<Operand["side"], Side>>,
  order: { readonly sources: readonly Operand[]; readonly target: Operand },
  options: CopyOptions,
): Promise<CopyFailure[]> {
  const { sources, target } = order;
  const into = sides[target.side];
  const isDirectory = into.look(target.path, true)?.kind === "directory";
  if (!isDirectory && (sources.length > 1 || target.path.endsWith("/"))) {
    throw new OsError("ENOTDIR", `copy to ${target.text}`);
  }
  const copier = new Copier(options, totalOf(sides, sources, options));
  for (const source of sources) {
    const name = source.path.replace(/\/+$/, "").split("/").at(-1) ?? "";
    const path = isDirectory ? `${target.path.replace(/\/+$/, "")}/${name}` : target.path;
    if (source.side === target.side && isBelow(path, source.path)) {
      copier.failures.push({ path: source.text, why: `cannot be copied into itself, ${path}` });
      continue;
    }
    await copier.entry({ side: sides[source.side], path: source.path }, { side: into, path });
  }
  return copier.failures;
}

/** A place on either side. */
interface Place {
  readonly side: Side;
  readonly path: string;
}

class Copier {
  readonly failures: CopyFailure[] = [];
  readonly #options: CopyOptions;
  readonly #totalBytes: number;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #doneBytes = 0;

  constructor(options: CopyOptions, totalBytes: number) {
    this.#options = options;
    this.#totalBytes = totalBytes;
  }

  /** Copies what stands at a place, with all that is below if that was asked for. */
  async entry(from: Place, to: Place): Promise<void> {
    try {
      const found = from.side.look(from.path);
      if (found === undefined) throw new OsError("ENOENT", "copy");
      if (found.kind === "directory") return await this.#directory(from, to, found);
      this.#clear(to);
      if (found.kind === "symlink") to.side.symlink(from.side.readLink(from.path), to.path);
      else if (found.kind === "file") await this.#file(from, to, found);
      else throw new OsError("EOPNOTSUPP", "copy a device, pipe or socket");
      if (found.kind === "file") to.side.dress(to.path, found, this.#options.owners);
    } catch (error) {
      this.#note(from.path, error);
    }
  }

  async #directory(from: Place, to: Place, found: Found): Promise<void> {
    if (!this.#options.recursive) throw new OsError("EISDIR", "copy without --recursive");
    const there = to.side.look(to.path, true);
    if (there === undefined) to.side.mkdir(to.path);
    else if (there.kind !== "directory") throw new OsError("ENOTDIR", `copy to ${to.path}`);
    for (const name of from.side.names(from.path)) {
      this.#options.signal.throwIfAborted();
      const below = { side: from.side, path: `${from.path.replace(/\/+$/, "")}/${name}` };
      await this.entry(below, { side: to.side, path: `${to.path.replace(/\/+$/, "")}/${name}` });
    }
    to.side.dress(to.path, found, this.#options.owners);
  }

  async #file(from: Place, to: Place, { size }: Found): Promise<void> {
    using source = from.side.open(from.path, "read");
    using target = to.side.open(to.path, "make");
    let offset = 0;
    while (true) {
      this.#options.signal.throwIfAborted();
      const count = source.read(this.#chunk, offset);
      if (count === 0) break;
      target.write(this.#chunk.subarray(0, count), offset);
      offset += count;
      this.#doneBytes += count;
      await this.#options.onStep(from.path, this.#doneBytes, this.#totalBytes);
    }
    if (size === 0) await this.#options.onStep(from.path, this.#doneBytes, this.#totalBytes);
  }

  /** Makes room for what is to be made, if that may be. */
  #clear({ side, path }: Place): void {
    const there = side.look(path);
    if (there === undefined) return;
    if (there.kind === "directory") throw new OsError("EISDIR", `copy over ${path}`);
    if (!this.#options.force) throw new OsError("EEXIST", `copy to ${path} without --force`);
    side.remove(path);
  }

  #note(path: string, error: unknown): void {
    if (this.#options.signal.aborted || !isExpected(error)) throw error;
    this.failures.push({ path, why: error instanceof Error ? error.message : String(error) });
  }
}

/** Bytes of all files to be copied, or 0 if nobody can tell. */
function totalOf(
  sides: Readonly<Record<Operand["side"], Side>>,
  sources: readonly Operand[],
  { recursive, signal }: CopyOptions,
): number {
  let total = 0;
  const add = (side: Side, path: string) => {
    signal.throwIfAborted();
    const found = side.look(path);
    if (found?.kind === "file") total += found.size;
    if (found?.kind !== "directory" || !recursive) return;
    for (const name of side.names(path)) add(side, `${path.replace(/\/+$/, "")}/${name}`);
  };
  try {
    for (const { side, path } of sources) add(sides[side], path);
  } catch (error) {
    if (signal.aborted || !isExpected(error)) throw error;
    return 0; // Told when its turn comes.
  }
  return total;
}

function isBelow(path: string, root: string): boolean {
  const base = root.replace(/\/+$/, "");
  return path === base || path.startsWith(`${base}/`);
}

function isExpected(error: unknown): boolean {
  if (error instanceof OsError) return true;
  const code = error instanceof Error ? (error as Error & { code?: string }).code : undefined;
  return code !== undefined && Object.hasOwn(ERRNO, code);
}

/** The host's files. */
export const hostSide: Side = {
  look: (path, follow = false) =>
    missing(() => hostFound(follow ? Deno.statSync(path) : Deno.lstatSync(path)), path),
  names: (path) => told(path, () => [...Deno.readDirSync(path)].map(({ name }) => name).sort()),
  open: (path, how) => {
    const file = told(
      path,
      () =>
        how === "read"
          ? Deno.openSync(path)
          : Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }),
    );
    return {
      read: (chunk) => told(path, () => file.readSync(chunk)) ?? 0,
      write: (chunk) => {
        for (let done = 0; done < chunk.byteLength;) {
          done += told(path, () => file.writeSync(chunk.subarray(done)));
        }
      },
      [Symbol.dispose]: () => file.close(),
    };
  },
  mkdir: (path) => told(path, () => Deno.mkdirSync(path, { mode: 0o700 })),
  readLink: (path) => told(path, () => Deno.readLinkSync(path)),
  symlink: linkOnHost,
  remove: (path) => told(path, () => Deno.removeSync(path)),
  dress: (path, { mode, uid, gid, atime, mtime }, owners) =>
    told(path, () => {
      if (owners) Deno.chownSync(path, uid, gid);
      Deno.chmodSync(path, mode & 0o7777);
      Deno.utimeSync(path, atime, mtime);
    }),
};

/** By `ln`: Deno makes symbolic links only for a program that may write everywhere. */
function linkOnHost(target: string, path: string): void {
  const args = ["-s", "-T", "--", target, path];
  const { success, stderr } = told(path, () => new Deno.Command("ln", { args }).outputSync());
  if (!success) throw new OsError("EIO", new TextDecoder().decode(stderr).trim());
}

/** The files of an image. */
export function imageSide(fs: FileSystemClient): Side {
  return {
    look: (path, follow = false) =>
      missing(() => hostFound(follow ? fs.statSync(path) : fs.lstatSync(path)), path),
    names: (path) => [...fs.readDirSync(path)].map(({ name }) => name).sort(),
    open: (path, how) => {
      const options = how === "read" ? {} : { write: true, createNew: true, mode: 0o600 };
      return openInImage(fs.openSync(path, options));
    },
    mkdir: (path) => fs.mkdirSync(path, { mode: 0o700 }),
    readLink: (path) => fs.readLinkSync(path),
    symlink: (target, path) => fs.symlinkSync(target, path),
    remove: (path) => fs.removeSync(path),
    dress: (path, { mode, uid, gid, atime, mtime }, owners) => {
      if (owners) fs.chownSync(path, uid, gid);
      fs.chmodSync(path, mode & 0o7777);
      fs.utimeSync(path, atime, mtime);
    },
  };
}

function openInImage(file: FsFile): OpenFile {
  return {
    read: (chunk, offset) => file.readSync(chunk, offset) ?? 0,
    write: (chunk, offset) => {
      for (let done = 0; done < chunk.byteLength;) {
        const count = file.writeSync(chunk.subarray(done), offset + done);
        if (count === 0) throw new OsError("ENOSPC", "write");
        done += count;
      }
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** What both sides tell in the same words. */
interface Told {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  readonly size: number;
  readonly mode: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly atime: Date | null;
  readonly mtime: Date | null;
}

function hostFound(info: Told): Found {
  const { isFile, isDirectory, isSymlink, size, mode, uid, gid, atime, mtime } = info;
  const kind = isFile ? "file" : isDirectory ? "directory" : isSymlink ? "symlink" : "special";
  const time = mtime ?? new Date(0);
  const owner = { uid: uid ?? 0, gid: gid ?? 0 };
  return { kind, size, mode: mode ?? 0o644, ...owner, atime: atime ?? time, mtime: time };
}

function missing(look: () => Found, path: string): Found | undefined {
  try {
    return look();
  } catch (error) {
    const told = errorOf(error, `look at ${path}`);
    if (told instanceof OsError && told.code === "ENOENT") return undefined;
    throw told;
  }
}

/** Does something on the host; an error says in our words what, and where. */
function told<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw errorOf(error, `copy ${path}`);
  }
}
