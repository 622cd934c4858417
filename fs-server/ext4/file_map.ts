/**
 * Which block of the disk holds which block of a file, whatever way the inode keeps that: one face
 * over block pointers and extents.
 *
 * The last stretch looked up is remembered until anything changes, so that going through a file,
 * or about in a file that lies together, does not walk its tree again and again.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockAllocation, BlockRun } from "./block_allocation.ts";
import type { BlockCache } from "../disk/block_cache.ts";
import { BlockPointers } from "./block_pointers.ts";
import { Extents } from "./extents.ts";
import type { Geometry } from "./geometry.ts";
import { type Inode, isDirectory, isFile, isSymlink } from "./inode.ts";
import { EXTENT_FILE_BLOCKS_MAX, FLAG_EXTENTS } from "./layouts/extent.ts";
import type { BlockMapping, FileRun, Stretch } from "./map_parts.ts";

/** Blocks of files. */
export class FileMap {
  readonly #geometry: Geometry;
  readonly #pointers: BlockPointers;
  readonly #extents: Extents;
  /** The stretch last looked up, and whose it is. */
  readonly #seen: Stretch = { from: 0, to: 0, first: 0, isUnwritten: false };
  #seenInode = 0;
  readonly #pointersMax: number;
  readonly #extentsMax: number;
  readonly #sectorsMax: number;
  readonly #sectorsPerBlock: number;

