/**
 * Hash trees of directories: from the hash of a name to the one leaf that may hold it.
 *
 * ```
 * root (block 0)        hashes < 3000 -> block 1     3000.. -> block 2     7000.. -> block 4
 * node (perhaps)                                     3000.. -> block 3     5000|1 -> block 5
 * leaf                                               names hashed 3000..5000, in no order
 * ```
 * Bit 0 of a bound tells that the leaf before it ends with names of the same hash. A leaf without
 * room is split at the middle of its bytes, a node without room at its middle entry; a full root
 * hands its entries down to a new node. Nothing is merged: a leaf that became empty fills again.
 *
 * Source: Linux `fs/ext4/namei.c`. Every node is checked when it is read: an image is input.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { CachedBlock } from "../disk/cached_block.ts";
import {
  type BlockView,
  EntryName,
  findEntry,
  freeBytesIn,
  inodeAt,
  insertEntry,
  isDots,
  type Leads,
  nameBytesAt,
  packRecords,
  recordBytesAt,
  writeEntry,
} from "./dir_leaf.ts";
import type { DirectoryBlocks } from "./directory_blocks.ts";
import type { Inode } from "./inode.ts";
import { DIR_ENTRY, dirEntryBytes } from "./layouts/dir_entry.ts";
import {
  HASH_BLOCK_MASK,
  HASH_ENTRY,
  HASH_ENTRY_BYTES,
  HASH_INFO_BYTES,
  HASH_NODE_ENTRIES,
  HASH_ROOT,
  hashEntriesMax,
} from "./layouts/hash_node.ts";
import { FLAG_INDEX } from "./layouts/inode.ts";
import type { NameHash } from "./name_hash.ts";
import { sortByHash } from "./hash_order.ts";

/** Nodes on the way to a leaf, the root included; one more with the feature large_dir. */
const DEPTH_MAX = 2;
/** An insertion makes room for itself by as many splits as a tree has levels; with some to spare. */
const SPLITS_MAX = 8;
/** Records of a block, at most. */
const RECORDS_MAX = 512;

const DOT = new EntryName().set(".");
const DOT_DOT = new EntryName().set("..");

/** Where a walk stands in one node. */
interface Level {
  /** The node, as a block of the directory. */
  block: number;
  /** Byte offset of its entries. */
  entries: number;
  /** How many there are. */
  count: number;
  /** How many there is room for. */
  limit: number;
  /** The one that the walk went through. */
  at: number;
}

/** The hash trees of a file system. One walk at a time. */
export class HashTree {
  /** Where `find` found a name: the leaf ... */
  leaf: CachedBlock | undefined;
  /** ... and the byte offset in it. */
  offset = 0;
  readonly #blocks: DirectoryBlocks;
  readonly #depthMax: number;
  readonly #levels: Level[] = [];
  readonly #scratch: BlockView;
  readonly #hashes = new Uint32Array(RECORDS_MAX);
  readonly #offsets = new Uint16Array(RECORDS_MAX);
  #depth = 0;
  #leafIndex = 0;
  #visits = 0;

  /** Works on blocks of directories. */
  constructor(blocks: DirectoryBlocks) {
    this.#blocks = blocks;
    this.#depthMax = DEPTH_MAX + (blocks.sizes.features.hasLargeDir ? 1 : 0);
    for (let depth = 0; depth < this.#depthMax; depth++) {
      this.#levels.push({ block: 0, entries: 0, count: 0, limit: 0, at: 0 });
    }
    const bytes = new Uint8Array(blocks.sizes.blockBytes);
    const { buffer } = bytes;
    this.#scratch = { bytes, words: new Uint32Array(buffer), view: new DataView(buffer) };
  }

  /** How the tree of a directory hashes names. */
  hashOf(directory: Inode): NameHash {
    const { view } = this.#blocks.node(directory, 0);
    return this.#blocks.hash(view.getUint8(HASH_ROOT.version));
  }

