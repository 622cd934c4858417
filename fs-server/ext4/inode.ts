/**
 * Inodes: read from their block into an object, changed there, stored back. An operation loads what
 * it needs and forgets it at its end, so that a rollback leaves nothing behind in memory.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND, type CachedBlock } from "../disk/cached_block.ts";
import { MetadataChecksums } from "./checksums.ts";
import type { Geometry } from "./geometry.ts";
import {
  FLAG_HUGE,
  INODE,
  INODE_BYTES_MIN,
  MODE_BLOCK_DEVICE,
  MODE_CHARACTER_DEVICE,
  MODE_DIRECTORY,
  MODE_FILE,
  MODE_SYMLINK,
  MODE_TYPE,
  POINTERS_IN_INODE,
} from "./layouts/inode.ts";

const POINTER_WORD = INODE.pointers / 4;
const NO_TIME: DiskTime = { seconds: 0, extra: 0 };

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
  /** Units of 512 bytes on the disk, blocks of its map and of attributes included. */
  sectors: number;
  /** See `FLAG_INDEX` and its like. */
  flags: number;
  /** Last read. */
  atime: DiskTime;
  /** Last change of the data. */
  mtime: DiskTime;
  /** Last change of the inode. */
  ctime: DiskTime;
  /** When it was made; 0 where inodes have no room for that. */
  birthTime: DiskTime;
  /** Time of deletion, or the next orphan. */
  dtime: number;
  /** Tells two lives of one number apart. */
  generation: number;
  /** The block of extended attributes, or 0. */
  attributeBlock: number;
  /** Of a device: the low 8 bits of its minor, 12 bits of its major, the rest of its minor. */
  device: number;
  /** Bytes behind the first 128 that mean something, extended attributes not among them. */
  readonly extraBytes: number;
  /** Seeds the checksums of blocks that it owns: their `owner` in the cache. 0 without checksums. */
  readonly seed: number;
  /** Block pointers, or the root of a tree of extents, or the target of a short symbolic link. */
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

