/**
 * What the flags of `open` ask of the place that they are used on.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type Inode, isDirectory, isFile, isSymlink } from "../ext4/inode.ts";
import { FLAGS_UNREADABLE } from "../ext4/layouts/inode.ts";
import { REFERENCE_BYTES, REFERENCE_MARK } from "../layouts/reference.ts";
import type { LastLink, Location } from "./path.ts";
import { OPEN } from "../protocol.ts";

/**
 * Checks what flags ask for whatever the path leads to.
 *
 * @throws {OsError} `EINVAL`
 */
export function checkFlags(flags: number): void {
  if ((flags & OPEN.path) !== 0) return;
  if ((flags & OPEN.accessMask) === 3) throw new OsError("EINVAL", "open: access mode");
  const both = OPEN.create | OPEN.directory;
  if ((flags & both) === both) throw new OsError("EINVAL", "open: make a directory");
}

/** What becomes of a symbolic link that a path to be opened ends at. */
export function lastLinkOf(path: Uint8Array, flags: number): LastLink {
  if ((flags & OPEN.create) !== 0) {
    // A file is never made by such a name, whatever it leads to.
    const isReference = path.byteLength === REFERENCE_BYTES && path[0] === REFERENCE_MARK;
    if (!isReference && path[path.byteLength - 1] === 0x2f) return "name";
    if ((flags & OPEN.exclusive) !== 0) return "keep";
  }
  return (flags & OPEN.noFollow) !== 0 ? "keep" : "follow";
}

/**
 * Checks that a place can be opened with these flags, made there if they say so.
 *
 * @throws {OsError} Each error that `open` has for a place and its flags.
 */
export function checkOpen(place: Location, flags: number): void {
  const { inode } = place;
  const access = flags & OPEN.accessMask;
  const isCreate = (flags & OPEN.create) !== 0;
  if (isCreate && place.isDirectoryOnly && place.kind === "name") {
    throw new OsError("EISDIR", "open");
  }
  if (inode === undefined) {
    if (!isCreate) throw new OsError("ENOENT", "open");
    return;
  }
  if (isCreate && (flags & OPEN.exclusive) !== 0) throw new OsError("EEXIST", "open");
  const wantsDirectory = place.isDirectoryOnly || (flags & OPEN.directory) !== 0;
  if (isSymlink(inode)) throw new OsError(wantsDirectory ? "ENOTDIR" : "ELOOP", "open");
  if (isDirectory(inode)) {
    const isWrite = access !== OPEN.readOnly || (flags & OPEN.truncate) !== 0;
    if (isWrite || isCreate) throw new OsError("EISDIR", "open");
    return;
  }
  if (wantsDirectory) throw new OsError("ENOTDIR", "open");
}

/**
 * Checks that what stands at a place can be read and written by us at all.
 *
 * @throws {OsError} `ENXIO` or `EUCLEAN`
 */
export function checkKind(inode: Inode): void {
  if (isDirectory(inode)) return;
  if (!isFile(inode)) throw new OsError("ENXIO", "open a device");
  if ((inode.flags & FLAGS_UNREADABLE) !== 0) {
    throw new OsError("EUCLEAN", `flags of inode ${inode.number}`);
  }
}
