/**
 * The operations on names: make, remove, move, link. Each checks everything first and changes
 * afterwards, in cached blocks; the caller commits or rolls back.
 *
 * Source of the order of checks: Linux `fs/namei.c` and `fs/ext4/namei.c`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { ExtendedAttributes } from "../ext4/attributes.ts";
import type { Directories } from "../ext4/directory.ts";
import type { FileMap } from "../ext4/file_map.ts";
import type { Geometry } from "../ext4/geometry.ts";
import { type DiskTime, type Inode, type InodeTable, isDirectory } from "../ext4/inode.ts";
import type { InodeAllocation } from "../ext4/inode_allocation.ts";
import { ENTRY_TYPE, entryTypeOfMode } from "../ext4/layouts/dir_entry.ts";
import {
  MODE_DIRECTORY,
  MODE_FILE,
  MODE_PERMISSIONS,
  MODE_SYMLINK,
  MODE_TYPE,
  ROOT_INODE,
} from "../ext4/layouts/inode.ts";
import type { Symlinks } from "../ext4/symlink.ts";
import { ACCESS, RENAME } from "../protocol.ts";
import type { NameCache } from "./name_cache.ts";
import { checkName, type Location } from "./path.ts";
import {
  check,
  checkAdd,
  checkRemove,
  type Credential,
  inherit,
  isAppendOnly,
  isImmutable,
  isUnchecked,
} from "./permissions.ts";

/** Most names of an inode, as ext4 has it. A directory with a hash tree may have more. */
export const LINKS_MAX = 65_000;

/** `links` of a directory that has more directories in it than are counted. */
const LINKS_UNCOUNTED = 1;

/** Bits of a mode that a umask can take away. */
const MODE_UMASK = 0o777;

const TYPES_MADE: readonly number[] = [MODE_FILE, 0o010000, 0o020000, 0o060000, 0o140000];
const TYPES_DEVICE: readonly number[] = [0o020000, 0o060000];

/** The permissions of what is made. */
export interface Permissions {
  /** What is asked for; of a node also its type. */
  readonly mode: number;
  /** What is not given, unless the directory has a default access control list. */
  readonly umask: number;
}

/** What names stand on. */
export interface NamesParts {
  readonly geometry: Geometry;
  readonly map: FileMap;
  readonly inodes: InodeTable;
  readonly inodeAllocation: InodeAllocation;
  readonly directories: Directories;
  readonly symlinks: Symlinks;
  readonly nameCache: NameCache;
  readonly xattrs: Pick<ExtendedAttributes, "inherit" | "accessList">;
}

/** Names in directories. */
export class Names {
  readonly #parts: NamesParts;

  /** Works on directories and inodes through the cache. */
  constructor(parts: NamesParts) {
    this.#parts = parts;
  }

  /** What the running operation changed will stay. */
  committed(): void {
    this.#parts.nameCache.committed();
    this.#parts.directories.committed();
  }

  /** Forgets what is known by heart of what the running operation changed. */
  rolledBack(): void {
    this.#parts.nameCache.rolledBack();
    this.#parts.directories.rolledBack();
  }

