/**
 * The end of an inode: its blocks and itself become free, in one transaction if that holds it all,
 * else in pieces while it stands in the list of orphans.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { SECTORS_PER_BLOCK } from "./block_map.ts";
import { BLOCK_BYTES } from "../disk/disk.ts";
import { DESCRIPTORS_PER_BLOCK } from "./geometry.ts";
import { type Inode, isDirectory, isFile, isSymlink } from "./inode.ts";
import { ATTRIBUTE_BLOCK, ATTRIBUTE_BLOCK_MAGIC } from "./layouts/inode.ts";
import { isFastSymlink, type NamesParts } from "../server/names.ts";
import type { Orphans } from "./orphans.ts";

/** What reclaiming stands on. */
export interface ReclaimParts extends NamesParts {
  readonly orphans: Orphans;
}

/** Frees inodes that nobody can reach any more. */
export class Reclaim {
  readonly #parts: ReclaimParts;

  /** Works on bitmaps, inodes and the list of orphans through the cache. */
  constructor(parts: ReclaimParts) {
    this.#parts = parts;
  }

  /** Whether one transaction surely holds all that freeing the inode changes. */
  fitsOneTransaction(inode: Inode): boolean {
    const { groupCount } = this.#parts.geometry.sizes;
    const bitmaps = Math.min(groupCount, inode.sectors / SECTORS_PER_BLOCK);
    const blocks = bitmaps + Math.ceil(groupCount / DESCRIPTORS_PER_BLOCK) + 32;
    return blocks <= this.#parts.cache.changedSoftMax;
  }

  /**
   * Frees an inode, or a piece of it.
   *
   * @param seconds The time of its deletion.
   * @returns Whether it is gone. If not, commit what there is and come again.
   */
  free(inode: Inode, seconds: number): boolean {
    const { map, inodes, orphans, inodeAllocation, directories } = this.#parts;
    const ownsBlocks = isFile(inode) || isDirectory(inode) ||
      (isSymlink(inode) && !isFastSymlink(inode));
    if (ownsBlocks) {
      const left = map.release(inode, 0, !isFile(inode));
      if (left > 0) {
        inode.size = Math.min(inode.size, left * BLOCK_BYTES);
        inodes.store(inode);
        return false;
      }
    }
    if (inode.attributeBlock !== 0) this.#freeAttributes(inode);
    orphans.remove(inode);
    inode.pointers.fill(0);
    inode.size = 0;
    inode.sectors = 0;
    inode.links = 0;
    inode.dtime = seconds;
    inodes.store(inode);
    if (isDirectory(inode)) {
      directories.forget(inode.number);
      inodeAllocation.giveDirectory(inode.number);
    } else {
      inodeAllocation.give(inode.number);
    }
    return true;
  }

  /** Frees the block of extended attributes, or its share in it. */
  #freeAttributes(inode: Inode): void {
    const { cache, geometry, allocation } = this.#parts;
    const block = inode.attributeBlock;
    if (!geometry.isOwnable(block)) throw damaged(inode);
    const cached = cache.get(block);
    if (cached.view.getUint32(ATTRIBUTE_BLOCK.magic, true) !== ATTRIBUTE_BLOCK_MAGIC) {
      throw damaged(inode);
    }
    const references = cached.view.getUint32(ATTRIBUTE_BLOCK.references, true);
    if (references > 1) {
      cache.change(cached);
      cached.view.setUint32(ATTRIBUTE_BLOCK.references, references - 1, true);
    } else {
      cache.forget(block);
      allocation.give(block, 1);
    }
    inode.attributeBlock = 0;
  }
}

function damaged(inode: Inode): OsError {
  return new OsError("EUCLEAN", `extended attributes of inode ${inode.number}`);
}
