/**
 * Directories: names that lead to inodes, in blocks of records without order.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockAllocation } from "./block_allocation.ts";
import type { BlockCache, CachedBlock } from "../disk/block_cache.ts";
import type { BlockMap } from "./block_map.ts";
import {
  clearDirBlock,
  hasName,
  inodeAt,
  insertEntry,
  nameAt,
  type NewEntry,
  recordBytesAt,
  removeEntry,
  roomIn,
  writeEntry,
} from "./dir_block.ts";
import { type DirIndex, DirIndexes, INDEXED_NAMES_MAX } from "./dir_index.ts";
import { BLOCK_BYTES } from "../disk/disk.ts";
import type { Geometry } from "./geometry.ts";
import type { Inode } from "./inode.ts";
import {
  DIR_ENTRY,
  dirEntryBytes,
  ENTRY_TYPE,
  LISTED_ENTRY,
  listedEntryBytes,
} from "./layouts/dir_entry.ts";
import { FLAG_INDEX } from "./layouts/inode.ts";

/** Most bytes of a directory: a cookie has 32 bits. */
const DIRECTORY_BYTES_MAX = 2 ** 32 - BLOCK_BYTES;

/** What a directory stands on. */
export interface DirectoryParts {
  readonly cache: BlockCache;
  readonly geometry: Geometry;
  readonly allocation: BlockAllocation;
  readonly map: BlockMap;
}

/** The directories of a file system. A changed directory's inode is changed in memory, not stored. */
export class Directories {
  readonly #parts: DirectoryParts;
  readonly #inodeCount: number;
  readonly #indexes = new DirIndexes();

