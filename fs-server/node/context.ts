/**
 * What all functions of one adapter share.
 *
 * @module
 */

import type { PathLike } from "./arguments.ts";
import { pathOf } from "./arguments.ts";
import type { PathBytes, PosixCalls } from "./calls.ts";
import type { Descriptors } from "./descriptors.ts";
import { decode, encode, type Encoding } from "./encoding.ts";
import { type Subject, systemError } from "./errors.ts";

/** The classes of streams that `createReadStream` and `createWriteStream` give out. */
export interface StreamClasses {
  /** `Readable` of `node:stream`. */
  readonly Readable: new (options: object) => object;
  /** `Writable` of `node:stream`. */
  readonly Writable: new (options: object) => object;
}

/** What all functions of one adapter share. */
export interface Context {
  /** The file system. */
  readonly calls: PosixCalls;
  /** Its open files by number. */
  readonly descriptors: Descriptors;
  /** Bytes in the class that callers expect, not copied. */
  readonly toBuffer: (bytes: Uint8Array) => Uint8Array;
  /** Streams of Node, if the caller has given their classes. */
  readonly streams: StreamClasses | undefined;
  /** Where relative paths begin: absolute, without a slash at its end. */
  cwd: string;
  /** Permissions that nothing new gets. */
  umask: number;
}

/** The absolute path of what a caller named. An empty one names nothing. */
export function locate(context: Context, path: PathLike, subject: Subject): PathBytes {
  const given = typeof path === "string" && !path.includes("\0") ? path : pathOf(path);
  if (given.length === 0) throw systemError("ENOENT", { ...subject, path: "" });
  if (typeof given === "string") {
    return given.charCodeAt(0) === 0x2f ? given : `${context.cwd}/${given}`;
  }
  return given[0] === 0x2f ? given : joinBytes(encode(context.cwd), given);
}

/** A name behind a directory. */
export function joinPath(directory: PathBytes, name: PathBytes): PathBytes {
  if (typeof directory === "string" && typeof name === "string") {
    return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
  }
  const bytes = (path: PathBytes) => typeof path === "string" ? encode(path) : path;
  return joinBytes(bytes(directory), bytes(name));
}

/** A path or a name as a caller wants it: in an encoding, or in bytes. */
export function told(
  context: Context,
  bytes: Uint8Array,
  options: { readonly encoding: Encoding | undefined; readonly asBuffer: boolean },
): string | Uint8Array {
  return options.asBuffer ? context.toBuffer(bytes) : decode(bytes, options.encoding);
}

function joinBytes(directory: Uint8Array, name: Uint8Array): Uint8Array {
  const joined = new Uint8Array(directory.byteLength + 1 + name.byteLength);
  joined.set(directory);
  joined[directory.byteLength] = 0x2f;
  joined.set(name, directory.byteLength + 1);
  return joined;
}
