/**
 * The blocks of directories: leaves, which hold names, and the nodes of hash trees.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND, type BlockKind, type CachedBlock } from "../disk/cached_block.ts";
import type { BlockAllocation } from "./block_allocation.ts";
import { clearLeaf, type LeafRules } from "./dir_leaf.ts";
import type { FileMap } from "./file_map.ts";
import type { Geometry, Sizes } from "./geometry.ts";
import type { Inode } from "./inode.ts";
import { DIR_TAIL_BYTES } from "./layouts/dir_entry.ts";
import { FLAG_INDEX } from "./layouts/inode.ts";
import { HASH_VERSION, NameHash } from "./name_hash.ts";

/** Most bytes of a directory: Linux takes no larger ones without large_dir. */
const DIRECTORY_BYTES_MAX = 2 ** 31;

/** What directories stand on. */
export interface DirectoryParts {
  /** Holds the blocks. */
  readonly cache: Pick<BlockCache, "get" | "fresh" | "change" | "changedCount">;
  /** Where blocks may lie, and which features there are. */
  readonly geometry: Pick<Geometry, "sizes">;
  /** Where blocks come from. */
  readonly allocation: Pick<BlockAllocation, "take">;
  /** Which blocks a directory has. */
  readonly map: Pick<FileMap, "begin" | "lookup" | "assign" | "goal">;
}

/** Blocks of directories by their number within the directory. */
export class DirectoryBlocks {
  /** By what records are checked. */
  readonly rules: LeafRules;
  /** Sizes and features of the file system. */
  readonly sizes: Sizes;
  readonly #parts: DirectoryParts;
  readonly #hashes: (NameHash | undefined)[] = [];

  /** Works on directory blocks through the cache. */
  constructor(parts: DirectoryParts) {
    const { sizes } = parts.geometry;
    const { blockBytes, inodeCount } = sizes;
    const tailBytes = sizes.features.hasChecksums ? DIR_TAIL_BYTES : 0;
    this.#parts = parts;
    this.sizes = sizes;
    this.rules = { blockBytes, end: blockBytes - tailBytes, inodeCount };
  }

  /** Whether directories of this file system become trees when they grow. */
  get makesTrees(): boolean {
    return this.sizes.features.hasHtree && this.sizes.nameHash.version <= HASH_VERSION.tea;
  }

  /** Whether the directory has a hash tree that is kept up. */
  isTree(directory: Inode): boolean {
    return (directory.flags & FLAG_INDEX) !== 0 && this.sizes.features.hasHtree;
  }

  /** How many blocks the directory has; checked. */
  count(directory: Inode): number {
    const { blockBytes, blockCount } = this.sizes;
    const count = directory.size / blockBytes;
    if (count === 0 || !Number.isInteger(count) || count > blockCount) {
      throw new OsError("EUCLEAN", `size of directory ${directory.number}`);
    }
    return count;
  }

  /** A block of names. */
  leaf(directory: Inode, index: number): CachedBlock {
    return this.#get(directory, index, BLOCK_KIND.directory);
  }

  /** A block of a hash tree. */
  node(directory: Inode, index: number): CachedBlock {
    return this.#get(directory, index, BLOCK_KIND.hashNode);
  }

  /** Declares that the running operation changes the block; call before changing it. */
  change(cached: CachedBlock): void {
    this.#parts.cache.change(cached);
  }

  /** Adds an empty leaf at the end. */
  appendLeaf(directory: Inode): CachedBlock {
    const cached = this.#append(directory, BLOCK_KIND.directory);
    clearLeaf(cached, this.rules);
    return cached;
  }

  /** Adds a block of zeros at the end that shall become a node. */
  appendNode(directory: Inode): CachedBlock {
    return this.#append(directory, BLOCK_KIND.hashNode);
  }

  /** Makes the first block of the directory one of zeros that shall become the root of a tree. */
  beginRoot(directory: Inode): CachedBlock {
    return this.#parts.cache.fresh(this.#find(directory, 0), BLOCK_KIND.hashNode, directory.seed);
  }

  /** How a tree of this version hashes names; with no version given, a new tree. */
  hash(version: number = this.sizes.nameHash.version): NameHash {
    const known = this.#hashes[version];
    if (known !== undefined) return known;
    const { seed, isUnsigned } = this.sizes.nameHash;
    const hash = new NameHash(version, seed, isUnsigned ? "unsigned" : "signed");
    this.#hashes[version] = hash;
    return hash;
  }

  #get(directory: Inode, index: number, kind: BlockKind): CachedBlock {
    return this.#parts.cache.get(this.#find(directory, index), kind, directory.seed);
  }

  #find(directory: Inode, index: number): number {
    const { first, isUnwritten } = this.#parts.map.lookup(directory, index, 1);
    if (first === 0 || isUnwritten) {
      throw new OsError("EUCLEAN", `hole in directory ${directory.number}`);
    }
    return first;
  }

  #append(directory: Inode, kind: BlockKind): CachedBlock {
    const { map, cache, allocation } = this.#parts;
    const { blockBytes } = this.sizes;
    if (directory.size >= DIRECTORY_BYTES_MAX) throw new OsError("ENOSPC", "grow a directory");
    const index = directory.size / blockBytes;
    const run = allocation.take(map.goal(directory, index), 1);
    map.assign(directory, index, run);
    const cached = cache.fresh(run.first, kind, directory.seed);
    directory.size += blockBytes;
    return cached;
  }
}
