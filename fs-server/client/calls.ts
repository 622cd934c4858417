/**
 * Each operation of the file server as a program calls it: paths in, shapes that programs know out.
 * Written as steps, so that the synchronous and the asynchronous client share them.
 *
 * @module
 */

import { OsError, type Reply, type Request } from "@hako/ipc";
import { named } from "./file_error.ts";
import { type FileInfo, infoOf, type Moment, splitMoment } from "./info.ts";
import { type Path, type Places, putPath } from "./places.ts";
import { ask, type OperationName, type Steps } from "./steps.ts";
import { OPEN, type operations, TIMES } from "../protocol.ts";

/** Bit of `which` and of `flags` in some operations: beyond a symbolic link at the end. */
const FOLLOW = 16;

/** An owner that stays. */
const UNCHANGED = 0xffffffff;

/** From where, as whom and with which mask of permissions a program names files. */
export interface Standpoint {
  /** The handle of the directory at which relative paths start; 0 is the root. */
  at: number;
  /** On whose authority; 0 is the client's own. */
  as: number;
  /** Permissions that new files do not get. */
  umask: number;
}

/** What `open` answered. */
export type OpenReply = Reply<(typeof operations)["open"]>;

/** What `statfs` answered. */
export type UsageReply = Reply<(typeof operations)["statfs"]>;

/** Whether what a symbolic link leads to is meant, or the link itself. */
export interface FollowOptions {
  /** Beyond a symbolic link at the end of the path, the default. */
  readonly follow?: boolean;
}

/** The operations on paths. */
export class Calls {
  readonly places: Places;
  readonly #from: Standpoint;

  /** Calls that use these places, one at a time. */
  constructor(places: Places, from: Standpoint) {
    this.places = places;
    this.#from = from;
  }

  /** Opens by flags of the protocol. */
  *open(path: Path, flags: number, mode: number, leaseSlot = 0): Steps<OpenReply> {
    const { umask } = this.#from;
    return yield* this.#at("open", path, "open", { flags, mode, leaseSlot, umask });
  }

  /** Tells what stands at a path. */
  *stat(path: Path, follow: boolean): Steps<FileInfo> {
    return infoOf(yield* this.attributes(path, follow));
  }

  /** The record of what stands at a path. */
  *attributes(path: Path, follow: boolean): Steps<Uint8Array> {
    const reply = yield* this.#at(follow ? "stat" : "lstat", path, "stat", { follow });
    return reply.attributes;
  }

  /** Makes one directory. */
  *mkdir(path: Path, mode: number): Steps<number> {
    return yield* this.#at("mkdir", path, "mkdir", { mode, umask: this.#from.umask });
  }

  /** Removes an empty directory. */
  *rmdir(path: Path, operation = "rmdir"): Steps<number> {
    return yield* this.#at(operation, path, "rmdir", {});
  }

  /** Removes a name that is no directory's. */
  *unlink(path: Path, operation = "unlink"): Steps<number> {
    return yield* this.#at(operation, path, "unlink", {});
  }

  /** Moves a name; flags are those of `RENAME`. */
  *rename(source: Path, target: Path, flags: number): Steps<number> {
    return yield* this.#between("rename", source, target, { flags });
  }

  /** Gives a file another name. */
  *link(source: Path, target: Path, follow: boolean): Steps<number> {
    return yield* this.#between("link", source, target, { follow });
  }

  /** Makes a symbolic link at `path`. */
  *symlink(target: Path, path: Path): Steps<number> {
    const { as, at } = this.#from;
    try {
      const bytes = putPath(this.places.target, target);
      const request = { as, at, target: bytes, path: putPath(this.places.path, path) };
      return yield* ask("symlink", request);
    } catch (error) {
      throw named(error, "symlink", target, path);
    }
  }

  /** Where a symbolic link points, as bytes. */
  *readlink(path: Path): Steps<Uint8Array> {
    const target = this.places.value;
    const count = yield* this.#at("readlink", path, "readlink", { target });
    return target.slice(0, count);
  }

  /** The path without symbolic links, `.` and `..`, as bytes. */
  *realpath(path: Path): Steps<Uint8Array> {
    const target = this.places.value;
    const count = yield* this.#at("realpath", path, "realpath", { target });
    return target.slice(0, count);
  }

  /** Sets permissions. */
  *chmod(path: Path, mode: number, { follow = true }: FollowOptions = {}): Steps<number> {
    return yield* this.#at(follow ? "chmod" : "lchmod", path, "chmod", { follow, mode });
  }

  /** Sets owner and group; `null` leaves one as it is. */
  *chown(
    path: Path,
    uid: number | null,
    gid: number | null,
    { follow = true }: FollowOptions = {},
  ): Steps<number> {
    const owner = { uid: uid ?? UNCHANGED, gid: gid ?? UNCHANGED };
    return yield* this.#at(follow ? "chown" : "lchown", path, "chown", { follow, ...owner });
  }

  /** Sets times; `null` leaves one as it is, `"now"` is the server's clock. */
  *utime(
    path: Path,
    atime: Moment | "now" | null,
    mtime: Moment | "now" | null,
    { follow = true }: FollowOptions = {},
  ): Steps<number> {
    const operation = follow ? "utime" : "lutime";
    try {
      const request = timesOf(atime, mtime, follow);
      return yield* this.#at(operation, path, "utimens", request);
    } catch (error) {
      throw named(error, operation, path);
    }
  }

