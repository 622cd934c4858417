/**
 * The operations on names: make, remove, move, link. Each checks everything first and changes
 * afterwards, in cached blocks; the caller commits or rolls back.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockAllocation } from "../ext4/block_allocation.ts";
import type { BlockCache } from "../disk/block_cache.ts";
import { type BlockMap, SECTORS_PER_BLOCK } from "../ext4/block_map.ts";
import { type Directories, goalFor } from "../ext4/directory.ts";
import { BLOCK_BYTES } from "../disk/disk.ts";
import type { Geometry } from "../ext4/geometry.ts";
import { type DiskTime, type Inode, type InodeTable, isDirectory, isSymlink } from "../ext4/inode.ts";
import type { InodeAllocation } from "../ext4/inode_allocation.ts";
import { ENTRY_TYPE, entryTypeOfMode } from "../ext4/layouts/dir_entry.ts";
import {
  FAST_SYMLINK_BYTES_MAX,
  MODE_DIRECTORY,
  MODE_FILE,
  MODE_PERMISSIONS,
  MODE_SYMLINK,
  ROOT_INODE,
} from "../ext4/layouts/inode.ts";
import type { Location } from "./path.ts";

/** Most names of an inode, as Linux's ext2 has it. */
export const LINKS_MAX = 32_000;

/** What names stand on. */
export interface NamesParts {
  readonly cache: BlockCache;
  readonly geometry: Geometry;
  readonly allocation: BlockAllocation;
  readonly map: BlockMap;
  readonly inodes: InodeTable;
  readonly inodeAllocation: InodeAllocation;
  readonly directories: Directories;
}

/** Names in directories. */
export class Names {
  readonly #parts: NamesParts;

  /** Works on directories and inodes through the cache. */
  constructor(parts: NamesParts) {
    this.#parts = parts;
  }

  /** Makes an empty file at a place where nothing stands. */
  createFile(place: Location, mode: number, now: DiskTime): Inode {
    if (place.isDirectoryOnly) throw new OsError("EISDIR", "create");
    const { inodes, inodeAllocation } = this.#parts;
    const number = inodeAllocation.takeForFile(place.directory.number);
    const inode = inodes.create(number, MODE_FILE | (mode & MODE_PERMISSIONS), now);
    inode.links = 1;
    inodes.store(inode);
    this.#enter(place, inode, now);
    return inode;
  }

  /** Makes a directory. */
  mkdir(place: Location, mode: number, now: DiskTime): number {
    const { directory } = place;
    if (place.inode !== undefined) throw new OsError("EEXIST", "mkdir");
    if (directory.links >= LINKS_MAX) throw new OsError("EMLINK", "mkdir");
    const { inodes, inodeAllocation, directories } = this.#parts;
    const number = inodeAllocation.takeForDirectory(directory.number);
    const inode = inodes.create(number, MODE_DIRECTORY | (mode & MODE_PERMISSIONS), now);
    inode.links = 2;
    directories.begin(inode, directory.number);
    inodes.store(inode);
    directory.links++;
    this.#enter(place, inode, now);
    return 0;
  }

  /** Makes a symbolic link. */
  symlink(target: string, place: Location, now: DiskTime): number {
    if (place.inode !== undefined) throw new OsError("EEXIST", "symlink");
    if (place.isDirectoryOnly) throw new OsError("ENOENT", "symlink");
    if (target.length >= BLOCK_BYTES) throw new OsError("ENAMETOOLONG", "symlink");
    const { inodes, inodeAllocation, map, allocation, cache, geometry } = this.#parts;
    const number = inodeAllocation.takeForFile(place.directory.number);
    const inode = inodes.create(number, MODE_SYMLINK | 0o777, now);
    inode.links = 1;
    if (target.length <= FAST_SYMLINK_BYTES_MAX) {
      setBytes(new Uint8Array(inode.pointers.buffer), target);
    } else {
      const run = allocation.take(goalFor(inode, map, geometry), 1);
      map.assign(inode, 0, run);
      setBytes(cache.fresh(run.first).bytes, target);
    }
    inode.size = target.length;
    inodes.store(inode);
    this.#enter(place, inode, now);
    return 0;
  }

  /** Where a symbolic link points. */
  readTarget(link: Inode): string {
    const { map, cache } = this.#parts;
    let bytes = new Uint8Array(link.pointers.buffer);
    if (!isFastSymlink(link)) {
      const { first } = map.lookup(link, 0, 1);
      if (first === 0) throw new OsError("EUCLEAN", `symbolic link ${link.number}`);
      bytes = cache.get(first).bytes as Uint8Array<ArrayBuffer>;
    }
    if (link.size === 0 || link.size >= bytes.byteLength) {
      throw new OsError("EUCLEAN", `symbolic link ${link.number}`);
    }
    let target = "";
    for (let at = 0; at < link.size; at++) target += String.fromCharCode(bytes[at] ?? 0);
    return target;
  }

  /** Gives what stands at `source` another name. */
  link(source: Location, place: Location, now: DiskTime): number {
    const inode = existing(source);
    if (isDirectory(inode)) throw new OsError("EPERM", "link a directory");
    if (place.inode !== undefined) throw new OsError("EEXIST", "link");
    if (place.isDirectoryOnly) throw new OsError("ENOENT", "link");
    if (inode.links >= LINKS_MAX) throw new OsError("EMLINK", "link");
    inode.links++;
    inode.ctime = now;
    this.#parts.inodes.store(inode);
    this.#enter(place, inode, now);
    return 0;
  }

