/**
 * Which inodes are taken. Files go where their directory is; directories directly under the root
 * are spread over the groups, deeper ones stay near their parent while there is room.
 *
 * After M. Orlov's allocator, as Linux `fs/ext2/ialloc.c` has it, in its simplest form.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Accounts } from "./accounts.ts";
import { clearRun, findClearRun, setRun } from "./bitmap.ts";
import type { BlockCache } from "../disk/block_cache.ts";
import type { Geometry } from "./geometry.ts";
import { ROOT_INODE } from "./layouts/inode.ts";
import { SUPERBLOCK as SB } from "./layouts/superblock.ts";

/** The bitmaps of inodes. */
export class InodeAllocation {
  readonly #cache: BlockCache;
  readonly #geometry: Geometry;
  readonly #accounts: Accounts;

  /** Works on the bitmaps through `cache`. */
  constructor(cache: BlockCache, geometry: Geometry, accounts: Accounts) {
    this.#cache = cache;
    this.#geometry = geometry;
    this.#accounts = accounts;
  }

  /**
   * Takes an inode for a directory.
   *
   * @param parent The inode of the directory that it will stand in.
   * @throws {OsError} `ENOSPC` if none is free.
   */
  takeForDirectory(parent: number): number {
    const group = parent === ROOT_INODE ? this.#spreadGroup() : this.#nearGroup(parent);
    const inode = this.#take(group);
    this.#accounts.addDirectories(this.#groupOf(inode), 1);
    return inode;
  }

  /**
   * Takes an inode for anything but a directory.
   *
   * @param parent The inode of the directory that it will stand in.
   * @throws {OsError} `ENOSPC` if none is free.
   */
  takeForFile(parent: number): number {
    return this.#take(this.#groupOf(parent));
  }

  /** Gives back the inode of a directory. */
  giveDirectory(inode: number): void {
    this.#accounts.addDirectories(this.#groupOf(inode), -1);
    this.give(inode);
  }

  /**
   * Gives back an inode.
   *
   * @throws {OsError} `EUCLEAN` if it was free already or is reserved.
   */
  give(inode: number): void {
    const { sizes } = this.#geometry;
    if (inode < sizes.firstInode) throw new OsError("EUCLEAN", `free reserved inode ${inode}`);
    const group = this.#groupOf(inode);
    const bitmap = this.#cache.get(this.#geometry.inodeBitmap(group));
    this.#cache.change(bitmap);
    if (!clearRun(bitmap.words, (inode - 1) % sizes.inodesPerGroup, 1)) {
      throw new OsError("EUCLEAN", `free inode ${inode} twice`);
    }
    this.#accounts.addInodesFree(group, 1);
  }

  #groupOf(inode: number): number {
    return Math.floor((inode - 1) / this.#geometry.sizes.inodesPerGroup);
  }

  #take(first: number): number {
    const { groupCount, inodesPerGroup, firstInode } = this.#geometry.sizes;
    for (let step = 0; step < groupCount; step++) {
      const group = (first + step) % groupCount;
      if (this.#accounts.inodesFree(group) === 0) continue;
      const bitmap = this.#cache.get(this.#geometry.inodeBitmap(group));
      const from = Math.max(0, firstInode - 1 - group * inodesPerGroup);
      const found = findClearRun(bitmap.words, from, inodesPerGroup, 1);
      if (found.count === 0) continue;
      this.#accounts.addInodesFree(group, -1);
      this.#cache.change(bitmap);
      setRun(bitmap.words, found.start, 1);
      return group * inodesPerGroup + found.start + 1;
    }
    throw new OsError("ENOSPC", "take an inode");
  }

  /** The group with the fewest directories among those with no less room than the average. */
  #spreadGroup(): number {
    const { groupCount } = this.#geometry.sizes;
    const inodesMean = Math.floor(this.#accounts.superblock(SB.inodesFree) / groupCount);
    const blocksMean = Math.floor(this.#accounts.superblock(SB.blocksFree) / groupCount);
    let best = 0;
    let directoriesMin = Infinity;
    for (let group = 0; group < groupCount; group++) {
      if (this.#accounts.inodesFree(group) < Math.max(inodesMean, 1)) continue;
      if (this.#accounts.blocksFree(group) < blocksMean) continue;
      const directories = this.#accounts.directories(group);
      if (directories >= directoriesMin) continue;
      best = group;
      directoriesMin = directories;
    }
    return best;
  }

  /** The parent's group, or the next one whose inodes and blocks are not nearly used up. */
  #nearGroup(parent: number): number {
    const { groupCount, inodesPerGroup, blocksPerGroup } = this.#geometry.sizes;
    const first = this.#groupOf(parent);
    for (let step = 0; step < groupCount; step++) {
      const group = (first + step) % groupCount;
      if (this.#accounts.inodesFree(group) * 16 < inodesPerGroup) continue;
      if (this.#accounts.blocksFree(group) * 16 < blocksPerGroup) continue;
      return group;
    }
    return first;
  }
}