/** Whether it is a device. */
export function isDevice(inode: Inode): boolean {
  const type = inode.mode & MODE_TYPE;
  return type === MODE_CHARACTER_DEVICE || type === MODE_BLOCK_DEVICE;
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
  readonly #cache: Pick<BlockCache, "get" | "change">;
  readonly #geometry: Geometry;
  readonly #checksums: MetadataChecksums;
  // Where `#locate` arrived: the block, and which inode of it.
  #cached: CachedBlock | undefined;
  #bit = 0;

  readonly #loadPointers = (number: number, target: Uint32Array): void => {
    const first = (this.#locate(number) >>> 2) + POINTER_WORD;
    const { words } = this.#cached as CachedBlock;
    for (let index = 0; index < POINTERS_IN_INODE; index++) {
      target[index] = words[first + index] ?? 0;
    }
  };

  /** Works on the tables through `cache`. */
  constructor(cache: Pick<BlockCache, "get" | "change">, geometry: Geometry) {
    this.#cache = cache;
    this.#geometry = geometry;
    this.#checksums = new MetadataChecksums(geometry.sizes);
  }

  /**
   * Reads an inode, in use or not.
   *
   * @throws {OsError} `EUCLEAN` if there is no inode of that number, or it is damaged; `EBADMSG` if
   *   its checksum is wrong.
   */
  load(number: number): Inode {
    const at = this.#locate(number);
    const cached = this.#cached as CachedBlock;
    const { view, words } = cached;
    const generation = words[(at + INODE.generation) >>> 2] ?? 0;
    const seed = this.#checksums.inodeSeed(number, generation);
    this.#verify(number, at, seed);
    const inode = new StoredInode(number, generation, seed, this.#loadPointers);
    const mode = view.getUint16(at + INODE.mode, true);
    const extraBytes = this.#extraBytes(view, at);
    if (extraBytes < 0) throw damaged(number);
    inode.mode = mode;
    inode.flags = words[(at + INODE.flags) >>> 2] ?? 0;
    inode.extraBytes = extraBytes;
    inode.uid = view.getUint16(at + INODE.uid, true) +
      view.getUint16(at + INODE.uidHigh, true) * 65536;
    inode.gid = view.getUint16(at + INODE.gid, true) +
      view.getUint16(at + INODE.gidHigh, true) * 65536;
    inode.size = this.#size(number, at, mode);
    inode.links = view.getUint16(at + INODE.links, true);
    inode.sectors = this.#sectors(view, at, inode.flags);
    inode.dtime = words[(at + INODE.dtime) >>> 2] ?? 0;
    inode.attributeBlock = this.#attributeBlock(view, at);
    inode.atime = timeAt(view, at, extraBytes, ATIME);
    inode.mtime = timeAt(view, at, extraBytes, MTIME);
    inode.ctime = timeAt(view, at, extraBytes, CTIME);
    inode.birthTime = timeAt(view, at, extraBytes, BIRTH_TIME);
    if (isDevice(inode)) inode.device = deviceOf(inode.pointers);
    return inode;
  }

  /** Clears the space of an inode that was just taken, and gives it as an object to be filled. */
  create(number: number, mode: number, now: DiskTime): Inode {
    const at = this.#locate(number);
    const cached = this.#cached as CachedBlock;
    const { view } = cached;
    const { inodeBytes, extraBytes } = this.#geometry.sizes;
    const generation = (view.getUint32(at + INODE.generation, true) + 1) >>> 0;
    this.#cache.change(cached);
    cached.bytes.fill(0, at, at + inodeBytes);
    cached.mark |= this.#bit;
    if (extraBytes > 0) view.setUint16(at + INODE.extraBytes, extraBytes, true);
    const seed = this.#checksums.inodeSeed(number, generation);
    const inode = new StoredInode(number, generation, seed, () => {});
    inode.mode = mode;
    inode.extraBytes = extraBytes;
    inode.atime = now;
    inode.mtime = now;
    inode.ctime = now;
    inode.birthTime = now;
    return inode;
  }

  /**
   * Stores an inode back. Fields that Hako does not know keep their bytes; the checksum is made when
   * the block goes to the disk: the block's mark says of which inodes.
   *
   * @throws {OsError} `EFBIG` if the count of its blocks has no room.
   */
  store(inode: Inode): void {
    const at = this.#locate(inode.number);
    const cached = this.#cached as CachedBlock;
    const { view, words } = cached;
    this.#storeSectors(cached, at, inode);
    view.setUint16(at + INODE.mode, inode.mode, true);
    view.setUint16(at + INODE.uid, inode.uid & 0xffff, true);
    view.setUint16(at + INODE.uidHigh, inode.uid >>> 16, true);
    view.setUint16(at + INODE.gid, inode.gid & 0xffff, true);
    view.setUint16(at + INODE.gidHigh, inode.gid >>> 16, true);
    view.setUint32(at + INODE.sizeLow, inode.size >>> 0, true);
    if (this.#hasHighSize(inode.mode)) {
      view.setUint32(at + INODE.sizeHigh, Math.floor(inode.size / 2 ** 32), true);
    }
    view.setUint16(at + INODE.links, inode.links, true);
    view.setUint32(at + INODE.dtime, inode.dtime, true);
    view.setUint32(at + INODE.generation, inode.generation, true);
    view.setUint32(at + INODE.attributeBlock, inode.attributeBlock >>> 0, true);
    if (this.#geometry.features.has64Bit) {
      view.setUint16(
        at + INODE.attributeBlockHigh,
        Math.floor(inode.attributeBlock / 2 ** 32),
        true,
      );
    }
    if (isDevice(inode)) storeDevice(inode);
    this.#storePointers(words, (at >>> 2) + POINTER_WORD, inode);
    const extraBytes = this.#ensureExtra(cached, at);
    storeTime(view, at, extraBytes, ATIME, inode.atime);
    storeTime(view, at, extraBytes, MTIME, inode.mtime);
    storeTime(view, at, extraBytes, CTIME, inode.ctime);
    storeTime(view, at, extraBytes, BIRTH_TIME, inode.birthTime);
    cached.mark |= this.#bit;
  }

  /** The bytes of an inode behind all its fields; none in small inodes. */
  extraSpace(inode: Inode): Uint8Array {
    const at = this.#locate(inode.number);
    const { bytes, view } = this.#cached as CachedBlock;
    const { inodeBytes } = this.#geometry.sizes;
    const extraBytes = this.#extraBytes(view, at);
    if (extraBytes <= 0) return bytes.subarray(at, at);
    return bytes.subarray(at + INODE_BYTES_MIN + extraBytes, at + inodeBytes);
  }

  /** The first word of that space, 0 if there is none. Hot path. */
  firstExtraWord(inode: Inode): number {
    const at = this.#locate(inode.number);
    const { words, view } = this.#cached as CachedBlock;
    const { inodeBytes } = this.#geometry.sizes;
    const extraBytes = this.#extraBytes(view, at);
    if (extraBytes <= 0 || INODE_BYTES_MIN + extraBytes >= inodeBytes) return 0;
    return words[(at + INODE_BYTES_MIN + extraBytes) >>> 2] ?? 0;
  }

  /** The space itself to be changed; `store` must follow. */
  changeExtraSpace(inode: Inode): Uint8Array {
    const at = this.#locate(inode.number);
    const cached = this.#cached as CachedBlock;
    this.#cache.change(cached);
    if (this.#geometry.sizes.inodeBytes > INODE_BYTES_MIN) this.#ensureExtra(cached, at);
    return this.extraSpace(inode);
  }

  #storePointers(words: Uint32Array, first: number, inode: Inode): void {
    if (inode instanceof StoredInode && !inode.hasPointers) return;
    const { pointers } = inode;
    for (let index = 0; index < POINTERS_IN_INODE; index++) {
      words[first + index] = pointers[index] ?? 0;
    }
  }

  #verify(number: number, at: number, seed: number): void {
    const cached = this.#cached as CachedBlock;
    if ((cached.mark & this.#bit) !== 0) return;
    if (!this.#checksums.isInodeSound(cached, at, seed)) {
      throw new OsError("EBADMSG", `checksum of inode ${number}`);
    }
    cached.mark |= this.#bit;
  }

  #hasHighSize(mode: number): boolean {
    const type = mode & MODE_TYPE;
    return type === MODE_FILE || (type === MODE_DIRECTORY && this.#geometry.features.hasLargeDir);
  }

  #size(number: number, at: number, mode: number): number {
    const { view } = this.#cached as CachedBlock;
    const high = this.#hasHighSize(mode) ? view.getUint32(at + INODE.sizeHigh, true) : 0;
    if (high >= 2 ** 21) throw damaged(number);
    return view.getUint32(at + INODE.sizeLow, true) + high * 2 ** 32;
  }

  #attributeBlock(view: DataView, at: number): number {
    const { has64Bit } = this.#geometry.features;
    const high = has64Bit ? view.getUint16(at + INODE.attributeBlockHigh, true) : 0;
    return view.getUint32(at + INODE.attributeBlock, true) + high * 2 ** 32;
  }

  #sectors(view: DataView, at: number, flags: number): number {
    const low = view.getUint32(at + INODE.sectors, true);
    const { sizes, features } = this.#geometry;
    if (!features.hasHugeFile) return low;
    const count = low + view.getUint16(at + INODE.sectorsHigh, true) * 2 ** 32;
    return (flags & FLAG_HUGE) !== 0 ? count * (sizes.blockBytes / 512) : count;
  }

  /** Stores flags and sectors, or throws before anything was changed. */
  #storeSectors(cached: CachedBlock, at: number, inode: Inode): void {
    const { sizes, features } = this.#geometry;
    let { sectors } = inode;
    let flags = inode.flags & ~FLAG_HUGE;
    if (sectors >= 2 ** 32 && !features.hasHugeFile) {
      throw new OsError("EFBIG", `blocks of inode ${inode.number}`);
    }
    if (sectors >= 2 ** 48) {
      flags |= FLAG_HUGE;
      sectors /= sizes.blockBytes / 512;
    }
    this.#cache.change(cached);
    cached.view.setUint32(at + INODE.flags, flags, true);
    cached.view.setUint32(at + INODE.sectors, sectors >>> 0, true);
    if (!features.hasHugeFile) return;
    cached.view.setUint16(at + INODE.sectorsHigh, Math.floor(sectors / 2 ** 32), true);
  }

  /** Bytes behind the first 128 that mean something; -1 if there are not so many. */
  #extraBytes(view: DataView, at: number): number {
    const { inodeBytes } = this.#geometry.sizes;
    if (inodeBytes === INODE_BYTES_MIN) return 0;
    const extra = view.getUint16(at + INODE.extraBytes, true);
    return extra <= inodeBytes - INODE_BYTES_MIN && (extra & 3) === 0 ? extra : -1;
  }

  /** The same; where none meant anything, as ext3 made them, they do from now on. */
  #ensureExtra(cached: CachedBlock, at: number): number {
    const extra = this.#extraBytes(cached.view, at);
    const { extraBytes, inodeBytes } = this.#geometry.sizes;
    if (extra > 0 || inodeBytes === INODE_BYTES_MIN) return extra;
    cached.bytes.fill(0, at + INODE_BYTES_MIN, at + inodeBytes);
    cached.view.setUint16(at + INODE.extraBytes, extraBytes, true);
    return extraBytes;
  }

  /** Puts the inode's block into `#cached` and answers its byte offset there. */
  #locate(number: number): number {
    const { inodeCount, inodesPerGroup, inodesPerBlock, inodeBytes } = this.#geometry.sizes;
    if (!(number >= 1 && number <= inodeCount)) throw damaged(number);
    const group = this.#geometry.groupOfInode(number);
    const index = (number - 1) % inodesPerGroup;
    const place = index % inodesPerBlock;
    const block = this.#geometry.inodeTable(group) + (index - place) / inodesPerBlock;
    this.#cached = this.#cache.get(block, BLOCK_KIND.inodeTable, number - place);
    this.#bit = 1 << place;
    return place * inodeBytes;
  }
}

