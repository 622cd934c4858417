/**
 * The file system: every operation as a step from one consistent disk to the next.
 *
 * ```
 * seen before? --yes--> finish what is left, answer as before
 *      | no
 * check -> change cached blocks -> (data in place) -> ONE transaction with the request's tag -> keep
 *      \------ OsError: drop the changed blocks ------/
 * ```
 * Whoever dies between two steps leaves either nothing, or a transaction whose tag tells the
 * successor that only the last, idempotent step is left. Methods throw `OsError` for expected
 * failures; `requests.ts` turns them into negative numbers in one place.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { Accounts } from "../ext4/accounts.ts";
import { BlockAllocation } from "../ext4/block_allocation.ts";
import { BlockCache } from "../disk/block_cache.ts";
import { BlockMap } from "../ext4/block_map.ts";
import type { DeathPoint, TransactionStep } from "./death_points.ts";
import { Directories } from "../ext4/directory.ts";
import { BLOCK_BYTES, type Disk, NO_REQUEST, type RequestTag } from "../disk/disk.ts";
import { BOUNCE_BLOCKS, FileData } from "../ext4/file_data.ts";
import { Geometry, readSizes } from "../ext4/geometry.ts";
import {
  type DiskTime,
  type Inode,
  InodeTable,
  isDirectory,
  isSymlink,
  toDiskTime,
} from "../ext4/inode.ts";
import { InodeAllocation } from "../ext4/inode_allocation.ts";
import { MODE_PERMISSIONS } from "../ext4/layouts/inode.ts";
import { SUPERBLOCK as SB, SUPERBLOCK_BYTES, SUPERBLOCK_OFFSET } from "../ext4/layouts/superblock.ts";
import { existing, Names } from "./names.ts";
import { checkOpen } from "./open_check.ts";
import { OpenTable } from "./open_table.ts";
import { Orphans } from "../ext4/orphans.ts";
import { type LastLink, PathWalk } from "./path.ts";
import { ATTRIBUTES, OPEN } from "../protocol.ts";
import { Reclaim } from "../ext4/reclaim.ts";

/** What a file system is made of. */
export interface FileSystemParts {
  /** Where it lies. */
  readonly disk: Disk;
  /** Shared memory for blocks on their way: at least 80 blocks, better 2,048. */
  readonly window: Uint8Array;
  /** The keep `openFiles`: 33 KiB hold 1,000 open files. */
  readonly keep: Uint8Array;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** A named point at which a fault plan may end this incarnation. */
  readonly point: (name: DeathPoint) => void;
}

/** What `open` answers besides the handle. */
export interface Opened {
  /** Names the open file from now on. */
  readonly handle: number;
  /** The file. */
  readonly inode: Inode;
}

/** How full the file system is. */
export interface Usage {
  readonly blockCount: number;
  readonly blocksFree: number;
  readonly inodeCount: number;
  readonly inodesFree: number;
}

/** Attributes to be set; those left out stay. */
export interface AttributeChange {
  readonly which: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly atimeMs: number;
  readonly mtimeMs: number;
}

/** A mounted ext2 file system. */
export class Ext2FileSystem {
  readonly #parts: FileSystemParts;
  readonly #geometry: Geometry;
  readonly #cache: BlockCache;
  readonly #accounts: Accounts;
  readonly #allocation: BlockAllocation;
  readonly #map: BlockMap;
  readonly #inodes: InodeTable;
  readonly #directories: Directories;
  readonly #data: FileData;
  readonly #names: Names;
  readonly #orphans: Orphans;
  readonly #reclaim: Reclaim;
  readonly #paths: PathWalk;
  readonly #table: OpenTable;

