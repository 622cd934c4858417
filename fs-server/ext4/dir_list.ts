/**
 * Telling the names of a directory piece by piece, so that a name that stays while names come and
 * go around it is told exactly once.
 *
 * In a directory without a tree, records never move: the cookie is a position. With a tree, names
 * move from leaf to leaf, so that they are told in the order of their hashes, which lasts; the same
 * goes for a directory of one block that may become a tree.
 *
 * ```
 * cookie:  0 "."   1 ".."   2 + key    key: hash (31 bits) | first 22 bits of its finer half
 * ```
 * Names of one key are told in one answer, or not at all.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { CachedBlock } from "../disk/cached_block.ts";
import { inodeAt, isDots, nameBytesAt, recordBytesAt } from "./dir_leaf.ts";
import type { DirectoryBlocks } from "./directory_blocks.ts";
import { sortByHash } from "./hash_order.ts";
import type { HashTree } from "./hash_tree.ts";
import type { Inode } from "./inode.ts";
import { DIR_ENTRY, ENTRY_TYPE, LISTED_ENTRY, listedEntryBytes } from "./layouts/dir_entry.ts";
import type { NameHash } from "./name_hash.ts";

/** Keys of one hash. */
const KEYS_PER_HASH = 2 ** 22;
/** The cookie of the first key. */
const FIRST_KEY_COOKIE = 2;
/** Names of one hash, or of one leaf, that are sorted at once. */
const GATHERED_MAX = 8192;

/** Room behind each entry, for what somebody else puts there. */
export interface RoomBehind {
  /** Bytes of it, a multiple of 8. */
  readonly byteLength: number;
  /** Hears of each entry: its inode, and where in the target the room begins. */
  entry(inode: number, at: number): void;
}

const NO_ROOM: RoomBehind = { byteLength: 0, entry() {} };

/** Lists directories. One list at a time. */
export class DirectoryLists {
  readonly #blocks: DirectoryBlocks;
  readonly #tree: HashTree;
  readonly #keys = new Float64Array(GATHERED_MAX);
  readonly #positions = new Float64Array(GATHERED_MAX);
  #gathered = 0;
  // What does not fit in there: names whose keys are not below this.
  #ceiling = Infinity;
  // What is being filled.
  #target: Uint8Array = new Uint8Array(0);
  #out: DataView = new DataView(new ArrayBuffer(0));
  #packed = 0;
  #room: RoomBehind = NO_ROOM;

  /** Works on blocks of directories. */
  constructor(blocks: DirectoryBlocks, tree: HashTree) {
    this.#blocks = blocks;
    this.#tree = tree;
  }

  /**
   * Packs entries into `target` as `layouts/dir_entry.ts` has them.
   *
   * @param cookie Where to go on: 0, or the `nextCookie` of an entry.
   * @param room What is left free behind each entry; nothing if left out.
   * @returns Bytes packed; 0 at the end.
   * @throws {OsError} `EINVAL` if `target` is too small for the next entry.
   */
  list(directory: Inode, cookie: number, target: Uint8Array, room: RoomBehind = NO_ROOM): number {
    this.#target = target;
    this.#room = room;
    this.#out = new DataView(target.buffer, target.byteOffset, target.byteLength);
    this.#packed = 0;
    const isTree = this.#blocks.isTree(directory);
    const isHashed = isTree || (this.#blocks.makesTrees && this.#blocks.count(directory) === 1);
    if (!isHashed) this.#listInPlace(directory, cookie);
    else if (this.#listDots(directory, cookie)) {
      const key = Math.max(cookie - FIRST_KEY_COOKIE, 0);
      if (isTree) this.#listTree(directory, key);
      else this.#listBlock(directory, key);
    }
    return this.#packed;
  }

  #listInPlace(directory: Inode, cookie: number): void {
    const { rules } = this.#blocks;
    const { blockBytes } = rules;
    const count = this.#blocks.count(directory);
    for (let index = Math.floor(cookie / blockBytes); index < count; index++) {
      const base = index * blockBytes;
      const leaf = this.#blocks.leaf(directory, index);
      for (let offset = 0; offset < rules.end;) {
        const recordBytes = recordBytesAt(leaf, offset, rules);
        const next = base + offset + recordBytes;
        // Records never move, but the one at the cookie may be part of its neighbour by now.
        if (base + offset >= cookie && inodeAt(leaf, offset) !== 0) {
          if (!this.#hasRoom(this.#bytesOf(leaf, offset))) return;
          this.#put(leaf, offset, next);
        }
        offset += recordBytes;
      }
    }
  }

  /** Packs `.` and `..`; answers whether there was room. */
  #listDots(directory: Inode, cookie: number): boolean {
    const { blockBytes } = this.#blocks.rules;
    const isTree = this.#blocks.isTree(directory);
    const block = isTree ? this.#blocks.node(directory, 0) : this.#blocks.leaf(directory, 0);
    const rules = isTree ? { ...this.#blocks.rules, end: blockBytes } : this.#blocks.rules;
    const dotDot = recordBytesAt(block, 0, rules);
    for (let position = cookie; position < FIRST_KEY_COOKIE; position++) {
      const offset = position === 0 ? 0 : dotDot;
      recordBytesAt(block, offset, rules);
      if (inodeAt(block, offset) === 0 || !isDots(block, offset)) continue;
      if (!this.#hasRoom(this.#bytesOf(block, offset))) return false;
      this.#put(block, offset, position + 1);
    }
    return true;
  }

  #listBlock(directory: Inode, key: number): void {
    const leaf = this.#blocks.leaf(directory, 0);
    this.#gathered = 0;
    this.#ceiling = Infinity;
    this.#gather(leaf, 0, key, this.#blocks.hash());
    this.#putGathered(directory);
  }

  #listTree(directory: Inode, key: number): void {
    const tree = this.#tree;
    const hash = tree.hashOf(directory);
    let leaf = tree.seek(directory, Math.floor(key / KEYS_PER_HASH) * 2);
    while (true) {
      this.#gathered = 0;
      this.#ceiling = Infinity;
      this.#gather(leaf, tree.currentIndex, key, hash);
      let bound = tree.next(directory);
      while (bound !== -1 && (bound & 1) === 1) {
        this.#gather(tree.current(directory), tree.currentIndex, key, hash);
        bound = tree.next(directory);
      }
      if (!this.#putGathered(directory) || bound === -1) return;
      leaf = tree.current(directory);
    }
  }

  /** Notes the names of a leaf whose keys are not below `least`. */
  #gather(leaf: CachedBlock, index: number, least: number, hash: NameHash): void {
    const { rules } = this.#blocks;
    for (let offset = 0; offset < rules.end;) {
      const recordBytes = recordBytesAt(leaf, offset, rules);
      if (inodeAt(leaf, offset) !== 0 && !(index === 0 && isDots(leaf, offset))) {
        const nameBytes = nameBytesAt(leaf, offset);
        const major = hash.of(leaf.bytes, offset + DIR_ENTRY.name, nameBytes);
        const key = (major / 2) * KEYS_PER_HASH + (hash.minor >>> 10);
        if (key >= least) this.#note(key, index * rules.blockBytes + offset);
      }
      offset += recordBytes;
    }
  }

