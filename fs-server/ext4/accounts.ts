/**
 * How many blocks and inodes are free, in each group and in all, and the other fields of superblock
 * and descriptors that change. They live in the cached blocks alone, so that a rollback undoes
 * them too.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND, type CachedBlock } from "../disk/cached_block.ts";
import { descriptorBlock, type Sizes } from "./geometry.ts";
import { GROUP_DESCRIPTOR as GD } from "./layouts/group_descriptor.ts";
import { INODE_BYTES_MIN, LOST_FOUND_INODE } from "./layouts/inode.ts";
import { STATE_CLEAN, SUPERBLOCK as SB } from "./layouts/superblock.ts";

/** The counts in superblock and group descriptors. */
export class Accounts {
  readonly #cache: Pick<BlockCache, "get" | "change">;
  readonly #sizes: Sizes;

  /** Works on superblock and descriptors through `cache`. */
  constructor(cache: Pick<BlockCache, "get" | "change">, sizes: Sizes) {
    this.#cache = cache;
    this.#sizes = sizes;
  }

  /** Blocks that are free in all groups. */
  get blocksFree(): number {
    return this.#wide(SB.blocksFree, SB.blocksFreeHigh);
  }

  /** Blocks of those that only root may take. */
  get blocksReserved(): number {
    return this.#wide(SB.blocksReserved, SB.blocksReservedHigh);
  }

  /** Inodes that are free in all groups. */
  get inodesFree(): number {
    return this.superblock(SB.inodesFree);
  }

  /** A 32-bit field of the superblock. */
  superblock(offset: number): number {
    return this.#superblock().view.getUint32(this.#sizes.superblockOffset + offset, true);
  }

  /** Sets a 32-bit field of the superblock. */
  setSuperblock(offset: number, value: number): void {
    const cached = this.#superblock();
    this.#cache.change(cached);
    cached.view.setUint32(this.#sizes.superblockOffset + offset, value, true);
  }

  /** A 16-bit field of the superblock. */
  superblockHalf(offset: number): number {
    return this.#superblock().view.getUint16(this.#sizes.superblockOffset + offset, true);
  }

  /**
   * Adds a feature, if it is not there.
   *
   * @param word `featuresCompat` or `featuresReadOnly` of the superblock.
   */
  addFeature(word: number, bit: number): void {
    if (this.superblock(SB.revision) === 0) this.#beginRevision1();
    const features = this.superblock(word);
    if ((features & bit) === 0) this.setSuperblock(word, (features | bit) >>> 0);
  }

  /** In revision 0 these fields mean nothing, and what they would say is fixed. */
  #beginRevision1(): void {
    this.setSuperblock(SB.revision, 1);
    this.setSuperblock(SB.firstInode, LOST_FOUND_INODE);
    this.setSuperblock(SB.inodeBytes, INODE_BYTES_MIN); // And the group of this copy: 0.
    this.setSuperblock(SB.featuresCompat, 0);
    this.setSuperblock(SB.featuresIncompat, 0);
    this.setSuperblock(SB.featuresReadOnly, 0);
  }

  /** Notes in the superblock whether the file system is at rest, and when. */
  setClean(isClean: boolean, seconds: number): void {
    const cached = this.#superblock();
    const { view } = cached;
    const at = this.#sizes.superblockOffset;
    this.#cache.change(cached);
    const state = view.getUint16(at + SB.state, true);
    view.setUint16(at + SB.state, isClean ? state | STATE_CLEAN : state & ~STATE_CLEAN, true);
    view.setUint32(at + SB.writeTime, seconds, true);
    view.setUint8(at + SB.writeTimeHigh, Math.floor(seconds / 2 ** 32));
    if (isClean) return;
    view.setUint16(
      at + SB.mountCount,
      (view.getUint16(at + SB.mountCount, true) + 1) & 0xffff,
      true,
    );
    view.setUint32(at + SB.mountTime, seconds, true);
    view.setUint8(at + SB.mountTimeHigh, Math.floor(seconds / 2 ** 32));
  }

  /** Free blocks in a group, as its descriptor says. */
  blocksFreeIn(group: number): number {
    return this.#get(group, GD.blocksFree, GD.blocksFreeHigh);
  }

  /** Free inodes in a group, as its descriptor says. */
  inodesFreeIn(group: number): number {
    return this.#get(group, GD.inodesFree, GD.inodesFreeHigh);
  }

