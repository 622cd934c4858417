/**
 * Paths: from the root through directories and symbolic links to a place in a directory.
 *
 * Inside the file server a path is a string with one char for each byte: names on disk are bytes,
 * not text.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Directories } from "../ext4/directory.ts";
import { type Inode, type InodeTable, isDirectory, isSymlink } from "../ext4/inode.ts";
import { NAME_BYTES_MAX } from "../ext4/layouts/dir_entry.ts";
import { ROOT_INODE } from "../ext4/layouts/inode.ts";

/** Longest path, in bytes. */
export const PATH_BYTES_MAX = 4096;

/** Most symbolic links followed in one path, as Linux has it. */
export const SYMLINKS_MAX = 40;

/** Where a path leads. */
export interface Location {
  /** The directory in which the last name stands. */
  readonly directory: Inode;
  /** The last name: `.` for the root itself, and where the path ends in `.`; or `..`. */
  readonly name: string;
  /** What stands there. */
  readonly inode: Inode | undefined;
  /** Whether the path ended in a slash, so that only a directory will do. */
  readonly isDirectoryOnly: boolean;
}

/** What becomes of a symbolic link that the path ends at. */
export type LastLink = "follow" | "keep";

const scratch = new Uint8Array(PATH_BYTES_MAX);

/**
 * Copies a path out of a client's window, once, and checks it.
 *
 * @throws {OsError} `ENAMETOOLONG`, `ENOENT` if empty, `EINVAL` with a NUL or if not from the root.
 */
export function takePath(bytes: Uint8Array): string {
  const path = takeBytes(bytes);
  if (path.charCodeAt(0) !== 0x2f) throw new OsError("EINVAL", "path not from the root");
  return path;
}

/**
 * Copies the target of a symbolic link, which may be relative, out of a client's window.
 *
 * @throws {OsError} `ENAMETOOLONG`, `ENOENT` if empty, `EINVAL` with a NUL.
 */
export function takeBytes(bytes: Uint8Array): string {
  if (bytes.byteLength > PATH_BYTES_MAX) throw new OsError("ENAMETOOLONG", "path");
  if (bytes.byteLength === 0) throw new OsError("ENOENT", "empty path");
  scratch.set(bytes);
  const text = fromBytes(scratch.subarray(0, bytes.byteLength));
  if (text.includes("\0")) throw new OsError("EINVAL", "path with a NUL");
  return text;
}

/** Bytes as a string with one char for each. TextDecoder's "latin1" is another code above 0x7f. */
function fromBytes(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** Walks paths. */
export class PathWalk {
  readonly #inodes: InodeTable;
  readonly #directories: Directories;
  readonly #readTarget: (link: Inode) => string;

  /** @param readTarget Reads where a symbolic link points. */
  constructor(
    inodes: InodeTable,
    directories: Directories,
    readTarget: (link: Inode) => string,
  ) {
    this.#inodes = inodes;
    this.#directories = directories;
    this.#readTarget = readTarget;
  }

  /**
   * Finds the place that a path names, whether something stands there or not.
   *
   * @throws {OsError} `ENOENT` or `ENOTDIR` on the way, `ELOOP`, `ENAMETOOLONG`.
   */
  locate(path: string, lastLink: LastLink): Location {
    let directory = this.#inodes.load(ROOT_INODE);
    if (!isDirectory(directory)) throw new OsError("EUCLEAN", "root directory");
    let rest = path;
    let at = 0;
    let linkCount = 0;
    while (true) {
      while (rest.charCodeAt(at) === 0x2f) at++;
      if (at === rest.length) {
        return { directory, name: ".", inode: directory, isDirectoryOnly: true };
      }
      const slash = rest.indexOf("/", at);
      const end = slash < 0 ? rest.length : slash;
      const name = rest.slice(at, end);
      if (name.length > NAME_BYTES_MAX) throw new OsError("ENAMETOOLONG", "name in a path");
      let next = end;
      while (rest.charCodeAt(next) === 0x2f) next++;
      const isLast = next === rest.length;
      const isDirectoryOnly = isLast && next > end;
      const inode = this.#step(directory, name);
      if (inode === undefined) {
        if (!isLast) throw new OsError("ENOENT", "directory in a path");
        return { directory, name, inode, isDirectoryOnly };
      }
      if (isSymlink(inode) && (!isLast || isDirectoryOnly || lastLink === "follow")) {
        if (++linkCount > SYMLINKS_MAX) throw new OsError("ELOOP", "path");
        rest = this.#readTarget(inode) + rest.slice(end);
        at = 0;
        if (rest.charCodeAt(0) === 0x2f) directory = this.#inodes.load(ROOT_INODE);
        continue;
      }
      if (isLast) return { directory, name, inode, isDirectoryOnly };
      if (!isDirectory(inode)) throw new OsError("ENOTDIR", "name in a path");
      directory = inode;
      at = next;
    }
  }

  #step(directory: Inode, name: string): Inode | undefined {
    if (name === ".") return directory;
    const number = this.#directories.find(directory, name);
    if (number === 0) return undefined;
    const inode = this.#inodes.load(number);
    if (inode.links === 0 || inode.mode === 0) throw new OsError("EUCLEAN", `inode ${number}`);
    return inode;
  }
}