  /** Makes an empty file at a place where nothing stands. */
  createFile(
    place: Location,
    { mode, umask }: Permissions,
    now: DiskTime,
    as: Credential,
  ): Inode {
    if (place.isDirectoryOnly) throw new OsError("EISDIR", "create");
    checkAdd(place.directory, as, this.#parts.xattrs);
    const whole = { mode: MODE_FILE | (mode & MODE_PERMISSIONS), umask };
    const inode = this.#begin(place, whole, now, as);
    this.#parts.map.begin(inode);
    this.#finish(place, inode, now);
    return inode;
  }

  /**
   * Makes a file, a device, a fifo or a socket.
   *
   * @param node Type and permissions, of which no type is a file's; and the number of a device.
   */
  mknod(
    place: Location,
    { mode, umask, device }: Permissions & { readonly device: number },
    now: DiskTime,
    as: Credential,
  ): Inode {
    const type = checkNode(mode);
    checkFree(place, "file");
    checkAdd(place.directory, as, this.#parts.xattrs);
    const isDevice = TYPES_DEVICE.includes(type);
    // A character device 0 marks what a layer of an overlay hides; anybody may make it.
    const isWhiteout = type === TYPES_DEVICE[0] && device === 0;
    if (isDevice && !isWhiteout && !isUnchecked(as)) throw new OsError("EPERM", "mknod");
    const whole = { mode: type | (mode & MODE_PERMISSIONS), umask };
    const inode = this.#begin(place, whole, now, as);
    if (type === MODE_FILE) this.#parts.map.begin(inode);
    if (isDevice) inode.device = device;
    this.#finish(place, inode, now);
    return inode;
  }

  /** Makes a directory. */
  mkdir(place: Location, { mode, umask }: Permissions, now: DiskTime, as: Credential): Inode {
    const { directory } = place;
    checkFree(place, "directory");
    checkAdd(directory, as, this.#parts.xattrs);
    this.#checkCount(directory);
    const { inodeAllocation, directories, nameCache } = this.#parts;
    const number = inodeAllocation.takeForDirectory(directory.number);
    const inode = this.#make(number, MODE_DIRECTORY | (mode & 0o1777), now);
    this.#inherit(inode, directory, umask, as);
    inode.links = 2;
    directories.begin(inode, directory.number);
    nameCache.set(number, "..", directory.number);
    this.#gain(directory);
    this.#finish(place, inode, now);
    return inode;
  }

  /** Makes a symbolic link; `target` has a char for each byte. */
  symlink(target: string, place: Location, now: DiskTime, as: Credential): Inode {
    checkFree(place, "file");
    checkAdd(place.directory, as, this.#parts.xattrs);
    if (target.length > this.#parts.symlinks.bytesMax) throw new OsError("ENAMETOOLONG", "symlink");
    const inode = this.#begin(place, { mode: MODE_SYMLINK | 0o777, umask: 0 }, now, as);
    this.#parts.symlinks.write(inode, target);
    this.#finish(place, inode, now);
    return inode;
  }

  /** Gives what `inode` is another name. */
  link(inode: Inode, place: Location, now: DiskTime, as: Credential): void {
    checkFree(place, "file");
    checkAdd(place.directory, as, this.#parts.xattrs);
    const isFixed = isAppendOnly(inode) || isImmutable(inode);
    if (isFixed || isDirectory(inode)) throw new OsError("EPERM", "link");
    if (inode.links === 0) throw new OsError("ENOENT", "link a file without a name");
    if (inode.links >= LINKS_MAX) throw new OsError("EMLINK", "link");
    inode.links++;
    inode.ctime = now;
    this.#finish(place, inode, now);
  }

  /** Removes a name; answers its inode, stored with a link less. */
  unlink(place: Location, now: DiskTime, as: Credential): Inode {
    const { directory, inode, name, kind } = place;
    if (kind !== "name") throw new OsError("EISDIR", "unlink");
    checkName(place);
    if (inode === undefined) throw new OsError("ENOENT", "unlink");
    if (place.isDirectoryOnly) {
      throw new OsError(isDirectory(inode) ? "EISDIR" : "ENOTDIR", "unlink");
    }
    checkRemove(directory, inode, as, this.#parts.xattrs);
    if (isDirectory(inode)) throw new OsError("EISDIR", "unlink");
    this.#remove(directory, name);
    this.#touch(directory, now);
    return this.#loseLink(inode, now);
  }

  /** Removes an empty directory; answers its inode, stored without links. */
  rmdir(place: Location, now: DiskTime, as: Credential): Inode {
    const { directory, inode, name, kind } = place;
    if (kind === "dotdot") throw new OsError("ENOTEMPTY", "rmdir ..");
    if (kind === "dot") throw new OsError("EINVAL", "rmdir .");
    if (kind === "root" || inode?.number === ROOT_INODE) throw new OsError("EBUSY", "rmdir");
    checkName(place);
    if (inode === undefined) throw new OsError("ENOENT", "rmdir");
    checkRemove(directory, inode, as, this.#parts.xattrs);
    if (!isDirectory(inode)) throw new OsError("ENOTDIR", "rmdir");
    const { directories } = this.#parts;
    if (!directories.isEmpty(inode)) throw new OsError("ENOTEMPTY", "rmdir");
    this.#remove(directory, name);
    this.#lose(directory);
    this.#touch(directory, now);
    return this.#loseLink(inode, now);
  }

  /**
   * Moves a name; flags as `RENAME` has them.
   *
   * @returns The inode that lost its name to the move, stored; `undefined` if there was none.
   */
  rename(
    source: Location,
    target: Location,
    flags: number,
    now: DiskTime,
    as: Credential,
  ): Inode | undefined {
    const isExchange = (flags & RENAME.exchange) !== 0;
    const inode = this.#checkRename(source, target, flags);
    const victim = target.inode;
    if (victim !== undefined && victim.number === inode.number) return undefined;
    const from = source.directory;
    // One inode, one object: otherwise the second store would undo the first.
    const to = target.directory.number === from.number ? from : target.directory;
    const isAcross = from !== to;
    checkRemove(from, inode, as, this.#parts.xattrs);
    if (victim === undefined) checkAdd(to, as, this.#parts.xattrs);
    else this.#checkVictim(to, victim, as, isExchange ? undefined : inode);
    // A directory that gets another parent is changed itself.
    if (isAcross && isDirectory(inode)) check(inode, ACCESS.write, as, this.#parts.xattrs);
    const back = isExchange ? victim : undefined;
    if (isAcross && back !== undefined && isDirectory(back)) {
      check(back, ACCESS.write, as, this.#parts.xattrs);
    }
    if (victim !== undefined && !isExchange && isDirectory(victim)) {
      if (!this.#parts.directories.isEmpty(victim)) throw new OsError("ENOTEMPTY", "rename");
    }
    if (isAcross) this.#checkCounts(from, to, inode, back, victim);
    if (victim === undefined) this.#insert(to, target.name, inode);
    else this.#replace(to, target.name, inode);
    if (isExchange && victim !== undefined) this.#replace(from, source.name, victim);
    else this.#remove(from, source.name);
    if (isAcross) this.#adopt(inode, from, to);
    if (victim !== undefined && isDirectory(victim)) {
      if (!isExchange) this.#lose(to);
      else if (isAcross) this.#adopt(victim, to, from);
    }
    this.#change(inode, now);
    this.#touch(from, now);
    if (isAcross) this.#touch(to, now);
    if (victim === undefined) return undefined;
    if (!isExchange) return this.#loseLink(victim, now);
    this.#change(victim, now);
    return undefined;
  }

  /** What does not depend on who asks; answers what is moved. */
  #checkRename(source: Location, target: Location, flags: number): Inode {
    const { inode } = source;
    const victim = target.inode;
    const isExchange = (flags & RENAME.exchange) !== 0;
    if (source.kind !== "name") throw new OsError("EBUSY", `rename ${source.name}`);
    if (target.kind !== "name") {
      const isKept = (flags & RENAME.noReplace) !== 0;
      throw new OsError(isKept ? "EEXIST" : "EBUSY", `rename to ${target.name}`);
    }
    checkName(source);
    if (inode === undefined) throw new OsError("ENOENT", "rename");
    checkName(target);
    if ((flags & RENAME.noReplace) !== 0 && victim !== undefined) {
      throw new OsError("EEXIST", "rename");
    }
    if (isExchange) {
      if (victim === undefined) throw new OsError("ENOENT", "exchange");
      if (target.isDirectoryOnly && !isDirectory(victim)) throw new OsError("ENOTDIR", "exchange");
    }
    if (!isDirectory(inode)) {
      const isWrong = source.isDirectoryOnly || (!isExchange && target.isDirectoryOnly);
      if (isWrong) throw new OsError("ENOTDIR", "rename");
    } else if (this.#isWithin(target.directory, inode.number)) {
      throw new OsError("EINVAL", "rename into itself");
    }
    if (victim !== undefined && isDirectory(victim)) {
      if (this.#isWithin(source.directory, victim.number)) {
        throw new OsError(isExchange ? "EINVAL" : "ENOTEMPTY", "rename over what it is in");
      }
    }
    return inode;
  }

  /** Checks what stands at the target; `mover` takes its place, unless the two change places. */
  #checkVictim(to: Inode, victim: Inode, as: Credential, mover: Inode | undefined): void {
    checkRemove(to, victim, as, this.#parts.xattrs);
    if (mover === undefined) return;
    if (!isDirectory(mover)) {
      if (isDirectory(victim)) throw new OsError("EISDIR", "rename over a directory");
      return;
    }
    if (!isDirectory(victim)) throw new OsError("ENOTDIR", "rename over a file");
  }

  /** Checks that both directories can count what comes to them from the other. */
  #checkCounts(
    from: Inode,
    to: Inode,
    inode: Inode,
    back: Inode | undefined,
    victim: Inode | undefined,
  ): void {
    const leaves = victim !== undefined && isDirectory(victim);
    if (isDirectory(inode) && !leaves) this.#checkCount(to);
    if (back !== undefined && isDirectory(back) && !isDirectory(inode)) this.#checkCount(from);
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

  /** Lets what has moved know its directory, if it is one itself. */
  #adopt(inode: Inode, from: Inode, to: Inode): void {
    if (!isDirectory(inode)) return;
    const { directories, nameCache } = this.#parts;
    const type = ENTRY_TYPE.directory;
    directories.replace(inode, { name: "..", inode: to.number, type });
    nameCache.set(inode.number, "..", to.number);
    this.#lose(from);
    this.#gain(to);
  }

  #begin(place: Location, { mode, umask }: Permissions, now: DiskTime, as: Credential): Inode {
    const number = this.#parts.inodeAllocation.takeForFile(place.directory.number);
    const inode = this.#make(number, mode, now);
    this.#inherit(inode, place.directory, umask, as);
    inode.links = 1;
    return inode;
  }

  /** Gives a new inode its owner, and permissions as the directory has them for what is made. */
  #inherit(inode: Inode, directory: Inode, umask: number, as: Credential): void {
    inherit(inode, directory, as);
    const hasList = this.#parts.xattrs.inherit(directory, inode);
    if (!hasList) inode.mode &= ~(umask & MODE_UMASK);
  }

  #make(number: number, mode: number, now: DiskTime): Inode {
    return this.#parts.inodes.create(number, mode, now);
  }

  /** Stores an inode and lets the name at a place lead to it. */
  #finish(place: Location, inode: Inode, now: DiskTime): void {
    this.#parts.inodes.store(inode);
    this.#insert(place.directory, place.name, inode);
    this.#touch(place.directory, now);
  }

  #insert(directory: Inode, name: string, inode: Inode): void {
    const { directories, nameCache } = this.#parts;
    const type = entryTypeOfMode(inode.mode);
    directories.insert(directory, { name, inode: inode.number, type });
    nameCache.set(directory.number, name, inode.number);
  }

  #replace(directory: Inode, name: string, inode: Inode): void {
    const { directories, nameCache } = this.#parts;
    const type = entryTypeOfMode(inode.mode);
    directories.replace(directory, { name, inode: inode.number, type });
    nameCache.set(directory.number, name, inode.number);
  }

  #remove(directory: Inode, name: string): void {
    this.#parts.directories.remove(directory, name);
    this.#parts.nameCache.set(directory.number, name, 0);
  }

  /** Throws `EMLINK` if a directory can count no more directories in it. */
  #checkCount(directory: Inode): void {
    if (directory.links >= LINKS_MAX && !this.#isUncountable(directory)) {
      throw new OsError("EMLINK", "directory");
    }
  }

  #isUncountable(directory: Inode): boolean {
    const { geometry, directories } = this.#parts;
    return geometry.sizes.features.hasDirNlink && directories.isTree(directory);
  }

  /** Counts a directory more in a directory, or no more at all. */
  #gain(directory: Inode): void {
    if (directory.links === LINKS_UNCOUNTED) return;
    directory.links++;
    if (directory.links > LINKS_MAX) directory.links = LINKS_UNCOUNTED;
  }

  /** Counts a directory less in a directory. */
  #lose(directory: Inode): void {
    if (directory.links > 2) directory.links--;
  }