  /**
   * Mounts, or takes over from an incarnation that died.
   *
   * @throws {OsError} What the disk answered, or why this is no file system for us.
   */
  constructor(parts: FileSystemParts) {
    const { disk, window, point } = parts;
    this.#parts = parts;
    const bounce = window.subarray(0, BOUNCE_BLOCKS * BLOCK_BYTES);
    const cache = new BlockCache(disk, window.subarray(bounce.byteLength));
    const first = cache.get(0).bytes;
    const superblock = first.slice(SUPERBLOCK_OFFSET, SUPERBLOCK_OFFSET + SUPERBLOCK_BYTES);
    const sizes = readSizes(new DataView(superblock.buffer), disk.blockCount);
    const geometry = new Geometry(sizes, (index) => cache.get(1 + index).view);
    const accounts = new Accounts(cache);
    const allocation = new BlockAllocation(disk, cache, geometry, accounts);
    const map = new BlockMap(cache, geometry, allocation);
    const inodes = new InodeTable(cache, geometry);
    const inodeAllocation = new InodeAllocation(cache, geometry, accounts);
    const directories = new Directories({ cache, geometry, allocation, map });
    const orphans = new Orphans(accounts, inodes);
    const all = { cache, geometry, accounts, allocation, map, inodes, inodeAllocation };
    this.#geometry = geometry;
    this.#cache = cache;
    this.#accounts = accounts;
    this.#allocation = allocation;
    this.#map = map;
    this.#inodes = inodes;
    this.#directories = directories;
    this.#orphans = orphans;
    this.#data = new FileData({ ...all, disk, bounce, point });
    this.#names = new Names({ ...all, directories });
    this.#reclaim = new Reclaim({ ...all, directories, orphans });
    const names = this.#names;
    this.#paths = new PathWalk(inodes, directories, (link) => names.readTarget(link));
    this.#table = new OpenTable(parts.keep, sizes.inodeCount);
    this.#begin();
  }

  /** Finds what stands at a path. */
  stat(path: string, lastLink: LastLink): Inode {
    return existing(this.#paths.locate(path, lastLink));
  }

  /** The inode of an open file. */
  statOpen(handle: number, badge: number): Inode {
    return this.#inodes.load(this.#table.inode(this.#table.index(handle, badge)));
  }

  /** Opens, and makes or cuts a file if the flags say so. */
  open(path: string, flags: number, mode: number, request: RequestTag): Opened {
    const made = this.#table.madeBy(request);
    if (made !== undefined) return { handle: made, inode: this.statOpen(made, request.badge) };
    this.#table.requireRoom();
    const inode = this.#prepareOpen(path, flags, mode, request);
    const handle = this.#table.open(inode.number, flags, request);
    this.#parts.point("fs.open.after-entry");
    return { handle, inode };
  }

  /** Closes a handle. */
  close(handle: number, request: RequestTag): number {
    if (this.#table.wasClosedBy(handle, request)) return 0;
    const index = this.#table.index(handle, request.badge);
    const number = this.#table.inode(index);
    if (this.#table.countOf(number) === 1 && this.#isOrphan(number)) {
      this.#freeOrphan(number, "close", request);
    }
    this.#parts.point("fs.close.before-free");
    this.#table.close(index, request);
    this.#parts.point("fs.close.after-free");
    return 0;
  }

  /** Reads from an open file into a client's window. */
  read(handle: number, offset: number, target: Uint8Array, badge: number): number {
    const index = this.#table.index(handle, badge);
    if ((this.#table.flags(index) & OPEN.accessMask) === OPEN.writeOnly) throw notOpenFor("read");
    const inode = this.#inodes.load(this.#table.inode(index));
    if (isDirectory(inode)) throw new OsError("EISDIR", "read");
    return this.#data.read(inode, offset, target);
  }

  /** Writes from a client's window to an open file; with `offset` undefined, at its end. */
  write(
    handle: number,
    offset: number | undefined,
    source: Uint8Array,
    request: RequestTag,
  ): number {
    return this.#change("write", request, () => {
      const index = this.#table.index(handle, request.badge);
      const flags = this.#table.flags(index);
      if ((flags & OPEN.accessMask) === OPEN.readOnly) throw notOpenFor("write");
      if (source.byteLength === 0) return 0;
      const inode = this.#inodes.load(this.#table.inode(index));
      const isAppend = offset === undefined || (flags & OPEN.append) !== 0;
      const count = this.#data.write(inode, isAppend ? inode.size : offset, source);
      this.#touch(inode);
      return count;
    });
  }

  /** Makes an open file longer or shorter. */
  truncate(handle: number, size: number, request: RequestTag): number {
    return this.#change("truncate", request, () => {
      const index = this.#table.index(handle, request.badge);
      const access = this.#table.flags(index) & OPEN.accessMask;
      if (access === OPEN.readOnly) throw new OsError("EINVAL", "truncate: not open for writing");
      this.#cut(this.#inodes.load(this.#table.inode(index)), size);
      return 0;
    });
  }