  /** Whether a path may be used so: bits of `ACCESS`. Fails if not. */
  *access(path: Path, wanted: number, { follow = true }: FollowOptions = {}): Steps<number> {
    return yield* this.#at("access", path, "access", { follow, wanted });
  }

  /** Makes a special file; `mode` says of which type. */
  *mknod(path: Path, mode: number, device: number): Steps<number> {
    return yield* this.#at("mknod", path, "mknod", { mode, umask: this.#from.umask, device });
  }

  /** The value of an extended attribute. */
  *getxattr(path: Path, name: string, { follow = true }: FollowOptions = {}): Steps<Uint8Array> {
    const target = this.places.names;
    const fields = { follow, target, name: new TextEncoder().encode(name) };
    const count = yield* this.#at("getxattr", path, "getxattr", fields);
    return target.slice(0, count);
  }

  /** Sets an extended attribute; flags are those of `XATTR`. */
  *setxattr(
    path: Path,
    name: string,
    value: Uint8Array,
    { follow = true, flags = 0 }: FollowOptions & { readonly flags?: number } = {},
  ): Steps<number> {
    try {
      const { names } = this.places;
      if (value.byteLength > names.byteLength) throw new OsError("E2BIG", "setxattr");
      const bytes = putPath(names, value);
      const fields = { flags: follow ? flags | FOLLOW : flags, value: bytes };
      const attribute = { name: new TextEncoder().encode(name) };
      return yield* this.#at("setxattr", path, "setxattr", { ...fields, ...attribute });
    } catch (error) {
      throw named(error, "setxattr", path);
    }
  }

  /** The names of all extended attributes. */
  *listxattr(path: Path, { follow = true }: FollowOptions = {}): Steps<string[]> {
    const target = this.places.names;
    const count = yield* this.#at("listxattr", path, "listxattr", { follow, target });
    const text = new TextDecoder().decode(target.slice(0, count));
    return text.split("\0").filter((name) => name !== "");
  }

  /** Removes an extended attribute. */
  *removexattr(path: Path, name: string, { follow = true }: FollowOptions = {}): Steps<number> {
    const fields = { follow, name: new TextEncoder().encode(name) };
    return yield* this.#at("removexattr", path, "removexattr", fields);
  }

  /** How full the file system is. */
  *statfs(): Steps<UsageReply> {
    return yield* ask("statfs", {});
  }

  /** Makes everything that was answered durable. */
  *sync(): Steps<number> {
    return yield* ask("fsync", { handle: 0, dataOnly: false });
  }

  /** Makes a number for a credential. */
  *credential(uid: number, gid: number, groups: readonly number[]): Steps<number> {
    const bytes = new Uint8Array(new Uint32Array(groups).buffer);
    const fields = { uid, gid, overrides: false };
    return yield* ask("credential", { ...fields, groups: putPath(this.places.value, bytes) });
  }

  *#at<K extends OperationName>(
    what: string,
    path: Path,
    operation: K,
    fields: Omit<Request<(typeof operations)[K]>, "at" | "as" | "path">,
  ): Steps<Reply<(typeof operations)[K]>> {
    const { at, as } = this.#from;
    try {
      const request = { at, as, path: putPath(this.places.path, path), ...fields };
      return yield* ask(operation, request as unknown as Request<(typeof operations)[K]>);
    } catch (error) {
      throw named(error, what, path);
    }
  }

  *#between(
    operation: "rename" | "link",
    source: Path,
    target: Path,
    fields: { readonly flags: number } | { readonly follow: boolean },
  ): Steps<number> {
    const { at, as } = this.#from;
    try {
      const from = { as, sourceAt: at, source: putPath(this.places.path, source) };
      const to = { targetAt: at, target: putPath(this.places.target, target) };
      return yield* ask(operation, { ...from, ...to, ...fields } as never);
    } catch (error) {
      throw named(error, operation, source, target);
    }
  }
}

/** The fields of `utimens`. */
export function timesOf(
  atime: Moment | "now" | null,
  mtime: Moment | "now" | null,
  follow: boolean,
) {
  let which = follow ? FOLLOW : 0;
  if (atime === "now") which |= TIMES.atimeNow;
  else if (atime !== null) which |= TIMES.atime;
  if (mtime === "now") which |= TIMES.mtimeNow;
  else if (mtime !== null) which |= TIMES.mtime;
  const access = splitMoment(atime === "now" ? 0 : atime ?? 0);
  const change = splitMoment(mtime === "now" ? 0 : mtime ?? 0);
  return {
    which,
    atimeSeconds: access.seconds,
    atimeNanoseconds: access.nanoseconds,
    mtimeSeconds: change.seconds,
    mtimeNanoseconds: change.nanoseconds,
  };
}

/** How a file is opened; as `Deno.OpenOptions` and more. With none of them set, for reading. */
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
  /** Further flags of the protocol (`OPEN`), as `OPEN.sync | OPEN.noFollow`. */
  readonly flags?: number;
}

/** The flags of the protocol for options. */
export function flagsOf(options: OpenOptions): number {
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
  return flags | (options.flags ?? 0);
}
