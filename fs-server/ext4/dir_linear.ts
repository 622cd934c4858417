/**
 * Directories without a hash tree: names in blocks of records without order. Those of many blocks
 * get an index in memory.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { CachedBlock } from "../disk/cached_block.ts";
import { type DirIndex, DirIndexes, INDEXED_NAMES_MAX } from "./dir_index.ts";
import {
  type EntryName,
  findEntry,
  hasName,
  inodeAt,
  insertEntry,
  type Leads,
  nameAt,
  recordBytesAt,
  roomIn,
} from "./dir_leaf.ts";
import type { DirectoryBlocks } from "./directory_blocks.ts";
import type { Inode } from "./inode.ts";
import { dirEntryBytes } from "./layouts/dir_entry.ts";

/** The directories without trees. */
export class LinearDirectories {
  /** Where `find` found a name: the leaf ... */
  leaf: CachedBlock | undefined;
  /** ... and the byte offset in it. */
  offset = 0;
  readonly #blocks: DirectoryBlocks;
  readonly #indexes = new DirIndexes();
  #leafIndex = 0;

  /** Works on blocks of directories. */
  constructor(blocks: DirectoryBlocks) {
    this.#blocks = blocks;
  }

  /** What the running operation changed will stay. */
  committed(): void {
    this.#indexes.committed();
  }

  /** Forgets what the running operation changed. */
  rolledBack(): void {
    this.#indexes.rolledBack();
  }

  /** Forgets one directory. */
  forget(directory: number): void {
    this.#indexes.delete(directory);
  }

  /** Finds a name; `leaf` and `offset` tell where. */
  find(directory: Inode, name: EntryName): boolean {
    const count = this.#blocks.count(directory);
    const index = count === 1 ? undefined : this.#index(directory);
    if (index !== undefined) return this.#findByIndex(directory, name, index);
    for (let block = 0; block < count; block++) {
      const leaf = this.#blocks.leaf(directory, block);
      const offset = findEntry(leaf, name, this.#blocks.rules);
      if (offset < 0) continue;
      this.leaf = leaf;
      this.offset = offset;
      this.#leafIndex = block;
      return true;
    }
    return false;
  }

  /** Adds a name that is not there yet. */
  insert(directory: Inode, name: EntryName, leads: Leads): void {
    const { blockBytes } = this.#blocks.rules;
    const index = this.#blocks.count(directory) === 1 ? undefined : this.#index(directory);
    let block = this.#blockWithRoom(directory, index, dirEntryBytes(name.byteLength));
    let leaf: CachedBlock;
    if (block < 0) {
      leaf = this.#blocks.appendLeaf(directory);
      block = this.#blocks.count(directory) - 1;
    } else {
      leaf = this.#blocks.leaf(directory, block);
      this.#blocks.change(leaf);
    }
    const offset = insertEntry(leaf, name, leads, this.#blocks.rules);
    if (offset < 0) throw damaged(directory);
    if (index === undefined) return;
    index.rooms[block] = roomIn(leaf, this.#blocks.rules);
    this.#indexes.addName(directory.number, nameAt(leaf, offset), block * blockBytes + offset);
  }

  /** Notes that the name that `find` found was removed. */
  removed(directory: Inode, name: string): void {
    const index = this.#indexes.change(directory.number);
    if (index === undefined) return;
    index.rooms[this.#leafIndex] = roomIn(this.leaf as CachedBlock, this.#blocks.rules);
    this.#indexes.deleteName(directory.number, name);
  }

  /** Whether the directory is one block without room for an entry. */
  isFullBlock(directory: Inode, needed: number): boolean {
    if (this.#blocks.count(directory) > 1) return false;
    return roomIn(this.#blocks.leaf(directory, 0), this.#blocks.rules) < needed;
  }

  #findByIndex(directory: Inode, name: EntryName, index: DirIndex): boolean {
    const { rules } = this.#blocks;
    const position = index.positions.get(textOf(name));
    if (position === undefined) return false;
    const offset = position % rules.blockBytes;
    this.#leafIndex = (position - offset) / rules.blockBytes;
    const leaf = this.#blocks.leaf(directory, this.#leafIndex);
    recordBytesAt(leaf, offset, rules);
    if (!hasName(leaf, offset, name)) throw damaged(directory);
    this.leaf = leaf;
    this.offset = offset;
    return true;
  }

  /** The index, made if need be; none for a directory with too many names. */
  #index(directory: Inode): DirIndex | undefined {
    const known = this.#indexes.get(directory.number);
    if (known !== undefined) return known;
    const { rules } = this.#blocks;
    if (directory.size / dirEntryBytes(16) > INDEXED_NAMES_MAX) return undefined;
    const count = this.#blocks.count(directory);
    const index: DirIndex = { positions: new Map(), rooms: [] };
    for (let block = 0; block < count; block++) {
      const leaf = this.#blocks.leaf(directory, block);
      for (let offset = 0; offset < rules.end;) {
        const recordBytes = recordBytesAt(leaf, offset, rules);
        if (inodeAt(leaf, offset) !== 0) {
          const name = nameAt(leaf, offset);
          const position = block * rules.blockBytes + offset;
          if (!index.positions.has(name)) index.positions.set(name, position);
        }
        offset += recordBytes;
      }
      index.rooms.push(roomIn(leaf, rules));
      if (index.positions.size > INDEXED_NAMES_MAX) return undefined;
    }
    this.#indexes.add(directory.number, index);
    return index;
  }

  /** The first block with room, or -1. */
  #blockWithRoom(directory: Inode, index: DirIndex | undefined, needed: number): number {
    if (index !== undefined) {
      const { rooms } = index;
      for (let block = 0; block < rooms.length; block++) {
        if ((rooms[block] as number) >= needed) return block;
      }
      return -1;
    }
    const count = this.#blocks.count(directory);
    for (let block = 0; block < count; block++) {
      const leaf = this.#blocks.leaf(directory, block);
      if (roomIn(leaf, this.#blocks.rules) >= needed) return block;
    }
    return -1;
  }
}

function textOf(name: EntryName): string {
  return String.fromCharCode.apply(
    null,
    name.bytes.subarray(0, name.byteLength) as unknown as number[],
  );
}

function damaged(directory: Inode): OsError {
  return new OsError("EUCLEAN", `directory ${directory.number}`);
}
