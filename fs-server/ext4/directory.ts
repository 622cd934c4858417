/**
 * Directories: names that lead to inodes, in a hash tree or in blocks of records without order.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { CachedBlock } from "../disk/cached_block.ts";
import {
  EntryName,
  findEntry,
  inodeAt,
  isDots,
  type LeafRules,
  nameAt,
  recordBytesAt,
  removeEntry,
  writeEntry,
} from "./dir_leaf.ts";
import { LinearDirectories } from "./dir_linear.ts";
import { DirectoryLists, type RoomBehind } from "./dir_list.ts";
import { DirectoryBlocks, type DirectoryParts } from "./directory_blocks.ts";
import { HashTree } from "./hash_tree.ts";
import type { Inode } from "./inode.ts";
import { DIR_ENTRY, dirEntryBytes, ENTRY_TYPE } from "./layouts/dir_entry.ts";
import { FLAG_INDEX } from "./layouts/inode.ts";

/** What a new record shall say. */
export interface NewEntry {
  /** The name, one char for each byte. */
  readonly name: string;
  /** The inode, not 0. */
  readonly inode: number;
  /** One of `ENTRY_TYPE`. */
  readonly type: number;
}

const DOT = new EntryName().set(".");
const DOT_DOT = new EntryName().set("..");

/** The directories of a file system. A changed directory's inode is changed in memory, not stored. */
export class Directories {
  readonly #parts: DirectoryParts;
  readonly #blocks: DirectoryBlocks;
  readonly #tree: HashTree;
  readonly #lists: DirectoryLists;
  readonly #linear: LinearDirectories;
  readonly #name = new EntryName();
  readonly #rules: LeafRules;
  readonly #rootRules: LeafRules;
  // Where in its block `#locate` or `#eachName` found a name.
  #offset = 0;