  /** Sets attributes of what stands at a path. */
  setAttributes(
    path: string,
    lastLink: LastLink,
    change: AttributeChange,
    request: RequestTag,
  ): number {
    return this.#change("setAttributes", request, () => {
      const inode = this.stat(path, lastLink);
      const { which } = change;
      if ((which & ~31) !== 0) throw new OsError("EINVAL", `set attributes ${which}`);
      if ((which & ATTRIBUTES.mode) !== 0) {
        inode.mode = (inode.mode & ~MODE_PERMISSIONS) | (change.mode & MODE_PERMISSIONS);
      }
      if ((which & ATTRIBUTES.uid) !== 0) inode.uid = change.uid;
      if ((which & ATTRIBUTES.gid) !== 0) inode.gid = change.gid;
      if ((which & ATTRIBUTES.atime) !== 0) inode.atime = givenTime(change.atimeMs);
      if ((which & ATTRIBUTES.mtime) !== 0) inode.mtime = givenTime(change.mtimeMs);
      inode.ctime = this.#now();
      this.#inodes.store(inode);
      return 0;
    });
  }

  /** Makes a directory. */
  mkdir(path: string, mode: number, request: RequestTag): number {
    return this.#change("mkdir", request, () => {
      return this.#names.mkdir(this.#paths.locate(path, "keep"), mode, this.#now());
    });
  }

  /** Removes an empty directory. */
  rmdir(path: string, request: RequestTag): number {
    return this.#removing("rmdir", request, () => {
      return this.#names.rmdir(this.#paths.locate(path, "keep"), this.#now());
    });
  }

  /** Removes a name that is no directory's. */
  unlink(path: string, request: RequestTag): number {
    return this.#removing("unlink", request, () => {
      return this.#names.unlink(this.#paths.locate(path, "keep"), this.#now());
    });
  }

  /** Moves a name. */
  rename(source: string, target: string, request: RequestTag): number {
    return this.#removing("rename", request, () => {
      const from = this.#paths.locate(source, "keep");
      existing(from);
      return this.#names.rename(from, this.#paths.locate(target, "keep"), this.#now());
    });
  }

  /** Gives a file another name. */
  link(source: string, target: string, request: RequestTag): number {
    return this.#change("link", request, () => {
      const from = this.#paths.locate(source, "keep");
      return this.#names.link(from, this.#paths.locate(target, "keep"), this.#now());
    });
  }

  /** Makes a symbolic link. */
  symlink(target: string, path: string, request: RequestTag): number {
    return this.#change("symlink", request, () => {
      return this.#names.symlink(target, this.#paths.locate(path, "keep"), this.#now());
    });
  }

  /** Where a symbolic link points. */
  readlink(path: string): string {
    const inode = this.stat(path, "keep");
    if (!isSymlink(inode)) throw new OsError("EINVAL", "readlink");
    return this.#names.readTarget(inode);
  }

  /** Packs names of an open directory into a client's window. */
  readdir(handle: number, cookie: number, target: Uint8Array, badge: number): number {
    const inode = this.statOpen(handle, badge);
    if (!isDirectory(inode)) throw new OsError("ENOTDIR", "readdir");
    return inode.links === 0 ? 0 : this.#directories.list(inode, cookie, target);
  }

  /** Returns when everything answered before would survive the death of the process. */
  sync(handle: number, badge: number): number {
    this.#table.index(handle, badge);
    this.#parts.point("fs.fsync.before-flush");
    this.#flush();
    this.#parts.point("fs.fsync.after-flush");
    return 0;
  }

  /** How full it is. */
  usage(): Usage {
    const { blockCount, inodeCount } = this.#geometry.sizes;
    const blocksFree = this.#accounts.superblock(SB.blocksFree);
    const inodesFree = this.#accounts.superblock(SB.inodesFree);
    return { blockCount, blocksFree, inodeCount, inodesFree };
  }

  /** Marks the file system as unmounted in order, and flushes. The last call. */
  halt(): void {
    for (const number of this.#orphans.list()) this.#freeOrphan(number, "orphan", NO_REQUEST);
    this.#accounts.setClean(true, this.#seconds());
    this.#commit("halt", NO_REQUEST, 0);
    this.#flush();
  }

  #begin(): void {
    const { disk } = this.#parts;
    if (this.#table.isInherited) {
      const tag = disk.lastTag();
      if (tag !== undefined && tag.badge !== NO_REQUEST.badge) this.#table.remember(tag);
      this.#flush();
    } else {
      // The tag of an earlier boot must be gone before ours can be mistaken for it.
      this.#accounts.setClean(false, this.#seconds());
      this.#commit("mount", NO_REQUEST, 0);
      this.#table.begin();
    }
    for (const number of this.#orphans.list()) {
      if (this.#table.countOf(number) === 0) this.#freeOrphan(number, "orphan", NO_REQUEST);
    }
  }

  /** Runs a change and commits it; or answers what it answered in an earlier life. */
  #change(step: TransactionStep, request: RequestTag, body: () => number): number {
    const known = this.#table.resultOf(request);
    if (known !== undefined) return known;
    return this.#undoOnError(() => {
      const result = body();
      this.#commit(step, request, result);
      return result;
    });
  }

  /** Runs an operation; if it cannot be done, leaves no trace of it. */
  #undoOnError<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof OsError) this.#rollback();
      throw error;
    }
  }

  /** A change by which an inode may lose its last name, and be freed or become an orphan. */
  #removing(step: TransactionStep, request: RequestTag, body: () => Inode | undefined): number {
    let left = 0;
    const result = this.#change(step, request, () => {
      const inode = body();
      if (inode === undefined || inode.links > 0) return 0;
      const isOpen = this.#table.countOf(inode.number) > 0;
      if (!isOpen && this.#reclaim.fitsOneTransaction(inode)) {
        if (this.#reclaim.free(inode, this.#seconds())) return 0;
        throw new OsError("EUCLEAN", `blocks of inode ${inode.number}`);
      }
      this.#orphans.add(inode);
      this.#inodes.store(inode);
      if (!isOpen) left = inode.number;
      return 0;
    });
    // With the same tag: until this is answered, its tag must stay the last one.
    if (left !== 0) this.#freeOrphan(left, "orphan", request);
    return result;
  }

  #commit(step: TransactionStep, request: RequestTag, result: number): void {
    this.#parts.point(`fs.${step}.before-transaction`);
    this.#cache.commit(request, result);
    this.#parts.point(`fs.${step}.after-transaction`);
  }

  #rollback(): void {
    this.#map.abandon();
    if (this.#cache.changedCount > 0) this.#directories.forgetIndexes();
    this.#cache.rollback();
  }

  #isOrphan(number: number): boolean {
    return this.#inodes.load(number).links === 0 && this.#orphans.list().includes(number);
  }

  /** Frees an orphan in as many transactions as it takes, all with the request's tag and 0. */
  #freeOrphan(number: number, step: TransactionStep, request: RequestTag): void {
    let isGone = false;
    while (!isGone) {
      isGone = this.#undoOnError(() => {
        const inode = this.#inodes.load(number);
        // A truncation that another system left half done: the name is still there.
        const isDone = inode.links > 0
          ? this.#finishTruncation(inode)
          : this.#reclaim.free(inode, this.#seconds());
        this.#commit(step, request, 0);
        return isDone;
      });
    }
  }

  #finishTruncation(inode: Inode): boolean {
    this.#orphans.remove(inode);
    inode.dtime = 0;
    this.#inodes.store(inode);
    return true;
  }

  /** Cuts or lengthens a file; all pieces but the last are committed here. */
  #cut(inode: Inode, size: number): void {
    while (!this.#data.truncate(inode, size)) {
      this.#touch(inode);
      this.#commit("truncate", NO_REQUEST, 0);
    }
    this.#touch(inode);
  }

  #prepareOpen(path: string, flags: number, mode: number, request: RequestTag): Inode {
    const isExclusive = (flags & OPEN.create) !== 0 && (flags & OPEN.exclusive) !== 0;
    const lastLink = isExclusive || (flags & OPEN.noFollow) !== 0 ? "keep" : "follow";
    const place = this.#paths.locate(path, lastLink);
    const known = this.#table.resultOf(request);
    // Made or cut in an earlier life; unless somebody else has removed it since.
    if (known !== undefined && place.inode?.number === known) return place.inode;
    checkOpen(place, flags);
    let { inode } = place;
    if (inode !== undefined && ((flags & OPEN.truncate) === 0 || inode.size === 0)) return inode;
    return this.#undoOnError(() => {
      if (inode === undefined) inode = this.#names.createFile(place, mode, this.#now());
      else this.#cut(inode, 0);
      this.#commit("open", request, inode.number);
      return inode;
    });
  }

  #touch(inode: Inode): void {
    const now = this.#now();
    inode.mtime = now;
    inode.ctime = now;
    this.#inodes.store(inode);
  }

  #flush(): void {
    this.#parts.disk.flush();
    this.#allocation.flushed();
  }

  #now(): DiskTime {
    return toDiskTime(this.#parts.nowMs());
  }

  #seconds(): number {
    return Math.floor(this.#parts.nowMs() / 1000) >>> 0;
  }
}

function givenTime(ms: number): DiskTime {
  if (!Number.isFinite(ms)) throw new OsError("EINVAL", "set a time");
  return toDiskTime(ms);
}

function notOpenFor(what: string): OsError {
  return new OsError("EBADF", `${what}: not open for that`);
}