/** Pointers of inodes are cut from this: a typed array with memory of its own costs much more. */
let slab = new Uint32Array(0);
let slabUsed = 0;

function cutPointers(): Uint32Array {
  if (slabUsed + POINTERS_IN_INODE > slab.length) {
    slab = new Uint32Array(1024 * POINTERS_IN_INODE);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += POINTERS_IN_INODE;
  return new Uint32Array(slab.buffer, start * 4, POINTERS_IN_INODE);
}

/** An inode whose pointers are read when they are first asked for. */
class StoredInode implements Inode {
  mode = 0;
  uid = 0;
  gid = 0;
  size = 0;
  links = 0;
  sectors = 0;
  flags = 0;
  atime = NO_TIME;
  mtime = NO_TIME;
  ctime = NO_TIME;
  birthTime = NO_TIME;
  dtime = 0;
  attributeBlock = 0;
  device = 0;
  extraBytes = 0;
  readonly #load: (number: number, target: Uint32Array) => void;
  #pointers: Uint32Array | undefined;

  constructor(
    readonly number: number,
    public generation: number,
    readonly seed: number,
    load: (number: number, target: Uint32Array) => void,
  ) {
    this.#load = load;
  }

  get hasPointers(): boolean {
    return this.#pointers !== undefined;
  }

  get pointers(): Uint32Array {
    if (this.#pointers !== undefined) return this.#pointers;
    const pointers = cutPointers();
    this.#load(this.number, pointers);
    this.#pointers = pointers;
    return pointers;
  }
}

/** Where a time lies. */
interface TimePlace {
  readonly seconds: number;
  readonly extra: number;
}

const ATIME: TimePlace = { seconds: INODE.atime, extra: INODE.atimeExtra };
const MTIME: TimePlace = { seconds: INODE.mtime, extra: INODE.mtimeExtra };
const CTIME: TimePlace = { seconds: INODE.ctime, extra: INODE.ctimeExtra };
const BIRTH_TIME: TimePlace = { seconds: INODE.birthTime, extra: INODE.birthTimeExtra };

function timeAt(view: DataView, at: number, extraBytes: number, place: TimePlace): DiskTime {
  const end = INODE_BYTES_MIN + extraBytes;
  if (place.seconds + 4 > end) return NO_TIME;
  const extra = place.extra + 4 <= end ? view.getUint32(at + place.extra, true) : 0;
  return { seconds: view.getInt32(at + place.seconds, true), extra };
}

function storeTime(
  view: DataView,
  at: number,
  extraBytes: number,
  place: TimePlace,
  time: DiskTime,
): void {
  const end = INODE_BYTES_MIN + extraBytes;
  if (place.seconds + 4 <= end) view.setInt32(at + place.seconds, time.seconds, true);
  if (place.extra + 4 <= end) view.setUint32(at + place.extra, time.extra, true);
}

function deviceOf(pointers: Uint32Array): number {
  // Majors and minors below 256 stand in the first pointer, as they did in 1993.
  const old = pointers[0] ?? 0;
  return old !== 0 ? old & 0xffff : pointers[1] ?? 0;
}

function storeDevice(inode: Inode): void {
  const isOld = inode.device < 65536;
  inode.pointers[0] = isOld ? inode.device : 0;
  inode.pointers[1] = isOld ? 0 : inode.device;
  inode.pointers[2] = 0;
}

function damaged(number: number): OsError {
  return new OsError("EUCLEAN", `inode ${number}`);
}
