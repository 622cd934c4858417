/**
 * Paths: from a directory through directories and symbolic links to a place in a directory.
 *
 * Inside the file server a path is bytes: names on disk are bytes, not text. Where a name becomes a
 * string, it has one char for each byte. The way goes from inode number to inode number; an inode is
 * read only where somebody looks at it.
 *
 * Source of the rules: Linux `fs/namei.c`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Directories } from "../ext4/directory.ts";
import { type Inode, type InodeTable, isDirectory, isSymlink } from "../ext4/inode.ts";
import { NAME_BYTES_MAX } from "../ext4/layouts/dir_entry.ts";
import { ROOT_INODE } from "../ext4/layouts/inode.ts";
import type { Symlinks } from "../ext4/symlink.ts";
import { ACCESS } from "../protocol.ts";
import { REFERENCE_BYTES, REFERENCE_MARK } from "../layouts/reference.ts";
import { HASH_START, hashByte, type NameCache, NAMED_TYPE, UNKNOWN } from "./name_cache.ts";
import { type AccessLists, check, type Credential, isUnchecked } from "./permissions.ts";
import type { References } from "./references.ts";

/** Longest path, in bytes: what Linux takes with a NUL behind it. */
export const PATH_BYTES_MAX = 4095;

/** Most symbolic links followed in one path, as Linux has it. */
export const SYMLINKS_MAX = 40;

/** Most directories above one that are looked for by `realPath`. */
const DEPTH_MAX = 65_536;
/** Directories of which something is remembered. */
const PLACES_MAX = 4096;

/** Names up to this are put together byte by byte: that costs less than a view of the bytes. */
const SHORT_NAME_BYTES = 12;

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * What the last part of a path is: a name, `.`, `..`, or nothing at all, as in `/`. Only a name can
 * be made, moved or removed.
 */
export type LastKind = "name" | "dot" | "dotdot" | "root";

/** Where a path leads. */
export interface Location {
  /** The number of the directory in which the last name stands. */
  readonly directoryNumber: number;
  /** That directory, read when it is first asked for. */
  readonly directory: Inode;
  /**
   * The last name: `.` and `..` for themselves, `.` for the root. With `"name"` it may be longer
   * than names are.
   */
  readonly name: string;
  /** What stands there. */
  readonly inode: Inode | undefined;
  /** Whether the path ended in a slash, so that only a directory will do. */
  readonly isDirectoryOnly: boolean;
  /** What the last part of the path is. */
  readonly kind: LastKind;
}

/**
 * What becomes of a symbolic link that the path ends at: it is followed; or kept, unless there is
 * a slash behind it; or kept in any case, because its name is meant.
 */
export type LastLink = "follow" | "keep" | "name";

/** What paths stand on. */
export interface PathParts {
  readonly inodes: InodeTable;
  readonly directories: Directories;
  readonly nameCache: NameCache;
  readonly symlinks: Symlinks;
  readonly xattrs: AccessLists;
  readonly references: References;
}

const scratch = new Uint8Array(PATH_BYTES_MAX + 1);

/**
 * Copies the target of a symbolic link out of a client's window, once.
 *
 * @throws {OsError} `ENAMETOOLONG`, `ENOENT` if empty, `EINVAL` with a NUL.
 */
export function takeBytes(bytes: Uint8Array): string {
  if (bytes.byteLength > PATH_BYTES_MAX) throw new OsError("ENAMETOOLONG", "path");
  if (bytes.byteLength === 0) throw new OsError("ENOENT", "empty path");
  scratch.set(bytes);
  const text = textOf(scratch, 0, bytes.byteLength);
  if (text.includes("\0")) throw new OsError("EINVAL", "path with a NUL");
  return text;
}

/** Walks paths. One at a time. */
export class PathWalk {
  readonly #parts: PathParts;
  // A path with the targets of all links in front of its rest has no more bytes than this.
  readonly #text = new Uint8Array((SYMLINKS_MAX + 2) * (PATH_BYTES_MAX + 1));
  readonly #target = new Uint8Array(PATH_BYTES_MAX + 1);
  readonly #places = new Map<number, { readonly parent: number; readonly name: string }>();
  // Directories that this credential may go through, as long as nothing changes.
  readonly #passed = new Set<number>();
  #passedBy: Credential | undefined;
  #passedVersion = -1;
  #byteLength = 0;
  // Where the walk stands: a directory, and its inode if that has been read.
  #directory = 0;
  #loaded: Inode | undefined;
  // The part of the path at hand.
  #start = 0;
  #end = 0;
  #next = 0;
  #hash = 0;
  // Where it ended.
  #inode: Inode | undefined;
  #kind: LastKind = "name";
  #isDirectoryOnly = false;
  #isNoted = false;
  #isName = false;

