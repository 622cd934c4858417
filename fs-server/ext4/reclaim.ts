/**
 * The end of an inode: its blocks and itself become free, in one transaction if that holds it all,
 * else in pieces while it stands in the list of orphans.
 *
 * @module
 */

import type { BlockCache } from "../disk/block_cache.ts";
import type { ExtendedAttributes } from "./attributes.ts";
import type { Directories } from "./directory.ts";
import type { FileMap } from "./file_map.ts";
import type { Geometry } from "./geometry.ts";
import { type Inode, type InodeTable, isDirectory, isFile } from "./inode.ts";
import type { InodeAllocation } from "./inode_allocation.ts";
import type { Orphans } from "./orphans.ts";

/** Blocks that change at most besides bitmaps of blocks and descriptors. */
const OTHER_CHANGES_MAX = 32;

/** What reclaiming stands on. */
export interface ReclaimParts {
  readonly cache: BlockCache;
  readonly geometry: Geometry;
  readonly map: FileMap;
  readonly inodes: InodeTable;
  readonly inodeAllocation: InodeAllocation;
  readonly directories: Pick<Directories, "forget">;
  readonly orphans: Orphans;
  readonly xattrs: Pick<ExtendedAttributes, "release">;
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
    const { cache, geometry } = this.#parts;
    const { groupCount, descriptorsPerBlock } = geometry.sizes;
    const bitmaps = Math.min(groupCount, (inode.sectors * 512) / cache.blockBytes);
    const descriptors = Math.min(bitmaps, Math.ceil(groupCount / descriptorsPerBlock));
    return bitmaps + descriptors + OTHER_CHANGES_MAX <= cache.changedSoftMax;
  }

  /**
   * Frees an inode, or a piece of it.
   *
   * @param seconds The time of its deletion.
   * @returns Whether it is gone. If not, commit what there is and come again.
   */
  free(inode: Inode, seconds: number): boolean {
    const { cache, map, inodes, orphans, inodeAllocation, directories, xattrs } = this.#parts;
    if (map.hasMap(inode)) {
      const left = map.release(inode, 0, !isFile(inode));
      if (left > 0) {
        inode.size = Math.min(inode.size, left * cache.blockBytes);
        inodes.store(inode);
        return false;
      }
    }
    xattrs.release(inode);
    orphans.remove(inode);
    inode.pointers.fill(0);
    inode.flags = 0;
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
}
