/**
 * All blocks of an inode: those of its data, and those that lead to them. A second, plainer reading
 * of what `ext4/file_map.ts` reads, so that neither covers up for the other.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import {
  childOf,
  depthOf,
  entriesFitting,
  entryCount,
  extentOf,
  isNode,
  keyOf,
} from "../ext4/extent_node.ts";
import type { Inode } from "../ext4/inode.ts";
import { EXTENT_DEPTH_MAX, EXTENTS_IN_INODE, FLAG_EXTENTS } from "../ext4/layouts/extent.ts";
import { POINTERS_DIRECT } from "../ext4/layouts/inode.ts";

/** Told of each run: which blocks, and where in the file they begin; nowhere if they lead to others. */
export type VisitRun = (first: number, count: number, fileBlock: number | undefined) => void;

/**
 * Visits all blocks of an inode that has a map.
 *
 * @throws {OsError} `EUCLEAN`, `EBADMSG` if the map is damaged, or what the disk answered.
 */
export function visitBlocks(cache: BlockCache, inode: Inode, visit: VisitRun): void {
  if ((inode.flags & FLAG_EXTENTS) !== 0) new ExtentWalk(cache, inode, visit).walk();
  else visitPointers(cache, inode, visit);
}

class ExtentWalk {
  readonly #cache: BlockCache;
  readonly #inode: Inode;
  readonly #visit: VisitRun;
  #nextFileBlock = 0;

  constructor(cache: BlockCache, inode: Inode, visit: VisitRun) {
    this.#cache = cache;
    this.#inode = inode;
    this.#visit = visit;
  }

  walk(): void {
    const root = this.#inode.pointers;
    if (!isNode(root, EXTENTS_IN_INODE)) throw damaged(this.#inode, "the root of its extents");
    if (depthOf(root) > EXTENT_DEPTH_MAX) throw damaged(this.#inode, "too many levels of extents");
    this.#node(root.slice(), depthOf(root));
  }

  #node(words: Uint32Array, depth: number): void {
    for (let position = 0; position < entryCount(words); position++) {
      if (keyOf(words, position) < this.#nextFileBlock) {
        throw damaged(this.#inode, `extents out of order at file block ${keyOf(words, position)}`);
      }
      if (depth === 0) {
        const { fileBlock, first, count } = extentOf(words, position);
        if (count === 0) throw damaged(this.#inode, `an empty extent at file block ${fileBlock}`);
        this.#visit(first, count, fileBlock);
        this.#nextFileBlock = fileBlock + count;
        continue;
      }
      const child = childOf(words, position);
      this.#visit(child, 1, undefined);
      const { words: node } = this.#cache.get(child, BLOCK_KIND.extentNode, this.#inode.seed);
      const fitting = entriesFitting(node.byteLength);
      if (!isNode(node, fitting) || depthOf(node) !== depth - 1) {
        throw damaged(this.#inode, `block ${child} is no node of its extents`);
      }
      this.#node(node.slice(), depth - 1);
    }
  }
}

function visitPointers(cache: BlockCache, inode: Inode, visit: VisitRun): void {
  const perBlock = cache.blockBytes / 4;
  const tree = (pointer: number, level: number, fileBlock: number) => {
    if (pointer === 0) return;
    if (level === 0) return visit(pointer, 1, fileBlock);
    visit(pointer, 1, undefined);
    const words = cache.get(pointer, BLOCK_KIND.indirect).words.slice();
    const span = perBlock ** (level - 1);
    words.forEach((child, index) => tree(child, level - 1, fileBlock + index * span));
  };
  let fileBlock = 0;
  inode.pointers.forEach((pointer, index) => {
    const level = Math.max(0, index - POINTERS_DIRECT + 1);
    tree(pointer, level, fileBlock);
    fileBlock += perBlock ** level;
  });
}

function damaged({ number }: Inode, what: string): OsError {
  return new OsError("EUCLEAN", `inode ${number}: ${what}`);
}