  /** Notes a name; of too many, those with the least keys. */
  #note(key: number, position: number): void {
    if (key >= this.#ceiling) return;
    if (this.#gathered === GATHERED_MAX) {
      sortByHash(this.#keys, this.#positions, GATHERED_MAX);
      let kept = GATHERED_MAX >> 1;
      this.#ceiling = this.#keys[kept] as number;
      // What is told in one answer must not be noted in part.
      while (kept > 0 && this.#keys[kept - 1] === this.#ceiling) kept--;
      if (kept === 0) throw new OsError("EUCLEAN", "thousands of names of one hash");
      this.#gathered = kept;
      if (key >= this.#ceiling) return;
    }
    this.#keys[this.#gathered] = key;
    this.#positions[this.#gathered++] = position;
  }

  /** Packs what was gathered; answers whether that and more may follow. */
  #putGathered(directory: Inode): boolean {
    const { blockBytes } = this.#blocks.rules;
    const [keys, positions] = [this.#keys, this.#positions];
    sortByHash(keys, positions, this.#gathered);
    for (let first = 0; first < this.#gathered;) {
      const key = keys[first] as number;
      let end = first;
      let byteLength = 0;
      while (end < this.#gathered && keys[end] === key) {
        const position = positions[end++] as number;
        const leaf = this.#blocks.leaf(directory, Math.floor(position / blockBytes));
        byteLength += this.#bytesOf(leaf, position % blockBytes);
      }
      if (!this.#hasRoom(byteLength)) return false;
      for (; first < end; first++) {
        const position = positions[first] as number;
        const leaf = this.#blocks.leaf(directory, Math.floor(position / blockBytes));
        this.#put(leaf, position % blockBytes, key + FIRST_KEY_COOKIE + 1);
      }
    }
    return this.#ceiling === Infinity;
  }

  /** Bytes that a record on disk takes in the target. */
  #bytesOf(block: CachedBlock, offset: number): number {
    return listedEntryBytes(nameBytesAt(block, offset)) + this.#room.byteLength;
  }

  #hasRoom(byteLength: number): boolean {
    if (byteLength <= this.#target.byteLength - this.#packed) return true;
    if (this.#packed === 0) throw new OsError("EINVAL", "list a directory into so few bytes");
    return false;
  }

  #put(block: CachedBlock, offset: number, nextCookie: number): void {
    const [target, out, at] = [this.#target, this.#out, this.#packed];
    const nameBytes = nameBytesAt(block, offset);
    const byteLength = listedEntryBytes(nameBytes);
    const end = at + byteLength;
    out.setUint32(at + LISTED_ENTRY.inode, inodeAt(block, offset), true);
    out.setUint8(at + LISTED_ENTRY.type, this.#typeAt(block, offset));
    out.setUint8(at + LISTED_ENTRY.nameBytes, nameBytes);
    out.setUint16(at + LISTED_ENTRY.reserved, 0, true);
    out.setFloat64(at + LISTED_ENTRY.nextCookie, nextCookie, true);
    let to = at + LISTED_ENTRY.name;
    const from = offset + DIR_ENTRY.name;
    for (let index = 0; index < nameBytes; index++) target[to++] = block.bytes[from + index] ?? 0;
    while (to < end) target[to++] = 0;
    this.#packed = end + this.#room.byteLength;
    this.#room.entry(inodeAt(block, offset), end);
  }

  #typeAt(block: CachedBlock, offset: number): number {
    if (!this.#blocks.sizes.features.hasFileType) return ENTRY_TYPE.unknown;
    const type = block.bytes[offset + DIR_ENTRY.type] as number;
    return type <= ENTRY_TYPE.symlink ? type : ENTRY_TYPE.unknown;
  }
}