  /** Directories in a group, as its descriptor says. */
  directoriesIn(group: number): number {
    return this.#get(group, GD.directories, GD.directoriesHigh);
  }

  /** Inodes at the end of a group's table that were never used, as its descriptor says. */
  inodesUnusedIn(group: number): number {
    return this.#get(group, GD.inodesUnused, GD.inodesUnusedHigh);
  }

  /** Sets how many inodes at the end of a group's table were never used. */
  setInodesUnusedIn(group: number, count: number): void {
    this.#set(group, GD.inodesUnused, GD.inodesUnusedHigh, count);
  }

  /** Whether a group has one of `GROUP_FLAG`, where such flags mean something. */
  hasFlag(group: number, flag: number): boolean {
    if (!this.#sizes.features.hasUninitGroups) return false;
    const flags = this.descriptor(group).view.getUint16(this.offsetOf(group) + GD.flags, true);
    return (flags & flag) !== 0;
  }

  /** Takes one of `GROUP_FLAG` from a group. */
  clearFlag(group: number, flag: number): void {
    const cached = this.descriptor(group);
    const at = this.offsetOf(group) + GD.flags;
    this.#cache.change(cached);
    cached.view.setUint16(at, cached.view.getUint16(at, true) & ~flag, true);
  }

  /** Adds to the free blocks of a group and of all. */
  addBlocksFree(group: number, delta: number): void {
    this.#set(group, GD.blocksFree, GD.blocksFreeHigh, this.blocksFreeIn(group) + delta);
    const value = this.blocksFree + delta;
    if (value < 0 || value > this.#sizes.blockCount) throw damaged("blocks");
    const cached = this.#superblock();
    const at = this.#sizes.superblockOffset;
    this.#cache.change(cached);
    cached.view.setUint32(at + SB.blocksFree, value >>> 0, true);
    if (!this.#sizes.features.has64Bit) return;
    cached.view.setUint32(at + SB.blocksFreeHigh, Math.floor(value / 2 ** 32), true);
  }

  /** Adds to the free inodes of a group and of all. */
  addInodesFree(group: number, delta: number): void {
    this.#set(group, GD.inodesFree, GD.inodesFreeHigh, this.inodesFreeIn(group) + delta);
    const value = this.inodesFree + delta;
    if (value < 0 || value > this.#sizes.inodeCount) throw damaged("inodes");
    this.setSuperblock(SB.inodesFree, value);
  }

  /** Adds to the directories of a group. */
  addDirectories(group: number, delta: number): void {
    this.#set(group, GD.directories, GD.directoriesHigh, this.directoriesIn(group) + delta);
  }

  /** The block that holds a group's descriptor. */
  descriptor(group: number): CachedBlock {
    const { descriptorsPerBlock } = this.#sizes;
    const index = Math.floor(group / descriptorsPerBlock);
    const block = descriptorBlock(this.#sizes, index);
    return this.#cache.get(block, BLOCK_KIND.descriptors, index * descriptorsPerBlock);
  }

  /** Where in its block a group's descriptor begins. */
  offsetOf(group: number): number {
    return (group % this.#sizes.descriptorsPerBlock) * this.#sizes.descriptorBytes;
  }

  #superblock(): CachedBlock {
    return this.#cache.get(this.#sizes.superblockBlock, BLOCK_KIND.superblock, 0);
  }

  #wide(low: number, high: number): number {
    const { view } = this.#superblock();
    const at = this.#sizes.superblockOffset;
    const upper = this.#sizes.features.has64Bit ? view.getUint32(at + high, true) : 0;
    return view.getUint32(at + low, true) + upper * 2 ** 32;
  }

  #get(group: number, low: number, high: number): number {
    const { view } = this.descriptor(group);
    const at = this.offsetOf(group);
    const upper = this.#sizes.features.has64Bit ? view.getUint16(at + high, true) : 0;
    return view.getUint16(at + low, true) + upper * 65_536;
  }

  #set(group: number, low: number, high: number, value: number): void {
    const { has64Bit } = this.#sizes.features;
    if (value < 0 || value > (has64Bit ? 0xffff_ffff : 0xffff)) throw damaged(`group ${group}`);
    const cached = this.descriptor(group);
    const at = this.offsetOf(group);
    this.#cache.change(cached);
    cached.view.setUint16(at + low, value & 0xffff, true);
    if (has64Bit) cached.view.setUint16(at + high, Math.floor(value / 65_536), true);
  }
}

function damaged(what: string): OsError {
  return new OsError("EUCLEAN", `counts of ${what}`);
}
