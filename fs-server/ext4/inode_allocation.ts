/**
 * Which inodes are taken. Files go where their directory is; directories directly under the root
 * are spread over the groups, deeper ones stay near their parent while there is room.
 *
 * After M. Orlov's allocator, as Linux `fs/ext2/ialloc.c` has it, in its simplest form. A number in
 * memory for each group says how many inodes may be free, so that no search looks at all groups.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Accounts } from "./accounts.ts";
import { clearRun, findClearRun, isSet, setRun } from "./bitmap.ts";
import type { Geometry } from "./geometry.ts";
import { type BitmapCache, GroupBitmaps } from "./group_bitmaps.ts";
import { GroupIndex } from "./group_index.ts";
import { ROOT_INODE } from "./layouts/inode.ts";

/** Groups compared for a directory under the root. */
const GROUPS_COMPARED = 16;

/** The bitmaps of inodes. */
export class InodeAllocation {
  readonly #geometry: Geometry;
  readonly #accounts: Accounts;
  readonly #bitmaps: GroupBitmaps;
  /** By group: how many inodes may be free. Made when it is first needed. */
  #free: GroupIndex | undefined;
  /** Where the next directory under the root is looked for first. */
  #nextSpread = 0;

  /** Works on the bitmaps through `cache`. */
  constructor(cache: BitmapCache, geometry: Geometry, accounts: Accounts) {
    this.#geometry = geometry;
    this.#accounts = accounts;
    this.#bitmaps = new GroupBitmaps(cache, geometry, accounts);
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
    this.#accounts.addDirectories(this.#geometry.groupOfInode(inode), 1);
    return inode;
  }

  /**
   * Takes an inode for anything but a directory.
   *
   * @param parent The inode of the directory that it will stand in.
   * @throws {OsError} `ENOSPC` if none is free.
   */
  takeForFile(parent: number): number {
    return this.#take(this.#geometry.groupOfInode(parent));
  }

  /** Gives back the inode of a directory. */
  giveDirectory(inode: number): void {
    this.#accounts.addDirectories(this.#geometry.groupOfInode(inode), -1);
    this.give(inode);
  }

  /** Whether an inode is in use, or reserved. */
  isTaken(inode: number): boolean {
    const bit = (inode - 1) % this.#geometry.sizes.inodesPerGroup;
    return isSet(this.#bitmaps.inodes(this.#geometry.groupOfInode(inode)), bit);
  }

  /**
   * Gives back an inode.
   *
   * @throws {OsError} `EUCLEAN` if it was free already or is reserved.
   */
  give(inode: number): void {
    const { firstInode, inodesPerGroup } = this.#geometry.sizes;
    if (inode < firstInode) throw new OsError("EUCLEAN", `free reserved inode ${inode}`);
    const group = this.#geometry.groupOfInode(inode);
    const bit = (inode - 1) % inodesPerGroup;
    this.#bitmaps.changeInodes(group, clearRun, { start: bit, count: 1 });
    this.#accounts.addInodesFree(group, 1);
    this.#free?.set(group, this.#accounts.inodesFreeIn(group));
  }

  #take(first: number): number {
    if (this.#accounts.inodesFree === 0) throw new OsError("ENOSPC", "take an inode");
    const inode = this.#takeByIndex(first);
    if (inode !== 0) return inode;
    this.#free = undefined; // A rollback may have made it say too little.
    const found = this.#takeByIndex(first);
    if (found === 0) throw new OsError("ENOSPC", "take an inode");
    return found;
  }

  /** Takes the first free inode of the nearest group; answers 0 if the index knows of none. */
  #takeByIndex(first: number): number {
    const { inodesPerGroup, firstInode } = this.#geometry.sizes;
    const index = this.#index();
    for (let group = index.next(first, 1); group >= 0; group = index.next(first, 1)) {
      const from = Math.max(0, firstInode - 1 - group * inodesPerGroup);
      const free = this.#accounts.inodesFreeIn(group);
      const found = free === 0
        ? { start: 0, count: 0 }
        : findClearRun(this.#bitmaps.inodes(group), from, inodesPerGroup, 1);
      index.set(group, found.count === 0 ? 0 : free - 1);
      if (found.count === 0) continue;
      this.#bitmaps.changeInodes(group, setRun, found);
      this.#accounts.addInodesFree(group, -1);
      this.#use(group, found.start);
      return group * inodesPerGroup + found.start + 1;
    }
    return 0;
  }

  /** Sees to it that an inode does not count as never used. */
  #use(group: number, bit: number): void {
    const { sizes } = this.#geometry;
    if (!sizes.features.hasUninitGroups) return;
    const used = sizes.inodesPerGroup - this.#accounts.inodesUnusedIn(group);
    if (bit < used) return;
    // Those in between are taken, and yet were never used.
    if (bit > used) throw new OsError("EUCLEAN", `count of unused inodes of group ${group}`);
    this.#accounts.setInodesUnusedIn(group, sizes.inodesPerGroup - bit - 1);
  }

  #index(): GroupIndex {
    if (this.#free !== undefined) return this.#free;
    const index = new GroupIndex(this.#geometry.sizes.groupCount);
    for (let group = 0; group < index.count; group++) {
      index.set(group, this.#accounts.inodesFreeIn(group));
    }
    this.#free = index;
    return index;
  }

  /** Of some groups with no less room than the average, the one with the fewest directories. */
  #spreadGroup(): number {
    const { groupCount } = this.#geometry.sizes;
    const inodesMean = Math.max(1, Math.floor(this.#accounts.inodesFree / groupCount));
    const blocksMean = Math.floor(this.#accounts.blocksFree / groupCount);
    const compared = Math.min(groupCount, GROUPS_COMPARED);
    const index = this.#index();
    let best = this.#nextSpread;
    let directoriesMin = Infinity;
    for (let step = 0; step < compared; step++) {
      const from = this.#nextSpread + Math.floor((step * groupCount) / compared);
      const group = index.next(from % groupCount, inodesMean);
      if (group < 0) break;
      if (this.#accounts.blocksFreeIn(group) < blocksMean) continue;
      const directories = this.#accounts.directoriesIn(group);
      if (directories >= directoriesMin) continue;
      best = group;
      directoriesMin = directories;
    }
    this.#nextSpread = (best + 1) % groupCount;
    return best;
  }

  /** The parent's group, or one behind it whose inodes and blocks are not nearly used up. */
  #nearGroup(parent: number): number {
    const { groupCount, inodesPerGroup, blocksPerGroup } = this.#geometry.sizes;
    const first = this.#geometry.groupOfInode(parent);
    const index = this.#index();
    for (let step = 0, from = first; step < GROUPS_COMPARED; step++) {
      const group = index.next(from, Math.ceil(inodesPerGroup / 16));
      if (group < 0) break;
      if (this.#accounts.blocksFreeIn(group) * 16 >= blocksPerGroup) return group;
      from = (group + 1) % groupCount;
    }
    return first;
  }
}