  #touch(directory: Inode, now: DiskTime): void {
    directory.mtime = now;
    this.#change(directory, now);
  }

  #change(inode: Inode, now: DiskTime): void {
    inode.ctime = now;
    this.#parts.inodes.store(inode);
  }

  #loseLink(inode: Inode, now: DiskTime): Inode {
    // A directory has two links of its own making, and both go with its name.
    inode.links = isDirectory(inode) ? 0 : Math.max(0, inode.links - 1);
    this.#change(inode, now);
    return inode;
  }
}

/**
 * Checks that `mknod` makes what a mode says, wherever that is; answers its type.
 *
 * @throws {OsError} `EPERM` a directory; `EINVAL` a symbolic link, or nothing that there is.
 */
export function checkNode(mode: number): number {
  const type = (mode & MODE_TYPE) === 0 ? MODE_FILE : mode & MODE_TYPE;
  if (type === MODE_DIRECTORY) throw new OsError("EPERM", "mknod");
  if (!TYPES_MADE.includes(type)) throw new OsError("EINVAL", `mknod ${type.toString(8)}`);
  return type;
}

/** Checks that something may be made at a place: nothing stands there, and no slash lies about it. */
function checkFree(place: Location, made: "file" | "directory"): void {
  if (place.inode !== undefined || place.kind !== "name") throw new OsError("EEXIST", place.name);
  checkName(place);
  if (made === "file" && place.isDirectoryOnly) throw new OsError("ENOENT", "no directory");
}