  /** Walks through directories and links. */
  constructor(parts: PathParts) {
    this.#parts = parts;
  }

  /**
   * What stands at a path; `undefined` if all of the path is there but that. Hot path.
   *
   * @param at The directory where a path begins that begins neither with a slash nor with a
   *   reference, or with an empty path what is meant; 0 is the root, and nothing with an empty path.
   * @throws {OsError} `ENOENT` or `ENOTDIR` on the way, `EACCES`, `ELOOP`, `ENAMETOOLONG`, `EINVAL`
   *   with a NUL, and what is wrong with a reference.
   */
  find(
    at: number,
    path: Uint8Array,
    lastLink: LastLink,
    credential: Credential,
  ): Inode | undefined {
    const own = this.#begin(at, path);
    if (own !== undefined) return own;
    this.#walk(lastLink, credential);
    const inode = this.#inode;
    if (inode !== undefined && this.#isDirectoryOnly && !isDirectory(inode)) throw notDirectory();
    return inode;
  }

  /**
   * The place that a path names, whether something stands there or not.
   *
   * @param at As for `find`.
   * @throws {OsError} As `find`; with `"name"` also `ENOENT` for a path without a name.
   */
  locate(at: number, path: Uint8Array, lastLink: LastLink, credential: Credential): Location {
    const inode = this.#begin(at, path);
    if (inode !== undefined) {
      if (lastLink === "name") throw new OsError("ENOENT", "empty path");
      const own = { name: ".", inode, isDirectoryOnly: false, kind: "dot" } as const;
      return new Place(this.#parts.inodes, { number: inode.number, inode }, own);
    }
    this.#walk(lastLink, credential);
    const isRoot = this.#kind === "root";
    return new Place(this.#parts.inodes, { number: this.#directory, inode: this.#loaded }, {
      name: isRoot ? "." : textOf(this.#text, this.#start, this.#end),
      inode: this.#inode,
      isDirectoryOnly: this.#isDirectoryOnly,
      kind: this.#kind,
    });
  }

  /**
   * The path from the root of what stands at a path, without links, `.` and `..`; a char for each
   * byte.
   *
   * @throws {OsError} As `find`; `ENOENT` if nothing stands there, or the directory has no name.
   */
  realPath(at: number, path: Uint8Array, credential: Credential): string {
    this.#isNoted = true;
    let place: Location;
    try {
      place = this.locate(at, path, "follow", credential);
    } finally {
      this.#isNoted = false;
    }
    const { inode, isDirectoryOnly, kind } = place;
    if (inode === undefined) throw new OsError("ENOENT", "path");
    if (isDirectory(inode)) return this.#pathOf(inode);
    if (isDirectoryOnly) throw notDirectory();
    if (kind !== "name") throw new OsError("ENOENT", "a file by its handle");
    const above = this.#pathOf(place.directory);
    return above === "/" ? `/${place.name}` : `${above}/${place.name}`;
  }

  /** Takes a path and stands where it begins; answers what one without a name names. */
  #begin(at: number, path: Uint8Array): Inode | undefined {
    const { byteLength } = path;
    if (byteLength === 0) return this.#own(at);
    this.#take(path);
    const first = this.#text[0];
    if (first === REFERENCE_MARK) return this.#beginAtReference(byteLength);
    this.#stand(first === SLASH || at === 0 ? ROOT_INODE : at);
    this.#next = 0;
    return undefined;
  }

  #beginAtReference(byteLength: number): Inode | undefined {
    const inode = this.#parts.references.load(this.#text, byteLength);
    if (byteLength === REFERENCE_BYTES) return inode;
    if (this.#text[REFERENCE_BYTES] !== SLASH) throw new OsError("EINVAL", "behind a reference");
    if (!isDirectory(inode)) throw notDirectory();
    this.#directory = inode.number;
    this.#loaded = inode;
    this.#next = REFERENCE_BYTES;
    return undefined;
  }

  /** Goes along a path; `#directory`, `#inode`, `#kind` and the part at hand tell where it ends. */
  #walk(lastLink: LastLink, credential: Credential): void {
    this.#isName = lastLink === "name";
    let linkCount = 0;
    while (this.#nextPart(credential)) {
      const isLast = this.#next === this.#byteLength;
      const number = this.#step();
      if (number === 0) {
        if (!isLast) throw new OsError("ENOENT", "directory in a path");
        this.#inode = undefined;
        return;
      }
      const { nameCache } = this.#parts;
      if (!isLast && number === this.#directory) continue;
      if (!isLast && nameCache.type === NAMED_TYPE.directory) {
        this.#descend(number);
        continue;
      }
      const inode = this.#load(number);
      const isKept = isLast && (lastLink === "name" ||
        (lastLink === "keep" && !this.#isDirectoryOnly));
      if (isSymlink(inode) && !isKept) {
        if (++linkCount > SYMLINKS_MAX) throw new OsError("ELOOP", "path");
        this.#follow(inode);
        continue;
      }
      if (isLast) {
        this.#inode = inode;
        return;
      }
      if (!isDirectory(inode)) throw notDirectory();
      this.#descend(number);
      this.#loaded = inode;
    }
    this.#kind = "root";
    this.#isDirectoryOnly = true;
    this.#inode = this.#standing();
  }

  /** Copies a path out of a client's window, once. */
  #take(path: Uint8Array): void {
    const { byteLength } = path;
    if (byteLength > PATH_BYTES_MAX) throw new OsError("ENAMETOOLONG", "path");
    const text = this.#text;
    if (byteLength > 64) text.set(path);
    else for (let at = 0; at < byteLength; at++) text[at] = path[at] as number;
    this.#byteLength = byteLength;
  }

  #stand(directory: number): void {
    this.#directory = directory;
    this.#loaded = undefined;
  }

  /** Checks that the directory at hand may be gone through. */
  #pass(credential: Credential): void {
    const { version } = this.#parts.nameCache;
    if (credential !== this.#passedBy || version !== this.#passedVersion) {
      this.#passed.clear();
      this.#passedBy = credential;
      this.#passedVersion = version;
    }
    if (this.#passed.has(this.#directory)) return;
    check(this.#standing(), ACCESS.execute, credential, this.#parts.xattrs);
    if (this.#passed.size < PLACES_MAX) this.#passed.add(this.#directory);
  }

  /** The inode of the directory that the walk stands in. */
  #standing(): Inode {
    if (this.#loaded === undefined) {
      this.#loaded = this.#parts.inodes.load(this.#directory);
      if (!isDirectory(this.#loaded)) throw notDirectory();
    }
    return this.#loaded;
  }

  /** Finds the next part of the path and its hash; answers whether there is one. */
  #nextPart(credential: Credential): boolean {
    const text = this.#text;
    const byteLength = this.#byteLength;
    let at = this.#next;
    while (at < byteLength && text[at] === SLASH) at++;
    if (at === byteLength) return false;
    if (!isUnchecked(credential)) this.#pass(credential);
    this.#start = at;
    let hash = HASH_START;
    while (at < byteLength) {
      const byte = text[at] as number;
      if (byte === SLASH) break;
      if (byte === 0) throw new OsError("EINVAL", "path with a NUL");
      hash = hashByte(hash, byte);
      at++;
    }
    this.#end = at;
    this.#hash = hash;
    const isLong = at - this.#start > NAME_BYTES_MAX;
    while (at < byteLength && text[at] === SLASH) at++;
    this.#next = at;
    // A last name that is meant itself is told as it is: others have a say before.
    if (isLong && !(this.#isName && at === byteLength)) throw nameTooLong();
    this.#isDirectoryOnly = at === byteLength && at > this.#end;
    return true;
  }

  /** The inode that the part at hand leads to, or 0. */
  #step(): number {
    const text = this.#text;
    const [start, end] = [this.#start, this.#end];
    this.#kind = "name";
    if (text[start] === DOT) {
      if (end - start === 1) {
        this.#kind = "dot";
        return this.#directory;
      }
      if (end - start === 2 && text[start + 1] === DOT) {
        this.#kind = "dotdot";
        if (this.#directory === ROOT_INODE) return ROOT_INODE;
      }
    }
    const { nameCache, directories } = this.#parts;
    if (end - start > NAME_BYTES_MAX) {
      this.#standing();
      return 0;
    }
    const known = nameCache.find(this.#directory, this.#hash, text, start, end);
    if (known !== UNKNOWN) return known;
    const number = directories.findBytes(this.#standing(), text, start, end);
    nameCache.fill(this.#directory, number, text, start, end);
    return number;
  }

  /** The inode that a name led to. */
  #load(number: number): Inode {
    if (number === this.#directory) return this.#standing();
    const { inodes, nameCache } = this.#parts;
    const inode = inodes.load(number);
    if (inode.links === 0 || inode.mode === 0) throw new OsError("EUCLEAN", `inode ${number}`);
    if (nameCache.type === NAMED_TYPE.unknown) {
      if (isDirectory(inode)) nameCache.setType(NAMED_TYPE.directory);
      else nameCache.setType(isSymlink(inode) ? NAMED_TYPE.symlink : NAMED_TYPE.other);
    }
    return inode;
  }

  #descend(number: number): void {
    if (this.#isNoted && this.#kind === "name") {
      this.#note(number, this.#directory, textOf(this.#text, this.#start, this.#end));
    }
    this.#stand(number);
  }

  /** Puts the target of a link in front of what is left of the path. */
  #follow(link: Inode): void {
    const { symlinks } = this.#parts;
    const target = this.#target;
    const count = symlinks.read(link, target);
    const rest = this.#byteLength - this.#end;
    this.#text.copyWithin(count, this.#end, this.#byteLength);
    this.#text.set(target.subarray(0, count));
    this.#byteLength = count + rest;
    this.#next = 0;
    if (target[0] === SLASH) this.#stand(ROOT_INODE);
  }

  /** What `at` is. */
  #own(at: number): Inode {
    if (at === 0) throw new OsError("ENOENT", "empty path");
    return this.#parts.inodes.load(at);
  }

  /** The path of a directory, by the names of all above it. */
  #pathOf(directory: Inode): string {
    const { inodes, directories } = this.#parts;
    const names: string[] = [];
    let current = directory;
    for (let depth = 0; current.number !== ROOT_INODE; depth++) {
      if (current.links === 0) throw new OsError("ENOENT", "directory without a name");
      const parent = inodes.load(directories.find(current, ".."));
      if (depth === DEPTH_MAX || !isDirectory(parent)) {
        throw new OsError("EUCLEAN", `parents of directory ${directory.number}`);
      }
      names.push(this.#nameOf(current, parent));
      current = parent;
    }
    return `/${names.reverse().join("/")}`;
  }

  #nameOf(directory: Inode, parent: Inode): string {
    const { directories } = this.#parts;
    const { number } = directory;
    const noted = this.#places.get(number);
    if (noted?.parent === parent.number && directories.find(parent, noted.name) === number) {
      return noted.name;
    }
    const name = directories.nameOf(parent, number);
    if (name === undefined) throw new OsError("EUCLEAN", `name of directory ${number}`);
    this.#note(number, parent.number, name);
    return name;
  }

  /** Remembers where a directory's name stands; looked at again before it is believed. */
  #note(directory: number, parent: number, name: string): void {
    if (this.#places.size >= PLACES_MAX) this.#places.clear();
    this.#places.set(directory, { parent, name });
  }
}

/** A location whose directory is read when it is first asked for. */
class Place implements Location {
  readonly directoryNumber: number;
  readonly name: string;
  readonly inode: Inode | undefined;
  readonly isDirectoryOnly: boolean;
  readonly kind: LastKind;
  readonly #inodes: InodeTable;
  #directory: Inode | undefined;

  constructor(
    inodes: InodeTable,
    directory: { readonly number: number; readonly inode: Inode | undefined },
    last: Pick<Location, "name" | "inode" | "isDirectoryOnly" | "kind">,
  ) {
    this.#inodes = inodes;
    this.#directory = directory.inode;
    this.directoryNumber = directory.number;
    this.name = last.name;
    this.inode = last.inode;
    this.isDirectoryOnly = last.isDirectoryOnly;
    this.kind = last.kind;
  }

  get directory(): Inode {
    return this.#directory ??= this.#inodes.load(this.directoryNumber);
  }
}

/** Throws `ENAMETOOLONG` if nothing can have the last name of a place. */
export function checkName({ name }: Location): void {
  if (name.length > NAME_BYTES_MAX) throw nameTooLong();
}

/** What stands at a place, or `ENOENT`; `ENOTDIR` if the path asked for a directory in vain. */
export function existing(place: Location): Inode {
  if (place.inode === undefined) throw new OsError("ENOENT", "path");
  if (place.isDirectoryOnly && !isDirectory(place.inode)) throw notDirectory();
  return place.inode;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT_NAME_BYTES) {
    let text = "";
    for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
    return text;
  }
  // TextDecoder's "latin1" is another code above 0x7f.
  return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
}

function nameTooLong(): OsError {
  return new OsError("ENAMETOOLONG", "name in a path");
}

function notDirectory(): OsError {
  return new OsError("ENOTDIR", "name in a path");
}
