/**
 * Inodes: read from their block into an object, changed there, stored back. An operation loads what
 * it needs and forgets it at its end, so that a rollback leaves nothing behind in memory.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache, CachedBlock } from "../disk/block_cache.ts";
import { BLOCK_BYTES } from "../disk/disk.ts";
import type { Geometry } from "./geometry.ts";
import {
  EXTRA_BYTES,
  INODE,
  INODE_BYTES_MIN,
  MODE_DIRECTORY,
  MODE_FILE,
  MODE_SYMLINK,
  MODE_TYPE,
  POINTERS_IN_INODE,
} from "./layouts/inode.ts";

/** A time as the disk holds it: seconds, and a word of 2 bits of epoch and 30 of nanoseconds. */
export interface DiskTime {
  /** Signed 32-bit seconds since 1970. */
  readonly seconds: number;
  /** Epoch in the low 2 bits, nanoseconds above; 0 in small inodes. */
  readonly extra: number;
}

/** An inode in memory. */
export interface Inode {
  /** Its number. */
  readonly number: number;
  /** Type and permissions. */
  mode: number;
  /** Owner. */
  uid: number;
  /** Group. */
  gid: number;
  /** Bytes. */
  size: number;
  /** Names that point at it. */
  links: number;
  /** Units of 512 bytes on the disk, indirect blocks included. */
  sectors: number;
  /** See `FLAG_INDEX`. */
  flags: number;
  /** Last read, which Hako does not keep up. */
  atime: DiskTime;
  /** Last change of the data. */
  mtime: DiskTime;
  /** Last change of the inode. */
  ctime: DiskTime;
  /** Time of deletion, or the next orphan. */
  dtime: number;
  /** Tells two lives of one number apart. */
  generation: number;
  /** The block of extended attributes, or 0. */
  attributeBlock: number;
  /** Direct and indirect block pointers, or the target of a short symbolic link. */
  readonly pointers: Uint32Array;
}

/** Whether it is a regular file. */
export function isFile(inode: Inode): boolean {
  return (inode.mode & MODE_TYPE) === MODE_FILE;
}

/** Whether it is a directory. */
export function isDirectory(inode: Inode): boolean {
  return (inode.mode & MODE_TYPE) === MODE_DIRECTORY;
}

/** Whether it is a symbolic link. */
export function isSymlink(inode: Inode): boolean {
  return (inode.mode & MODE_TYPE) === MODE_SYMLINK;
}

/** A time in milliseconds since 1970 as the disk holds it. Times outside 1901..2446 are clamped. */
export function toDiskTime(ms: number): DiskTime {
  const clamped = Math.min(Math.max(ms, -(2 ** 31) * 1000), (2 ** 34 - 2 ** 31 - 1) * 1000);
  const whole = Math.floor(clamped / 1000);
  const nanoseconds = Math.min(Math.round((clamped - whole * 1000) * 1e6), 999_999_999);
  const epoch = Math.floor((whole + 2 ** 31) / 2 ** 32);
  return { seconds: whole | 0, extra: ((nanoseconds << 2) | epoch) >>> 0 };
}

/** A time of the disk in milliseconds since 1970. */
export function fromDiskTime(time: DiskTime): number {
  return (time.seconds + (time.extra & 3) * 2 ** 32) * 1000 + (time.extra >>> 2) / 1e6;
}

/** The tables of inodes. */
export class InodeTable {
  readonly #cache: BlockCache;
  readonly #geometry: Geometry;
  #cached: CachedBlock | undefined;

  /** Works on the tables through `cache`. */
  constructor(cache: BlockCache, geometry: Geometry) {
    this.#cache = cache;
    this.#geometry = geometry;
  }