  /** Finds a name; `leaf` and `offset` tell where. Hot path. */
  find(directory: Inode, name: EntryName): boolean {
    const hash = this.hashOf(directory).of(name.bytes, 0, name.byteLength);
    let leaf = this.seek(directory, hash);
    while (true) {
      const offset = findEntry(leaf, name, this.#blocks.rules);
      if (offset >= 0) {
        this.leaf = leaf;
        this.offset = offset;
        return true;
      }
      // Only a leaf that goes on with the same hash may have it too.
      if (this.next(directory) !== hash + 1) return false;
      leaf = this.current(directory);
    }
  }

  /**
   * Adds a name that is not there yet.
   *
   * @throws {OsError} `ENOSPC` if the tree must grow and cannot.
   */
  insert(directory: Inode, name: EntryName, leads: Leads): void {
    const blocks = this.#blocks;
    const needed = dirEntryBytes(name.byteLength);
    const nameHash = this.hashOf(directory);
    const hash = nameHash.of(name.bytes, 0, name.byteLength);
    for (let split = 0; split < SPLITS_MAX; split++) {
      const leaf = this.seek(directory, hash);
      blocks.change(leaf);
      if (insertEntry(leaf, name, leads, blocks.rules) >= 0) return;
      const last = this.#levels[this.#depth - 1] as Level;
      if (freeBytesIn(leaf, blocks.rules) >= needed) this.#compact(leaf);
      else if (last.count < last.limit) this.#splitLeaf(directory, leaf, nameHash);
      else this.#makeRoomInNodes(directory);
    }
    throw damaged(directory);
  }

  /**
   * Makes a directory of one block a tree with one leaf. A directory whose `.` and `..` lie as
   * nobody writes them stays as it is.
   *
   * @returns Whether it is a tree now.
   */
  begin(directory: Inode): boolean {
    const blocks = this.#blocks;
    const old = blocks.leaf(directory, 0);
    const dotBytes = recordBytesAt(old, 0, blocks.rules);
    if (dotBytes !== HASH_ROOT.dotDot || !isDots(old, 0) || !isDots(old, dotBytes)) return false;
    const [self, parent] = [inodeAt(old, 0), inodeAt(old, dotBytes)];
    const type = old.bytes[DIR_ENTRY.type] as number;
    const first = dotBytes + recordBytesAt(old, dotBytes, blocks.rules);
    this.#scratch.bytes.set(old.bytes);
    const count = this.#collect(first);
    const leaf = blocks.appendLeaf(directory);
    packRecords(leaf, this.#scratch, this.#offsets.subarray(0, count), blocks.rules);
    const root = blocks.beginRoot(directory);
    const { blockBytes, nameHash } = blocks.sizes;
    const dotDotBytes = blockBytes - HASH_ROOT.dotDot;
    writeEntry(root, { offset: 0, recordBytes: dotBytes }, DOT, { inode: self, type });
    const place = { offset: dotBytes, recordBytes: dotDotBytes };
    writeEntry(root, place, DOT_DOT, { inode: parent, type });
    root.view.setUint8(HASH_ROOT.version, nameHash.version);
    root.view.setUint8(HASH_ROOT.infoBytes, HASH_INFO_BYTES);
    setBounds(root.view, HASH_ROOT.entries, this.#limit(HASH_ROOT.entries), 1);
    root.view.setUint32(HASH_ROOT.entries + HASH_ENTRY.block, 1, true);
    directory.flags |= FLAG_INDEX;
    return true;
  }

  /** Goes to the first leaf that may hold a hash. Hot path. */
  seek(directory: Inode, hash: number): CachedBlock {
    const levels = this.#levels;
    let block = 0;
    let depth = 0;
    this.#visits = this.#blocks.count(directory);
    do {
      const level = levels[depth] as Level;
      const node = this.#open(directory, depth, block);
      level.at = lastNotAbove(node.words, level, hash);
      block = this.#child(directory, node, level);
    } while (++depth < this.#depth);
    this.#leafIndex = block;
    return this.#blocks.leaf(directory, block);
  }

  /** Goes on to the next leaf; answers the bound at which it begins, or -1 behind the last. */
  next(directory: Inode): number {
    const levels = this.#levels;
    let depth = this.#depth - 1;
    let level = levels[depth] as Level;
    while (level.at + 1 >= level.count) {
      if (depth === 0) return -1;
      level = levels[--depth] as Level;
    }
    if (--this.#visits < 0) throw damaged(directory);
    level.at++;
    const node = this.#blocks.node(directory, level.block);
    const bound = node.words[(level.entries >> 2) + level.at * 2] as number;
    let block = this.#child(directory, node, level);
    for (depth++; depth < this.#depth; depth++) {
      const below = levels[depth] as Level;
      const lower = this.#open(directory, depth, block);
      below.at = 0;
      block = this.#child(directory, lower, below);
    }
    this.#leafIndex = block;
    return bound;
  }

  /** The leaf that `seek` or `next` went to. */
  current(directory: Inode): CachedBlock {
    return this.#blocks.leaf(directory, this.#leafIndex);
  }

  /** The number of that leaf in its directory. */
  get currentIndex(): number {
    return this.#leafIndex;
  }

  /** Reads and checks a node; a root also tells how deep the tree is. */
  #open(directory: Inode, depth: number, block: number): CachedBlock {
    const node = this.#blocks.node(directory, block);
    const { view } = node;
    const level = this.#levels[depth] as Level;
    if (depth === 0) this.#checkRoot(directory, view);
    level.block = block;
    level.entries = depth === 0 ? HASH_ROOT.entries : HASH_NODE_ENTRIES;
    level.limit = view.getUint16(level.entries + HASH_ENTRY.limit, true);
    level.count = view.getUint16(level.entries + HASH_ENTRY.count, true);
    if (level.limit !== this.#limit(level.entries)) throw damaged(directory);
    if (level.count === 0 || level.count > level.limit) throw damaged(directory);
    return node;
  }

  #checkRoot(directory: Inode, view: DataView): void {
    const depth = view.getUint8(HASH_ROOT.levels) + 1;
    if (depth > this.#depthMax) throw damaged(directory);
    if (view.getUint32(HASH_ROOT.reserved, true) !== 0) throw damaged(directory);
    if (view.getUint8(HASH_ROOT.infoBytes) !== HASH_INFO_BYTES) throw damaged(directory);
    if ((view.getUint8(HASH_ROOT.flags) & 1) !== 0) throw damaged(directory);
    this.#depth = depth;
  }

  #limit(entries: number): number {
    const { blockBytes, features } = this.#blocks.sizes;
    return hashEntriesMax(blockBytes, entries, features.hasChecksums);
  }

  /** The block that an entry leads to; never the root. */
  #child(directory: Inode, node: CachedBlock, level: Level): number {
    const word = node.words[(level.entries + HASH_ENTRY.block >> 2) + level.at * 2] as number;
    const block = word & HASH_BLOCK_MASK;
    const count = directory.size / this.#blocks.sizes.blockBytes;
    if (block === 0 || block >= count) throw damaged(directory);
    return block;
  }

  /** Moves the records of a leaf together, so that all that is free is one gap. */
  #compact(leaf: CachedBlock): void {
    this.#scratch.bytes.set(leaf.bytes);
    const count = this.#collect(0);
    packRecords(leaf, this.#scratch, this.#offsets.subarray(0, count), this.#blocks.rules);
  }

  /** Notes where the records of `#scratch` lie, from `start` on; answers how many. */
  #collect(start: number): number {
    const { rules } = this.#blocks;
    let count = 0;
    for (let offset = start; offset < rules.end;) {
      const recordBytes = recordBytesAt(this.#scratch, offset, rules);
      if (inodeAt(this.#scratch, offset) !== 0) this.#offsets[count++] = offset;
      offset += recordBytes;
    }
    return count;
  }

  /** Moves the names of a leaf whose hashes are in the upper half of its bytes to a new one. */
  #splitLeaf(directory: Inode, leaf: CachedBlock, nameHash: NameHash): void {
    const { rules } = this.#blocks;
    const scratch = this.#scratch;
    scratch.bytes.set(leaf.bytes);
    const count = this.#collect(0);
    const [hashes, offsets] = [this.#hashes, this.#offsets];
    for (let index = 0; index < count; index++) {
      const offset = offsets[index] as number;
      const nameBytes = nameBytesAt(scratch, offset);
      hashes[index] = nameHash.of(scratch.bytes, offset + DIR_ENTRY.name, nameBytes);
    }
    sortByHash(hashes, offsets, count);
    const split = this.#middle(count);
    if (split === 0) throw damaged(directory);
    const bound = hashes[split] as number;
    const continues = bound === hashes[split - 1] ? 1 : 0;
    const upper = this.#blocks.appendLeaf(directory);
    packRecords(leaf, scratch, offsets.subarray(0, split), rules);
    packRecords(upper, scratch, offsets.subarray(split, count), rules);
    this.#insertBound(directory, this.#depth - 1, bound + continues);
  }

  /** The first of the sorted records that lies in the upper half of the bytes. */
  #middle(count: number): number {
    const half = this.#blocks.sizes.blockBytes / 2;
    let bytes = 0;
    for (let index = count - 1; index >= 0; index--) {
      const used = dirEntryBytes(nameBytesAt(this.#scratch, this.#offsets[index] as number));
      if (bytes + used / 2 > half) return index + 1;
      bytes += used;
    }
    return count >> 1;
  }

  /** Lets the last block of the directory follow the block that the walk went through. */
  #insertBound(directory: Inode, depth: number, bound: number): void {
    const level = this.#levels[depth] as Level;
    const node = this.#blocks.node(directory, level.block);
    this.#blocks.change(node);
    const at = level.entries + (level.at + 1) * HASH_ENTRY_BYTES;
    const end = level.entries + level.count * HASH_ENTRY_BYTES;
    node.bytes.copyWithin(at + HASH_ENTRY_BYTES, at, end);
    node.view.setUint32(at + HASH_ENTRY.hash, bound, true);
    node.view.setUint32(at + HASH_ENTRY.block, this.#blocks.count(directory) - 1, true);
    node.view.setUint16(level.entries + HASH_ENTRY.count, ++level.count, true);
  }

  /** Splits the highest full node on the way; a full root gets a level below it. */
  #makeRoomInNodes(directory: Inode): void {
    let depth = this.#depth - 1;
    while (depth > 0) {
      const above = this.#levels[depth - 1] as Level;
      if (above.count < above.limit) break;
      depth--;
    }
    const level = this.#levels[depth] as Level;
    if (depth === 0) this.#addLevel(directory, level);
    else this.#splitNode(directory, depth, level);
  }

  #splitNode(directory: Inode, depth: number, level: Level): void {
    const kept = level.count >> 1;
    this.#appendNode(directory, level, kept);
    const node = this.#blocks.node(directory, level.block);
    this.#blocks.change(node);
    const bound = node.view.getUint32(level.entries + kept * HASH_ENTRY_BYTES, true);
    node.view.setUint16(level.entries + HASH_ENTRY.count, kept, true);
    this.#insertBound(directory, depth - 1, bound);
  }

  #addLevel(directory: Inode, level: Level): void {
    if (this.#depth === this.#depthMax) throw new OsError("ENOSPC", "hash tree of a directory");
    this.#appendNode(directory, level, 0);
    const root = this.#blocks.node(directory, 0);
    this.#blocks.change(root);
    const { view } = root;
    view.setUint8(HASH_ROOT.levels, this.#depth);
    view.setUint16(HASH_ROOT.entries + HASH_ENTRY.count, 1, true);
    view.setUint32(
      HASH_ROOT.entries + HASH_ENTRY.block,
      this.#blocks.count(directory) - 1,
      true,
    );
  }

  /** Makes a node of the entries of another from `from` on. */
  #appendNode(directory: Inode, level: Level, from: number): void {
    const added = this.#blocks.appendNode(directory);
    const node = this.#blocks.node(directory, level.block);
    const start = level.entries + from * HASH_ENTRY_BYTES;
    const end = level.entries + level.count * HASH_ENTRY_BYTES;
    added.bytes.set(node.bytes.subarray(start, end), HASH_NODE_ENTRIES);
    added.view.setUint16(DIR_ENTRY.recordBytes, this.#blocks.sizes.blockBytes, true);
    setBounds(added.view, HASH_NODE_ENTRIES, this.#limit(HASH_NODE_ENTRIES), level.count - from);
  }
}

/** The last entry whose hash is not above `hash`; the first has none and is below all. */
function lastNotAbove(words: Uint32Array, level: Level, hash: number): number {
  const base = level.entries >> 2;
  let low = 1;
  let high = level.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[base + middle * 2] as number) > hash) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

function setBounds(view: DataView, entries: number, limit: number, count: number): void {
  view.setUint16(entries + HASH_ENTRY.limit, limit, true);
  view.setUint16(entries + HASH_ENTRY.count, count, true);
}

function damaged(directory: Inode): OsError {
  return new OsError("EUCLEAN", `hash tree of directory ${directory.number}`);
}