  /** Works on directory blocks through the cache. */
  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    this.#blocks = new DirectoryBlocks(parts);
    this.#tree = new HashTree(this.#blocks);
    this.#linear = new LinearDirectories(this.#blocks);
    this.#lists = new DirectoryLists(this.#blocks, this.#tree);
    this.#rules = this.#blocks.rules;
    this.#rootRules = { ...this.#rules, end: this.#rules.blockBytes };
  }

  /** What the running operation changed will stay. */
  committed(): void {
    this.#linear.committed();
  }

  /** Forgets what it knows by heart of directories that the running operation changed. */
  rolledBack(): void {
    this.#linear.rolledBack();
  }

  /** Whether the directory has a hash tree that is kept up. */
  isTree(directory: Inode): boolean {
    return this.#blocks.isTree(directory);
  }

  /** Forgets one directory: it was removed. */
  forget(directory: number): void {
    this.#linear.forget(directory);
  }

  /** The inode of a name, or 0. */
  find(directory: Inode, name: string): number {
    return this.#inodeOf(directory, this.#name.set(name));
  }

  /** The inode of the name in `bytes` from `start` to `end`, or 0. Hot path. */
  findBytes(directory: Inode, bytes: Uint8Array, start: number, end: number): number {
    return this.#inodeOf(directory, this.#name.setBytes(bytes, start, end));
  }

  /**
   * Adds a name that is not there yet.
   *
   * @throws {OsError} `ENOSPC` if the directory must grow and cannot.
   */
  insert(directory: Inode, entry: NewEntry): void {
    const name = this.#name.set(entry.name);
    const leads = { inode: entry.inode, type: this.#typeOf(entry.type) };
    if (!this.#blocks.isTree(directory)) {
      directory.flags &= ~FLAG_INDEX;
      const isFull = this.#blocks.makesTrees &&
        this.#linear.isFullBlock(directory, dirEntryBytes(name.byteLength));
      if (!isFull || !this.#tree.begin(directory)) {
        return this.#linear.insert(directory, name, leads);
      }
    }
    this.#tree.insert(directory, name, leads);
  }

  /** Removes a name that is there. */
  remove(directory: Inode, name: string): void {
    const cached = this.#require(directory, name);
    this.#parts.cache.change(cached);
    removeEntry(cached, this.#offset, this.#rules);
    if (this.#blocks.isTree(directory)) return;
    directory.flags &= ~FLAG_INDEX;
    this.#linear.removed(directory, name);
  }

  /** Lets a name that is there lead to another inode. */
  replace(directory: Inode, entry: NewEntry): void {
    const cached = this.#require(directory, entry.name);
    this.#parts.cache.change(cached);
    cached.view.setUint32(this.#offset + DIR_ENTRY.inode, entry.inode, true);
    cached.view.setUint8(this.#offset + DIR_ENTRY.type, this.#typeOf(entry.type));
    if (!this.#blocks.isTree(directory)) directory.flags &= ~FLAG_INDEX;
  }

  /** Gives a new directory its first block, with `.` and `..`. */
  begin(directory: Inode, parent: number): void {
    this.#parts.map.begin(directory);
    const cached = this.#blocks.appendLeaf(directory);
    const type = this.#typeOf(ENTRY_TYPE.directory);
    const dotBytes = dirEntryBytes(1);
    const self = { inode: directory.number, type };
    writeEntry(cached, { offset: 0, recordBytes: dotBytes }, DOT, self);
    const place = { offset: dotBytes, recordBytes: this.#rules.end - dotBytes };
    writeEntry(cached, place, DOT_DOT, { inode: parent, type });
  }

  /** Whether it holds no names but `.` and `..`. */
  isEmpty(directory: Inode): boolean {
    return this.#eachName(directory, () => true) === undefined;
  }

  /** A name of the directory that leads to an inode, one char for each byte. */
  nameOf(directory: Inode, inode: number): string | undefined {
    const found = this.#eachName(directory, (leaf, offset) => inodeAt(leaf, offset) === inode);
    return found === undefined ? undefined : nameAt(found, this.#offset);
  }

  /**
   * Packs entries into `target` as `layouts/dir_entry.ts` has them.
   *
   * @param cookie Where to go on: 0, or the `nextCookie` of an entry.
   * @param room What is left free behind each entry; nothing if left out.
   * @returns Bytes packed; 0 at the end.
   * @throws {OsError} `EINVAL` if `target` is too small for the next entry.
   */
  list(directory: Inode, cookie: number, target: Uint8Array, room?: RoomBehind): number {
    return this.#lists.list(directory, cookie, target, room);
  }

  /** The first leaf that has a name for which `test` holds, at `#offset`; `.` and `..` are none. */
  #eachName(
    directory: Inode,
    test: (leaf: CachedBlock, offset: number) => boolean,
  ): CachedBlock | undefined {
    const isTree = this.#blocks.isTree(directory);
    const count = this.#blocks.count(directory);
    let leaf = isTree ? this.#tree.seek(directory, 0) : this.#blocks.leaf(directory, 0);
    for (let visit = 1;; visit++) {
      for (let offset = 0; offset < this.#rules.end;) {
        const recordBytes = recordBytesAt(leaf, offset, this.#rules);
        if (inodeAt(leaf, offset) !== 0 && !isDots(leaf, offset) && test(leaf, offset)) {
          this.#offset = offset;
          return leaf;
        }
        offset += recordBytes;
      }
      if (isTree ? this.#tree.next(directory) === -1 : visit === count) return undefined;
      leaf = isTree ? this.#tree.current(directory) : this.#blocks.leaf(directory, visit);
    }
  }

  #typeOf(type: number): number {
    return this.#blocks.sizes.features.hasFileType ? type : 0;
  }

  #inodeOf(directory: Inode, name: EntryName): number {
    const cached = this.#locate(directory, name);
    return cached === undefined ? 0 : inodeAt(cached, this.#offset);
  }

  #require(directory: Inode, name: string): CachedBlock {
    const cached = this.#locate(directory, this.#name.set(name));
    if (cached === undefined) throw new OsError("EUCLEAN", `directory ${directory.number}`);
    return cached;
  }

  /** The block in which a name stands, at `#offset`. */
  #locate(directory: Inode, name: EntryName): CachedBlock | undefined {
    const isTree = this.#blocks.isTree(directory);
    if (isTree && isDotName(name)) {
      const root = this.#blocks.node(directory, 0);
      this.#offset = findEntry(root, name, this.#rootRules);
      return this.#offset < 0 ? undefined : root;
    }
    const where = isTree ? this.#tree : this.#linear;
    if (!where.find(directory, name)) return undefined;
    this.#offset = where.offset;
    return where.leaf;
  }
}

function isDotName(name: EntryName): boolean {
  if (name.byteLength > 2 || name.bytes[0] !== 0x2e) return false;
  return name.byteLength === 1 || name.bytes[1] === 0x2e;
}
