/**
 * What the flags of `open` ask of the place that they are used on.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { isDirectory, isFile, isSymlink } from "../ext4/inode.ts";
import { FLAGS_UNSUPPORTED } from "../ext4/layouts/inode.ts";
import type { Location } from "./path.ts";
import { OPEN } from "../protocol.ts";

/**
 * Checks that a place can be opened with these flags, made there if they say so.
 *
 * @throws {OsError} Each error that `open` has for a place and its flags.
 */
export function checkOpen(place: Location, flags: number): void {
  const { inode } = place;
  const access = flags & OPEN.accessMask;
  const isCreate = (flags & OPEN.create) !== 0;
  if (access === 3) throw new OsError("EINVAL", "open: access mode");
  if (isCreate && (flags & OPEN.directory) !== 0) throw new OsError("EINVAL", "open");
  if (inode === undefined) {
    if (!isCreate) throw new OsError("ENOENT", "open");
    return;
  }
  if (isCreate && (flags & OPEN.exclusive) !== 0) throw new OsError("EEXIST", "open");
  if (isSymlink(inode)) throw new OsError("ELOOP", "open");
  if (isDirectory(inode)) {
    const isWrite = access !== OPEN.readOnly || (flags & OPEN.truncate) !== 0;
    if (isWrite || isCreate) throw new OsError("EISDIR", "open");
    return;
  }
  const wantsDirectory = place.isDirectoryOnly || (flags & OPEN.directory) !== 0;
  if (wantsDirectory) throw new OsError("ENOTDIR", "open");
  if (!isFile(inode)) throw new OsError("ENODEV", "open a device");
  if ((inode.flags & FLAGS_UNSUPPORTED) !== 0) {
    throw new OsError("EUCLEAN", `flags of inode ${inode.number}`);
  }
}