  /** Works on directory blocks through the cache. */
  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    this.#inodeCount = parts.geometry.sizes.inodeCount;
  }

  /** Forgets what it knows by heart: an operation was rolled back. */
  forgetIndexes(): void {
    this.#indexes.clear();
  }

  /** Forgets one directory: it was removed. */
  forget(directory: number): void {
    this.#indexes.delete(directory);
  }

  /** The inode of a name, or 0. */
  find(directory: Inode, name: string): number {
    const position = this.#position(directory, name);
    if (position < 0) return 0;
    return inodeAt(this.#block(directory, position), position % BLOCK_BYTES);
  }

  /**
   * Adds a name that is not there yet.
   *
   * @throws {OsError} `ENOSPC` if the directory must grow and cannot.
   */
  insert(directory: Inode, entry: NewEntry): void {
    const needed = dirEntryBytes(entry.name.length);
    const index = this.#index(directory);
    const block = this.#blockWithRoom(directory, index, needed);
    const cached = block < 0 ? this.#append(directory, index) : this.#block(directory, block);
    const base = block < 0 ? directory.size - BLOCK_BYTES : block;
    this.#parts.cache.change(cached);
    const stored = { ...entry, type: this.#parts.geometry.sizes.hasTypes ? entry.type : 0 };
    const offset = insertEntry(cached, stored, this.#inodeCount);
    if (offset < 0) throw new OsError("EUCLEAN", `directory ${directory.number}`);
    this.#touch(directory, index, base, cached);
    this.#indexes.addName(directory.number, entry.name, base + offset);
  }

  /** Removes a name that is there. */
  remove(directory: Inode, name: string): void {
    const position = this.#position(directory, name);
    if (position < 0) throw new OsError("EUCLEAN", `directory ${directory.number}`);
    const cached = this.#block(directory, position);
    this.#parts.cache.change(cached);
    removeEntry(cached, position % BLOCK_BYTES, this.#inodeCount);
    this.#touch(directory, this.#index(directory), position - position % BLOCK_BYTES, cached);
    this.#indexes.deleteName(directory.number, name);
  }

  /** Lets a name that is there lead to another inode. */
  replace(directory: Inode, entry: NewEntry): void {
    const position = this.#position(directory, entry.name);
    if (position < 0) throw new OsError("EUCLEAN", `directory ${directory.number}`);
    const { cache, geometry } = this.#parts;
    const cached = this.#block(directory, position);
    const offset = position % BLOCK_BYTES;
    cache.change(cached);
    cached.view.setUint32(offset + DIR_ENTRY.inode, entry.inode, true);
    cached.view.setUint8(offset + DIR_ENTRY.type, geometry.sizes.hasTypes ? entry.type : 0);
    directory.flags &= ~FLAG_INDEX;
  }

  /** Gives a new directory its first block, with `.` and `..`. */
  begin(directory: Inode, parent: number): void {
    const cached = this.#append(directory, undefined);
    const type = this.#parts.geometry.sizes.hasTypes ? ENTRY_TYPE.directory : 0;
    const dotBytes = dirEntryBytes(1);
    writeEntry(cached, 0, dotBytes, { name: ".", inode: directory.number, type });
    const rest = BLOCK_BYTES - dotBytes;
    writeEntry(cached, dotBytes, rest, { name: "..", inode: parent, type });
  }

  /** Whether it holds no names but `.` and `..`. */
  isEmpty(directory: Inode): boolean {
    for (let base = 0; base < this.#size(directory); base += BLOCK_BYTES) {
      const cached = this.#block(directory, base);
      for (let offset = 0; offset < BLOCK_BYTES;) {
        const recordBytes = recordBytesAt(cached, offset, this.#inodeCount);
        if (inodeAt(cached, offset) !== 0) {
          if (!hasName(cached, offset, ".") && !hasName(cached, offset, "..")) return false;
        }
        offset += recordBytes;
      }
    }
    return true;
  }

  /**
   * Packs entries into `target` as `layouts/dir_entry.ts` has them.
   *
   * @param cookie Where to go on: 0, or the `nextCookie` of an entry.
   * @returns Bytes packed; 0 at the end.
   * @throws {OsError} `EINVAL` if `target` is too small for the next entry.
   */
  list(directory: Inode, cookie: number, target: Uint8Array): number {
    const out = new DataView(target.buffer, target.byteOffset, target.byteLength);
    let packed = 0;
    for (let base = cookie - cookie % BLOCK_BYTES; base < this.#size(directory);) {
      const cached = this.#block(directory, base);
      for (let offset = 0; offset < BLOCK_BYTES;) {
        const recordBytes = recordBytesAt(cached, offset, this.#inodeCount);
        const next = base + offset + recordBytes;
        // Entries never move, but the record at the cookie may be part of its neighbour by now.
        if (base + offset >= cookie && inodeAt(cached, offset) !== 0) {
          const nameBytes = cached.view.getUint8(offset + DIR_ENTRY.nameBytes);
          const byteLength = listedEntryBytes(nameBytes);
          if (byteLength > target.byteLength - packed) {
            if (packed === 0) throw new OsError("EINVAL", "list a directory into so few bytes");
            return packed;
          }
          out.setUint32(packed + LISTED_ENTRY.inode, inodeAt(cached, offset), true);
          out.setUint32(packed + LISTED_ENTRY.nextCookie, next, true);
          out.setUint8(packed + LISTED_ENTRY.type, this.#typeAt(cached, offset));
          out.setUint8(packed + LISTED_ENTRY.nameBytes, nameBytes);
          const nameOffset = offset + DIR_ENTRY.name;
          const name = cached.bytes.subarray(nameOffset, nameOffset + nameBytes);
          target.fill(0, packed + LISTED_ENTRY.name, packed + byteLength);
          target.set(name, packed + LISTED_ENTRY.name);
          packed += byteLength;
        }
        offset += recordBytes;
      }
      base += BLOCK_BYTES;
    }
    return packed;
  }

  #typeAt(cached: CachedBlock, offset: number): number {
    if (!this.#parts.geometry.sizes.hasTypes) return ENTRY_TYPE.unknown;
    const type = cached.view.getUint8(offset + DIR_ENTRY.type);
    return type <= ENTRY_TYPE.symlink ? type : ENTRY_TYPE.unknown;
  }

  /** The size, checked. */
  #size(directory: Inode): number {
    const { size } = directory;
    const blocks = size / BLOCK_BYTES;
    if (size === 0 || size % BLOCK_BYTES !== 0 || blocks > this.#parts.geometry.sizes.blockCount) {
      throw new OsError("EUCLEAN", `size of directory ${directory.number}`);
    }
    return size;
  }

  /** The block at a byte position. */
  #block(directory: Inode, position: number): CachedBlock {
    const { map, cache } = this.#parts;
    const { first } = map.lookup(directory, Math.floor(position / BLOCK_BYTES), 1);
    if (first === 0) throw new OsError("EUCLEAN", `hole in directory ${directory.number}`);
    return cache.get(first);
  }

  /** The byte position of a name, or -1. */
  #position(directory: Inode, name: string): number {
    const index = this.#index(directory);
    if (index !== undefined) {
      const position = index.positions.get(name);
      if (position === undefined) return -1;
      const cached = this.#block(directory, position);
      recordBytesAt(cached, position % BLOCK_BYTES, this.#inodeCount);
      if (hasName(cached, position % BLOCK_BYTES, name)) return position;
      throw new OsError("EUCLEAN", `directory ${directory.number}`);
    }
    for (let base = 0; base < this.#size(directory); base += BLOCK_BYTES) {
      const cached = this.#block(directory, base);
      for (let offset = 0; offset < BLOCK_BYTES;) {
        const recordBytes = recordBytesAt(cached, offset, this.#inodeCount);
        if (inodeAt(cached, offset) !== 0 && hasName(cached, offset, name)) return base + offset;
        offset += recordBytes;
      }
    }
    return -1;
  }

  /** The index, made if need be; none for a directory with too many names. */
  #index(directory: Inode): DirIndex | undefined {
    const known = this.#indexes.get(directory.number);
    if (known !== undefined) return known;
    const size = this.#size(directory);
    if (size / dirEntryBytes(16) > INDEXED_NAMES_MAX) return undefined;
    const index: DirIndex = { positions: new Map(), rooms: [] };
    for (let base = 0; base < size; base += BLOCK_BYTES) {
      const cached = this.#block(directory, base);
      for (let offset = 0; offset < BLOCK_BYTES;) {
        const recordBytes = recordBytesAt(cached, offset, this.#inodeCount);
        if (inodeAt(cached, offset) !== 0) {
          const name = nameAt(cached, offset);
          if (!index.positions.has(name)) index.positions.set(name, base + offset);
        }
        offset += recordBytes;
      }
      index.rooms.push(roomIn(cached, this.#inodeCount));
      if (index.positions.size > INDEXED_NAMES_MAX) return undefined;
    }
    this.#indexes.add(directory.number, index);
    return index;
  }

  /** The byte position of a block with room, or -1. */
  #blockWithRoom(directory: Inode, index: DirIndex | undefined, needed: number): number {
    if (index !== undefined) {
      const { rooms } = index;
      for (let block = 0; block < rooms.length; block++) {
        if ((rooms[block] as number) >= needed) return block * BLOCK_BYTES;
      }
      return -1;
    }
    for (let base = 0; base < this.#size(directory); base += BLOCK_BYTES) {
      if (roomIn(this.#block(directory, base), this.#inodeCount) >= needed) return base;
    }
    return -1;
  }

  /** After a change of one block: what it has room for now, and no hash tree any more. */
  #touch(directory: Inode, index: DirIndex | undefined, base: number, cached: CachedBlock): void {
    directory.flags &= ~FLAG_INDEX;
    if (index !== undefined) index.rooms[base / BLOCK_BYTES] = roomIn(cached, this.#inodeCount);
  }

  /** Adds an empty block at the end. */
  #append(directory: Inode, index: DirIndex | undefined): CachedBlock {
    const { map, cache, allocation, geometry } = this.#parts;
    if (directory.size >= DIRECTORY_BYTES_MAX) throw new OsError("ENOSPC", "grow a directory");
    const fileBlock = directory.size / BLOCK_BYTES;
    const run = allocation.take(goalFor(directory, map, geometry), 1);
    map.assign(directory, fileBlock, run);
    const cached = cache.fresh(run.first);
    clearDirBlock(cached);
    directory.size += BLOCK_BYTES;
    if (index !== undefined) index.rooms.push(BLOCK_BYTES);
    return cached;
  }
}

/** Where the next block of a file should be: behind its last, or in the group of its inode. */
export function goalFor(inode: Inode, map: BlockMap, geometry: Geometry): number {
  const blocks = Math.ceil(inode.size / BLOCK_BYTES);
  if (blocks > 0) {
    const { first } = map.lookup(inode, blocks - 1, 1);
    if (first !== 0) return first + 1;
  }
  const { inodesPerGroup, blocksPerGroup } = geometry.sizes;
  return Math.floor((inode.number - 1) / inodesPerGroup) * blocksPerGroup;
}