  /** Removes a name; answers its inode, stored with a link less. */
  unlink(place: Location, now: DiskTime): Inode {
    const inode = existing(place);
    if (isDirectory(inode)) throw new OsError("EISDIR", "unlink");
    const { directory, name } = place;
    this.#parts.directories.remove(directory, name);
    this.#touch(directory, now);
    return this.#loseLink(inode, now);
  }

  /** Removes an empty directory; answers its inode, stored without links. */
  rmdir(place: Location, now: DiskTime): Inode {
    const inode = existing(place);
    const { directory, name } = place;
    if (!isDirectory(inode)) throw new OsError("ENOTDIR", "rmdir");
    if (inode.number === ROOT_INODE) throw new OsError("EBUSY", "rmdir the root");
    if (name === ".") throw new OsError("EINVAL", "rmdir .");
    const { directories } = this.#parts;
    if (name === ".." || !directories.isEmpty(inode)) throw new OsError("ENOTEMPTY", "rmdir");
    directories.remove(directory, name);
    directory.links--;
    this.#touch(directory, now);
    return this.#loseLink(inode, now);
  }

  /**
   * Moves a name.
   *
   * @returns The inode that lost its name to the move, stored; `undefined` if there was none.
   */
  rename(source: Location, target: Location, now: DiskTime): Inode | undefined {
    const inode = existing(source);
    const victim = target.inode;
    this.#checkRename(source, target, inode);
    if (victim !== undefined && victim.number === inode.number) return undefined;
    const { inodes, directories } = this.#parts;
    const from = source.directory;
    // One inode, one object: otherwise the second store would undo the first.
    const to = target.directory.number === from.number ? from : target.directory;
    const movesDirectory = isDirectory(inode) && from !== to;
    const entry = { name: target.name, inode: inode.number, type: entryTypeOfMode(inode.mode) };
    if (victim === undefined) directories.insert(to, entry);
    else directories.replace(to, entry);
    directories.remove(from, source.name);
    if (victim !== undefined && isDirectory(victim)) to.links--;
    if (movesDirectory) {
      const type = ENTRY_TYPE.directory;
      directories.replace(inode, { name: "..", inode: to.number, type });
      from.links--;
      to.links++;
    }
    inode.ctime = now;
    inodes.store(inode);
    this.#touch(from, now);
    if (to !== from) this.#touch(to, now);
    return victim === undefined ? undefined : this.#loseLink(victim, now);
  }

  #checkRename(source: Location, target: Location, inode: Inode): void {
    const victim = target.inode;
    for (const name of [source.name, target.name]) {
      if (name === "." || name === "..") throw new OsError("EBUSY", `rename ${name}`);
    }
    if (isDirectory(inode)) {
      if (this.#isWithin(target.directory, inode.number)) {
        throw new OsError("EINVAL", "rename into itself");
      }
      if (victim === undefined || victim.number === inode.number) {
        const isSame = target.directory.number === source.directory.number;
        if (!isSame && target.directory.links >= LINKS_MAX) throw new OsError("EMLINK", "rename");
        return;
      }
      if (!isDirectory(victim)) throw new OsError("ENOTDIR", "rename over a file");
      if (!this.#parts.directories.isEmpty(victim)) throw new OsError("ENOTEMPTY", "rename");
      return;
    }
    if (source.isDirectoryOnly || target.isDirectoryOnly) throw new OsError("ENOTDIR", "rename");
    if (victim !== undefined && isDirectory(victim)) throw new OsError("EISDIR", "rename");
  }

  /** Whether a directory is `ancestor` or lies below it. */
  #isWithin(directory: Inode, ancestor: number): boolean {
    const { inodes, directories, geometry } = this.#parts;
    let current = directory;
    for (let depth = 0; depth < geometry.sizes.inodeCount; depth++) {
      if (current.number === ancestor) return true;
      if (current.number === ROOT_INODE) return false;
      current = inodes.load(directories.find(current, ".."));
      if (!isDirectory(current)) break;
    }
    throw new OsError("EUCLEAN", `parents of directory ${directory.number}`);
  }

  /** Lets the name at a place lead to an inode. */
  #enter(place: Location, inode: Inode, now: DiskTime): void {
    const { name, directory } = place;
    if (directory.links === 0) throw new OsError("ENOENT", "directory without a name");
    const type = entryTypeOfMode(inode.mode);
    this.#parts.directories.insert(directory, { name, inode: inode.number, type });
    this.#touch(directory, now);
  }

  #touch(directory: Inode, now: DiskTime): void {
    directory.mtime = now;
    directory.ctime = now;
    this.#parts.inodes.store(directory);
  }

  #loseLink(inode: Inode, now: DiskTime): Inode {
    // A directory has two links of its own making, and both go with its name.
    inode.links = isDirectory(inode) ? 0 : Math.max(0, inode.links - 1);
    inode.ctime = now;
    this.#parts.inodes.store(inode);
    return inode;
  }
}

/** Whether a symbolic link keeps its target in place of the block pointers. */
export function isFastSymlink(inode: Inode): boolean {
  const attributeSectors = inode.attributeBlock === 0 ? 0 : SECTORS_PER_BLOCK;
  return isSymlink(inode) && inode.sectors === attributeSectors;
}

/** What stands at a place, or `ENOENT`; `ENOTDIR` if the path asked for a directory in vain. */
export function existing(place: Location): Inode {
  if (place.inode === undefined) throw new OsError("ENOENT", "path");
  if (place.isDirectoryOnly && !isDirectory(place.inode)) throw new OsError("ENOTDIR", "path");
  return place.inode;
}

function setBytes(target: Uint8Array, text: string): void {
  for (let index = 0; index < text.length; index++) target[index] = text.charCodeAt(index);
}
