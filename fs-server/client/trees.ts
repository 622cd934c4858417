/**
 * What takes several operations: directories with all above or below them, and whole files. As
 * steps.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type Calls, flagsOf, type OpenOptions } from "./calls.ts";
import type { Connection } from "./connection.ts";
import { named } from "./file_error.ts";
import { type DirEntry, parseEntries } from "./info.ts";
import { type OpenFile, openFile } from "./open_file.ts";
import type { Path } from "./places.ts";
import { ask, type Steps } from "./steps.ts";
import { OPEN } from "../protocol.ts";

/** How a directory is made. */
export interface MkdirOptions {
  /** Those above it too, and it may exist. */
  readonly recursive?: boolean;
  /** Its permissions, 0o755 by default. */
  readonly mode?: number;
}

/** How a name for a temporary file is made; as `Deno.MakeTempOptions`. */
export interface MakeTempOptions {
  /** The directory; `/tmp` by default, and `/` if there is none. */
  readonly dir?: string;
  /** What the name begins with. */
  readonly prefix?: string;
  /** What the name ends with. */
  readonly suffix?: string;
}

/** Tries at a free name before it is an error. */
const TEMP_TRIES_MAX = 16;

/** Makes a directory; answers the first that was made, or nothing if all were there. */
export function* makeDirectory(
  calls: Calls,
  path: string,
  { recursive = false, mode = 0o755 }: MkdirOptions,
): Steps<string | undefined> {
  if (!recursive) {
    yield* calls.mkdir(path, mode);
    return path;
  }
  const missing: string[] = [];
  let here = path;
  while (true) {
    const code = yield* codeOf(calls.mkdir(here, mode), ["EEXIST", "ENOENT"]);
    if (code === undefined) break;
    if (code === "EEXIST") {
      const { isDirectory } = yield* calls.stat(here, true);
      if (!isDirectory) throw named(new OsError("EEXIST", "mkdir"), "mkdir", path);
      return yield* makeEach(calls, missing, mode);
    }
    const above = here.replace(/\/+[^/]*\/*$/, "");
    if (above === "" || above === here) yield* calls.mkdir(here, mode);
    missing.push(here);
    here = above;
  }
  yield* makeEach(calls, missing, mode);
  return here;
}

function* makeEach(calls: Calls, missing: string[], mode: number): Steps<string | undefined> {
  const first = missing.at(-1);
  while (missing.length > 0) {
    // Somebody else may have been faster.
    yield* codeOf(calls.mkdir(missing.pop()!, mode), missing.length > 0 ? ["EEXIST"] : []);
  }
  return first;
}

/** Removes what stands at a path; with `recursive`, a directory with all below it. */
export function* removeTree(calls: Calls, path: Path, recursive: boolean): Steps<void> {
  if ((yield* codeOf(calls.unlink(path, "remove"), ["EISDIR"])) === undefined) return;
  const allowed = recursive ? ["ENOTEMPTY"] : [];
  if ((yield* codeOf(calls.rmdir(path, "remove"), allowed)) === undefined) return;
  for (const name of yield* namesIn(calls, path)) {
    yield* removeTree(calls, joined(path, name), recursive);
  }
  yield* calls.rmdir(path, "remove");
}

/** All names in a directory, as bytes. */
export function* namesIn(calls: Calls, path: Path): Steps<Uint8Array[]> {
  const names: Uint8Array[] = [];
  const { handle } = yield* calls.open(path, OPEN.readOnly | OPEN.directory, 0);
  try {
    let cookie = 0;
    while (true) {
      const page = yield* entriesFrom(calls, handle, cookie);
      if (page === undefined) return names;
      cookie = page.nextCookie;
      for (const { nameBytes } of page.entries) names.push(nameBytes);
    }
  } finally {
    yield* ask("close", { handle });
  }
}

/** Some entries of an open directory from a cookie on, and where to go on; nothing at the end. */
export function* entriesFrom(
  calls: Calls,
  handle: number,
  cookie: number,
): Steps<{ entries: DirEntry[]; nextCookie: number } | undefined> {
  const target = calls.places.names;
  const count = yield* ask("readdir", { handle, cookie, target });
  return count === 0 ? undefined : parseEntries(target.slice(0, count));
}

/** The whole content of a file, in memory of its own, and its inode. */
export function* readWhole(
  connection: Connection,
  calls: Calls,
  path: Path,
): Steps<{ bytes: Uint8Array; inode: number }> {
  const file = yield* openFile(connection, calls, path, OPEN.readOnly, 0);
  try {
    const bytes = new Uint8Array(file.opened.size);
    const count = yield* file.read(bytes, 0);
    const { inode } = file.opened;
    return { bytes: count < bytes.byteLength ? bytes.slice(0, count) : bytes, inode };
  } finally {
    closeFile(connection, file);
  }
}

/** Makes or replaces a file, or appends to it. */
export function* writeWhole(
  connection: Connection,
  calls: Calls,
  path: Path,
  content: Uint8Array,
  options: OpenOptions,
): Steps<void> {
  const flags = contentFlags(options);
  const file = yield* openFile(connection, calls, path, flags, options.mode ?? 0o644);
  try {
    yield* writeAll(file, content, 0);
  } finally {
    closeFile(connection, file);
  }
}

function closeFile(connection: Connection, file: OpenFile): void {
  file.leave();
  connection.post("close", { handle: file.calls.handle });
}

function contentFlags(options: OpenOptions): number {
  const isAppend = options.append === true;
  const isNew = options.createNew === true;
  return flagsOf({ write: true, create: !isNew, truncate: !isAppend && !isNew, ...options });
}

function* writeAll(file: OpenFile, content: Uint8Array, offset: number): Steps<void> {
  for (let done = 0; done < content.byteLength;) {
    const count = yield* file.write(content.subarray(done), offset + done);
    if (count === 0) throw file.calls.named(new OsError("ENOSPC", "write"), "write");
    done += count;
  }
}

/** Copies a file's bytes and permissions. */
export function* copyWhole(
  connection: Connection,
  calls: Calls,
  source: Path,
  target: Path,
): Steps<void> {
  const from = yield* openFile(connection, calls, source, OPEN.readOnly, 0);
  try {
    const flags = OPEN.writeOnly | OPEN.create | OPEN.truncate;
    const to = yield* openFile(connection, calls, target, flags, from.opened.mode & 0o7777);
    try {
      const { staging } = calls.places;
      for (let offset = 0;;) {
        const count = yield* from.read(staging, offset);
        if (count === 0) break;
        yield* writeAll(to, staging.subarray(0, count), offset);
        offset += count;
      }
    } finally {
      closeFile(connection, to);
    }
  } finally {
    closeFile(connection, from);
  }
}

/** Cuts or lengthens what stands at a path. */
export function* truncateAt(calls: Calls, path: Path, size: number): Steps<void> {
  const { handle } = yield* calls.open(path, OPEN.writeOnly, 0);
  try {
    yield* ask("truncate", { handle, size });
  } catch (error) {
    throw named(error, "truncate", path);
  } finally {
    yield* ask("close", { handle });
  }
}

/** Makes something at a free name; answers its path. */
export function* makeTemp(
  { dir, prefix = "", suffix = "" }: MakeTempOptions,
  calls: Calls,
  make: (path: string) => Steps<unknown>,
): Steps<string> {
  let parent = dir;
  if (parent === undefined) {
    parent = (yield* codeOf(calls.access("/tmp", 2), ["ENOENT"])) === undefined ? "/tmp" : "";
  }
  for (let tries = 0;; tries++) {
    const name = [...crypto.getRandomValues(new Uint8Array(6))]
      .map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const path = `${parent}/${prefix}${name}${suffix}`;
    const allowed = tries < TEMP_TRIES_MAX ? ["EEXIST"] : [];
    if ((yield* codeOf(make(path), allowed)) === undefined) return path;
  }
}

/** The code of an expected error, or nothing if there was none. */
export function* codeOf(
  steps: Steps<unknown>,
  allowed: readonly string[],
): Steps<string | undefined> {
  try {
    yield* steps;
    return undefined;
  } catch (error) {
    if (error instanceof OsError && allowed.includes(error.code)) return error.code;
    throw error;
  }
}

function joined(path: Path, name: Uint8Array): Uint8Array {
  const above = typeof path === "string" ? new TextEncoder().encode(path) : path;
  const bytes = new Uint8Array(above.byteLength + 1 + name.byteLength);
  bytes.set(above);
  bytes[above.byteLength] = 0x2f;
  bytes.set(name, above.byteLength + 1);
  return bytes;
}