  /**
   * Reads an inode, in use or not.
   *
   * @throws {OsError} `EUCLEAN` if there is no inode of that number.
   */
  load(number: number): Inode {
    const at = this.#locate(number);
    const view = (this.#cached as CachedBlock).view;
    const mode = view.getUint16(at + INODE.mode, true);
    const pointers = new Uint32Array(POINTERS_IN_INODE);
    for (let index = 0; index < POINTERS_IN_INODE; index++) {
      pointers[index] = view.getUint32(at + INODE.pointers + index * 4, true);
    }
    const isRegular = (mode & MODE_TYPE) === MODE_FILE;
    const sizeHigh = isRegular ? view.getUint32(at + INODE.sizeHigh, true) : 0;
    const extraBytes = this.#extraBytes(view, at);
    const time = (seconds: number, extra: number): DiskTime => ({
      seconds: view.getInt32(at + seconds, true),
      extra: extra + 4 <= INODE_BYTES_MIN + extraBytes ? view.getUint32(at + extra, true) : 0,
    });
    return {
      number,
      mode,
      uid: view.getUint16(at + INODE.uid, true) + view.getUint16(at + INODE.uidHigh, true) * 65536,
      gid: view.getUint16(at + INODE.gid, true) + view.getUint16(at + INODE.gidHigh, true) * 65536,
      size: view.getUint32(at + INODE.sizeLow, true) + sizeHigh * 2 ** 32,
      links: view.getUint16(at + INODE.links, true),
      sectors: view.getUint32(at + INODE.sectors, true),
      flags: view.getUint32(at + INODE.flags, true),
      atime: time(INODE.atime, INODE.atimeExtra),
      mtime: time(INODE.mtime, INODE.mtimeExtra),
      ctime: time(INODE.ctime, INODE.ctimeExtra),
      dtime: view.getUint32(at + INODE.dtime, true),
      generation: view.getUint32(at + INODE.generation, true),
      attributeBlock: view.getUint32(at + INODE.attributeBlock, true),
      pointers,
    };
  }

  /** Clears the space of an inode that was just taken, and gives it as an object to be filled. */
  create(number: number, mode: number, now: DiskTime): Inode {
    const generation = (this.load(number).generation + 1) >>> 0;
    const at = this.#locate(number);
    const cached = this.#cached as CachedBlock;
    this.#cache.change(cached);
    cached.bytes.fill(0, at, at + this.#geometry.sizes.inodeBytes);
    if (this.#geometry.sizes.inodeBytes >= INODE_BYTES_MIN + EXTRA_BYTES) {
      cached.view.setUint16(at + INODE.extraBytes, EXTRA_BYTES, true);
      cached.view.setInt32(at + INODE.birthTime, now.seconds, true);
      cached.view.setUint32(at + INODE.birthTimeExtra, now.extra, true);
    }
    return {
      number,
      mode,
      uid: 0,
      gid: 0,
      size: 0,
      links: 0,
      sectors: 0,
      flags: 0,
      atime: now,
      mtime: now,
      ctime: now,
      dtime: 0,
      generation,
      attributeBlock: 0,
      pointers: new Uint32Array(POINTERS_IN_INODE),
    };
  }

  /** Stores an inode back. Fields that Hako does not know keep their bytes. */
  store(inode: Inode): void {
    const at = this.#locate(inode.number);
    const cached = this.#cached as CachedBlock;
    const { view } = cached;
    this.#cache.change(cached);
    view.setUint16(at + INODE.mode, inode.mode, true);
    view.setUint16(at + INODE.uid, inode.uid & 0xffff, true);
    view.setUint16(at + INODE.uidHigh, inode.uid >>> 16, true);
    view.setUint16(at + INODE.gid, inode.gid & 0xffff, true);
    view.setUint16(at + INODE.gidHigh, inode.gid >>> 16, true);
    view.setUint32(at + INODE.sizeLow, inode.size >>> 0, true);
    if (isFile(inode)) view.setUint32(at + INODE.sizeHigh, Math.floor(inode.size / 2 ** 32), true);
    view.setUint16(at + INODE.links, inode.links, true);
    view.setUint32(at + INODE.sectors, inode.sectors, true);
    view.setUint32(at + INODE.flags, inode.flags, true);
    view.setUint32(at + INODE.dtime, inode.dtime, true);
    view.setUint32(at + INODE.generation, inode.generation, true);
    view.setUint32(at + INODE.attributeBlock, inode.attributeBlock, true);
    for (let index = 0; index < POINTERS_IN_INODE; index++) {
      view.setUint32(at + INODE.pointers + index * 4, inode.pointers[index] ?? 0, true);
    }
    this.#storeTimes(view, at, inode);
  }

  #storeTimes(view: DataView, at: number, inode: Inode): void {
    const end = INODE_BYTES_MIN + this.#extraBytes(view, at);
    view.setInt32(at + INODE.atime, inode.atime.seconds, true);
    view.setInt32(at + INODE.mtime, inode.mtime.seconds, true);
    view.setInt32(at + INODE.ctime, inode.ctime.seconds, true);
    if (end < INODE.atimeExtra + 4) return;
    view.setUint32(at + INODE.ctimeExtra, inode.ctime.extra, true);
    view.setUint32(at + INODE.mtimeExtra, inode.mtime.extra, true);
    view.setUint32(at + INODE.atimeExtra, inode.atime.extra, true);
  }

  /** Bytes behind the first 128 that mean something, never more than there are. */
  #extraBytes(view: DataView, at: number): number {
    const { inodeBytes } = this.#geometry.sizes;
    if (inodeBytes === INODE_BYTES_MIN) return 0;
    const extra = view.getUint16(at + INODE.extraBytes, true);
    return extra <= inodeBytes - INODE_BYTES_MIN ? extra : 0;
  }

  /** Puts the inode's block into `#cached` and answers its byte offset there. */
  #locate(number: number): number {
    const { inodeCount, inodesPerGroup, inodeBytes } = this.#geometry.sizes;
    if (number < 1 || number > inodeCount) throw new OsError("EUCLEAN", `inode ${number}`);
    const group = Math.floor((number - 1) / inodesPerGroup);
    const offset = ((number - 1) % inodesPerGroup) * inodeBytes;
    const index = Math.floor(offset / BLOCK_BYTES);
    this.#cached = this.#cache.get(this.#geometry.inodeTable(group) + index);
    return offset % BLOCK_BYTES;
  }
}