  /** Works on maps through `cache`. */
  constructor(cache: BlockCache, geometry: Geometry, allocation: BlockAllocation) {
    this.#geometry = geometry;
    this.#pointers = new BlockPointers({ cache, geometry, allocation });
    this.#extents = new Extents({ cache, geometry, allocation });
    this.#sectorsPerBlock = cache.blockBytes / 512;
    this.#sectorsMax = geometry.features.hasHugeFile ? 2 ** 48 - 1 : 2 ** 32 - 1;
    const countedMax = Math.floor((this.#sectorsMax * 512) / cache.blockBytes);
    const perBlock = cache.blockBytes / 4;
    // The indirect blocks of a file without holes are counted too.
    const dataMax = Math.floor(countedMax / (1 + 1 / perBlock + 1 / perBlock ** 2)) - 4;
    this.#pointersMax = Math.min(this.#pointers.reach, dataMax);
    this.#extentsMax = Math.min(EXTENT_FILE_BLOCKS_MAX, countedMax);
  }

  /** Gives a new inode, which will have blocks, an empty map: extents where there is that feature. */
  begin(inode: Inode): void {
    this.#seenInode = 0;
    if (!this.#geometry.features.hasExtents) return;
    inode.flags |= FLAG_EXTENTS;
    this.#extents.begin(inode);
  }

  /** Whether the inode has extents, so that it can own blocks that read as zeros. */
  hasExtents(inode: Inode): boolean {
    return (inode.flags & FLAG_EXTENTS) !== 0;
  }

  /** Whether the inode has a map: no device has, nor a symbolic link that keeps its target itself. */
  hasMap(inode: Inode): boolean {
    if (isFile(inode) || isDirectory(inode)) return true;
    if (!isSymlink(inode)) return false;
    const attributeSectors = inode.attributeBlock === 0 ? 0 : this.#sectorsPerBlock;
    return inode.sectors !== attributeSectors;
  }

  /** Most blocks that a file with this inode's map can have. */
  blocksMax(inode: Inode): number {
    return this.hasExtents(inode) ? this.#extentsMax : this.#pointersMax;
  }

  /**
   * The run of blocks that holds a file from `fileBlock` on, or with `first` 0 a hole there. It may
   * end although the file goes on in the next block of the disk. Hot path.
   *
   * @param countMax Most blocks of the run.
   * @throws {OsError} `EUCLEAN` if the map leads where no file's data can be.
   */
  lookup(inode: Inode, fileBlock: number, countMax: number): FileRun {
    const seen = this.#seen;
    if (inode.number !== this.#seenInode || fileBlock < seen.from || fileBlock >= seen.to) {
      this.#find(inode, fileBlock);
    }
    return {
      first: seen.first === 0 ? 0 : seen.first + (fileBlock - seen.from),
      count: Math.min(seen.to - fileBlock, countMax),
      isUnwritten: seen.isUnwritten,
    };
  }

  /** The whole stretch around a file block, as far as the map tells it at once. */
  stretch(inode: Inode, fileBlock: number): Stretch {
    this.lookup(inode, fileBlock, 1);
    return { ...this.#seen };
  }

  /** Where a new block for `fileBlock` should lie: behind the one before it, else near the inode. */
  goal(inode: Inode, fileBlock: number): number {
    if (fileBlock > 0) {
      const { first } = this.lookup(inode, fileBlock - 1, 1);
      if (first !== 0) return first + 1;
    }
    return this.#geometry.goalFor(inode.number);
  }

  /**
   * How many blocks the map itself takes at most for one more run at `fileBlock`, or for so many
   * pieces as marking a part of a run makes of it.
   *
   * @param pieces 1 for a run into a hole, 2 for `markWritten` and `punch`.
   */
  missing(inode: Inode, fileBlock: number, pieces = 1): number {
    return this.#mapping(inode).missing(inode, fileBlock, pieces);
  }

  /**
   * Lets a run of blocks, just taken, hold a file from `fileBlock` on, where it has a hole; changes
   * `inode`.
   *
   * @param isUnwritten Whether they read as zeros; only for an inode with extents.
   * @throws {OsError} `EFBIG` if the inode cannot count so many blocks.
   */
  assign(inode: Inode, fileBlock: number, run: BlockRun, isUnwritten = false): void {
    this.#seenInode = 0;
    this.#mapping(inode).assign(inode, fileBlock, run, isUnwritten);
    if (inode.sectors > this.#sectorsMax) throw new OsError("EFBIG", `inode ${inode.number}`);
  }

  /** Lets blocks of a range without holes be read as they are from now on; changes `inode`. */
  markWritten(inode: Inode, fileBlock: number, count: number): void {
    this.#seenInode = 0;
    if (!this.hasExtents(inode)) return;
    this.#extents.mark(inode, fileBlock, fileBlock + count, false);
  }

  /** Lets blocks of a range without holes be read as zeros; only for an inode with extents. */
  markUnwritten(inode: Inode, fileBlock: number, count: number): void {
    this.#seenInode = 0;
    this.#extents.mark(inode, fileBlock, fileBlock + count, true);
  }

  /**
   * Gives back the blocks of a file from file block `from` to its end, last ones first; changes
   * `inode`. It stops early when the transaction would become too large.
   *
   * @param isMetadata Whether the file's own blocks may be in the cache: those of a directory.
   * @returns The first file block that was given back; `from` when all are.
   */
  release(inode: Inode, from: number, isMetadata: boolean): number {
    this.#seenInode = 0;
    return this.#mapping(inode).punch(inode, { from, to: Number.MAX_SAFE_INTEGER, isMetadata });
  }

  /**
   * Gives back the blocks of file blocks `[from, to)`, last ones first; changes `inode`. It stops
   * early when the transaction would become too large.
   *
   * @returns The first file block that was given back; `from` when all are.
   * @throws {OsError} `ENOSPC` if a run must become two and there is no block to note that.
   */
  punch(inode: Inode, from: number, to: number): number {
    this.#seenInode = 0;
    return this.#mapping(inode).punch(inode, { from, to, isMetadata: false });
  }

  /** Forgets what it knows and has half done: the operation is rolled back. */
  abandon(): void {
    this.#seenInode = 0;
    this.#pointers.abandon();
  }

  #find(inode: Inode, fileBlock: number): void {
    const seen = this.#seen;
    // Nobody's, until it is whole.
    this.#seenInode = 0;
    const reach = this.hasExtents(inode) ? EXTENT_FILE_BLOCKS_MAX : this.#pointers.reach;
    if (fileBlock >= reach) {
      throw new OsError("EUCLEAN", `size of inode ${inode.number}`);
    }
    this.#mapping(inode).find(inode, fileBlock, seen);
    this.#seenInode = inode.number;
  }

  #mapping(inode: Inode): BlockMapping {
    return (inode.flags & FLAG_EXTENTS) !== 0 ? this.#extents : this.#pointers;
  }
}
