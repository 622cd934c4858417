/**
 * How many blocks and inodes are free, in each group and in all, and the other fields of superblock
 * and descriptors that change. They live in the cached blocks alone, so that a rollback undoes
 * them too.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache, CachedBlock } from "../disk/block_cache.ts";
import { DESCRIPTORS_PER_BLOCK } from "./geometry.ts";
import { GROUP_DESCRIPTOR as GD, GROUP_DESCRIPTOR_BYTES } from "./layouts/group_descriptor.ts";
import { STATE_CLEAN, SUPERBLOCK as SB, SUPERBLOCK_OFFSET } from "./layouts/superblock.ts";

/** Block 0 holds the superblock, the table of descriptors begins behind it. */
const DESCRIPTOR_TABLE_BLOCK = 1;

/** The counts in superblock and group descriptors. */
export class Accounts {
  readonly #cache: BlockCache;

  /** @param cache Holds block 0 and the table of descriptors. */
  constructor(cache: BlockCache) {
    this.#cache = cache;
  }

  /** A 32-bit field of the superblock. */
  superblock(offset: number): number {
    return this.#cache.get(0).view.getUint32(SUPERBLOCK_OFFSET + offset, true);
  }

  /** Sets a 32-bit field of the superblock. */
  setSuperblock(offset: number, value: number): void {
    const cached = this.#cache.get(0);
    this.#cache.change(cached);
    cached.view.setUint32(SUPERBLOCK_OFFSET + offset, value, true);
  }

  /** Notes in the superblock whether the file system is at rest, and when. */
  setClean(isClean: boolean, seconds: number): void {
    const cached = this.#cache.get(0);
    const { view } = cached;
    this.#cache.change(cached);
    const state = view.getUint16(SUPERBLOCK_OFFSET + SB.state, true);
    const next = isClean ? state | STATE_CLEAN : state & ~STATE_CLEAN;
    view.setUint16(SUPERBLOCK_OFFSET + SB.state, next, true);
    view.setUint32(SUPERBLOCK_OFFSET + SB.writeTime, seconds, true);
    if (isClean) return;
    const mounts = view.getUint16(SUPERBLOCK_OFFSET + SB.mountCount, true);
    view.setUint16(SUPERBLOCK_OFFSET + SB.mountCount, (mounts + 1) & 0xffff, true);
    view.setUint32(SUPERBLOCK_OFFSET + SB.mountTime, seconds, true);
  }

  /** Free blocks in a group, as its descriptor says. */
  blocksFree(group: number): number {
    return this.#descriptor(group).view.getUint16(offsetOf(group) + GD.blocksFree, true);
  }

  /** Free inodes in a group, as its descriptor says. */
  inodesFree(group: number): number {
    return this.#descriptor(group).view.getUint16(offsetOf(group) + GD.inodesFree, true);
  }

  /** Directories in a group, as its descriptor says. */
  directories(group: number): number {
    return this.#descriptor(group).view.getUint16(offsetOf(group) + GD.directories, true);
  }

  /** Adds to the free blocks of a group and of all. */
  addBlocksFree(group: number, delta: number): void {
    this.#add(group, GD.blocksFree, delta);
    this.#addSuperblock(SB.blocksFree, delta);
  }

  /** Adds to the free inodes of a group and of all. */
  addInodesFree(group: number, delta: number): void {
    this.#add(group, GD.inodesFree, delta);
    this.#addSuperblock(SB.inodesFree, delta);
  }

  /** Adds to the directories of a group. */
  addDirectories(group: number, delta: number): void {
    this.#add(group, GD.directories, delta);
  }

  #descriptor(group: number): CachedBlock {
    const index = Math.floor(group / DESCRIPTORS_PER_BLOCK);
    return this.#cache.get(DESCRIPTOR_TABLE_BLOCK + index);
  }

  #add(group: number, field: number, delta: number): void {
    const cached = this.#descriptor(group);
    const offset = offsetOf(group) + field;
    const value = cached.view.getUint16(offset, true) + delta;
    if (value < 0 || value > 0xffff) throw new OsError("EUCLEAN", `count of group ${group}`);
    this.#cache.change(cached);
    cached.view.setUint16(offset, value, true);
  }

  #addSuperblock(field: number, delta: number): void {
    const value = this.superblock(field) + delta;
    if (value < 0) throw new OsError("EUCLEAN", "count in the superblock");
    this.setSuperblock(field, value);
  }
}

function offsetOf(group: number): number {
  return (group % DESCRIPTORS_PER_BLOCK) * GROUP_DESCRIPTOR_BYTES;
}
