/**
 * A check of a file system that nobody has mounted: reads all metadata, changes nothing, and says
 * what does not fit together. The passes are those of `e2fsck`: inodes and blocks, names, references,
 * bitmaps and counts.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import type { Disk } from "../disk/disk.ts";
import { Accounts } from "../ext4/accounts.ts";
import { isSet } from "../ext4/bitmap.ts";
import { MetadataChecksums } from "../ext4/checksums.ts";
import { GroupBitmaps } from "../ext4/group_bitmaps.ts";
import { blocksInGroup, descriptorBlock, Geometry, readSizes } from "../ext4/geometry.ts";
import { type Inode, InodeTable, isDirectory, isFile, isSymlink } from "../ext4/inode.ts";
import { DIR_TAIL_BYTES } from "../ext4/layouts/dir_entry.ts";
import { FLAGS_UNREADABLE, RESIZE_INODE, ROOT_INODE } from "../ext4/layouts/inode.ts";
import {
  SUPERBLOCK as SB,
  SUPERBLOCK_BYTES,
  SUPERBLOCK_OFFSET,
} from "../ext4/layouts/superblock.ts";
import { isFastSymlink } from "../ext4/symlink.ts";
import { visitBlocks } from "./blocks_of.ts";
import { Claims } from "./claims.ts";
import { type Finding, Findings } from "./finding.ts";
import { readNames, type SeenInode } from "./names.ts";

/** What a check found. */
export interface CheckReport {
  /** What is wrong, the first thousand of it. */
  readonly findings: readonly Finding[];
  /** How much is wrong in all. */
  readonly findingCount: number;
  /** Inodes that hold something. */
  readonly inodeCount: number;
  /** Directories among them. */
  readonly directoryCount: number;
}

/** How a check is made. */
export interface CheckOptions {
  /** Shared memory of at least 1 MiB; what stands there is lost. */
  readonly window: Uint8Array;
  /** Told how many groups of how many have been read. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Checks the file system on a disk.
 *
 * @throws {OsError} If it cannot be read at all: no file system, a feature that we lack, a disk error.
 */
export function checkFileSystem(disk: Disk, options: CheckOptions): CheckReport {
  return new Check(disk, options).run();
}

class Check {
  readonly #findings = new Findings();
  readonly #onProgress: (done: number, total: number) => void;
  readonly #cache: BlockCache;
  readonly #geometry: Geometry;
  readonly #accounts: Accounts;
  readonly #bitmaps: GroupBitmaps;
  readonly #table: InodeTable;
  readonly #claims: Claims;
  readonly #inodes = new Map<number, SeenInode>();
  /** By group: directories found. */
  readonly #directories: Uint32Array;
  /** By block of extended attributes: how many inodes share it, and how many say so. */
  readonly #shared = new Map<number, number>();

  constructor(disk: Disk, { window, onProgress }: CheckOptions) {
    const head = window.subarray(0, SUPERBLOCK_BYTES);
    disk.read(SUPERBLOCK_OFFSET, head);
    const sizes = readSizes(new DataView(head.slice().buffer), disk.byteLength);
    this.#cache = new BlockCache(disk, window, {
      blockBytes: sizes.blockBytes,
      integrity: new MetadataChecksums(sizes),
    });
    this.#geometry = new Geometry(sizes, (index) => {
      const owner = index * sizes.descriptorsPerBlock;
      return this.#cache.get(descriptorBlock(sizes, index), BLOCK_KIND.descriptors, owner).view;
    });
    this.#accounts = new Accounts(this.#cache, sizes);
    this.#bitmaps = new GroupBitmaps(this.#cache, this.#geometry, this.#accounts);
    this.#directories = new Uint32Array(sizes.groupCount);
    this.#table = new InodeTable(this.#cache, this.#geometry);
    this.#claims = new Claims(sizes.blockCount, this.#findings);
    this.#onProgress = onProgress ?? (() => {});
  }

  run(): CheckReport {
    const { sizes } = this.#geometry;
    this.#claimMetadata();
    for (let group = 0; group < sizes.groupCount; group++) {
      this.#attempt(`group ${group}`, () => this.#readInodes(group));
      this.#onProgress(group + 1, sizes.groupCount);
    }
    readNames({
      cache: this.#cache,
      rules: {
        blockBytes: sizes.blockBytes,
        end: sizes.blockBytes - (sizes.features.hasChecksums ? DIR_TAIL_BYTES : 0),
        inodeCount: sizes.inodeCount,
      },
      hasHtree: sizes.features.hasHtree,
      inodes: this.#inodes,
      findings: this.#findings,
    });
    this.#compareReferences();
    this.#compareAttributeBlocks();
    for (let group = 0; group < sizes.groupCount; group++) {
      this.#attempt(`group ${group}`, () => this.#compareGroup(group));
    }
    this.#compareTotals();
    return {
      findings: this.#findings.first,
      findingCount: this.#findings.count,
      inodeCount: this.#inodes.size,
      directoryCount: [...this.#inodes.values()].filter(({ inode }) => isDirectory(inode)).length,
    };
  }

  /** Goes on where something cannot be read, and tells of it. */
  #attempt(where: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      this.#findings.add(where, error.message);
    }
  }

  #claimMetadata(): void {
    const { groupCount, firstDataBlock } = this.#geometry.sizes;
    for (let group = 0; group < groupCount; group++) {
      this.#geometry.eachZone(group, (first, count) => {
        // The superblock of blocks of 2 and 4 KiB lies in block 0, which is nobody's.
        const skipped = first === 0 ? 1 : 0;
        if (first >= firstDataBlock && count > skipped) {
          this.#claims.claim(first + skipped, count - skipped, `group ${group}`);
        }
      });
    }
  }

  #readInodes(group: number): void {
    const { sizes } = this.#geometry;
    const used = sizes.inodesPerGroup - this.#accounts.inodesUnusedIn(group);
    const bits = this.#bitmaps.inodes(group).slice();
    let free = 0;
    for (let index = 0; index < sizes.inodesPerGroup; index++) {
      if (!isSet(bits, index)) {
        free++;
        continue;
      }
      const number = group * sizes.inodesPerGroup + index + 1;
      if (index >= used) {
        this.#findings.add(`inode ${number}`, "is in use behind the last one used");
      }
      this.#attempt(`inode ${number}`, () => this.#readInode(number));
    }
    this.#compare(`group ${group}`, "free inodes", this.#accounts.inodesFreeIn(group), free);
  }

  #readInode(number: number): void {
    const inode = this.#table.load(number);
    const isReserved = number < this.#geometry.sizes.firstInode && number !== ROOT_INODE;
    if (inode.mode === 0 && inode.links === 0) {
      if (!isReserved) this.#findings.add(`inode ${number}`, "is marked as in use and empty");
      return;
    }
    if (isDirectory(inode)) {
      const group = this.#geometry.groupOfInode(number);
      this.#directories[group] = (this.#directories[group] ?? 0) + 1;
    }
    const blocks = this.#claimBlocks(inode);
    this.#inodes.set(number, { inode, blocks, references: 0, parent: 0 });
  }

  /** Claims all blocks of an inode; answers those of a directory in their order. */
  #claimBlocks(inode: Inode): number[] {
    const { sizes } = this.#geometry;
    const where = `inode ${inode.number}`;
    const blocks: number[] = [];
    let count = 0;
    let endBlock = 0;
    const hasMap = isFile(inode) || isDirectory(inode) || inode.number < sizes.firstInode ||
      (isSymlink(inode) && !isFastSymlink(inode, sizes.blockBytes));
    if (hasMap && (inode.flags & FLAGS_UNREADABLE) === 0) {
      this.#attempt(where, () =>
        visitBlocks(this.#cache, inode, (first, run, fileBlock) => {
          count += run;
          if (fileBlock !== undefined) endBlock = Math.max(endBlock, fileBlock + run);
          if (isDirectory(inode) && fileBlock !== undefined) {
            for (let at = 0; at < run; at++) blocks[fileBlock + at] = first + at;
          }
          // The inode for growth owns blocks that the table of descriptors has kept for it.
          const isKept = inode.number === RESIZE_INODE && !this.#geometry.isOwnable(first);
          if (!isKept) this.#claims.claim(first, run, where);
        }));
    }
    if (inode.attributeBlock !== 0) {
      count++;
      const sharers = this.#shared.get(inode.attributeBlock) ?? 0;
      if (sharers === 0) this.#claims.claim(inode.attributeBlock, 1, where);
      this.#shared.set(inode.attributeBlock, sharers + 1);
    }
    if (inode.sectors !== count * (sizes.blockBytes / 512)) {
      const right = count * (sizes.blockBytes / 512);
      this.#findings.add(where, `says ${inode.sectors} sectors, and has ${right}`);
    }
    if (isFile(inode) && inode.size > sizes.blockBytes * 2 ** 32) {
      this.#findings.add(where, `has ${inode.size} bytes`);
    }
    if (isSymlink(inode) && endBlock > 1) this.#findings.add(where, "is a link of many blocks");
    return blocks;
  }

  #compareReferences(): void {
    const { firstInode, features } = this.#geometry.sizes;
    const orphans = this.#orphans();
    const orphanFile = features.hasOrphanFile ? this.#accounts.superblock(SB.orphanFileInode) : 0;
    for (const [number, { inode, references, parent }] of this.#inodes) {
      if (number < firstInode && number !== ROOT_INODE) continue;
      const where = `inode ${number}`;
      if (orphans.has(number) || number === orphanFile) continue;
      if (references === 0 || (isDirectory(inode) && parent === 0)) {
        this.#findings.add(where, "no name leads to it");
      } else if (inode.links !== references) {
        const isMany = inode.links === 1 && features.hasDirNlink && isDirectory(inode);
        if (!isMany) this.#findings.add(where, `says ${inode.links} names, and has ${references}`);
      }
    }
  }

  #orphans(): Set<number> {
    const orphans = new Set<number>();
    let number = this.#accounts.superblock(SB.lastOrphan);
    while (number !== 0) {
      const inode = this.#inodes.get(number)?.inode;
      if (orphans.has(number) || inode === undefined) {
        this.#findings.add("superblock", `the list of orphans leads to inode ${number}`);
        break;
      }
      orphans.add(number);
      number = inode.dtime;
    }
    return orphans;
  }

  #compareAttributeBlocks(): void {
    for (const [block, sharers] of this.#shared) {
      this.#attempt(`block ${block}`, () => {
        const { view } = this.#cache.get(block, BLOCK_KIND.attributes);
        const said = view.getUint32(4, true);
        if (said !== sharers) {
          this.#findings.add(`block ${block}`, `says ${said} sharers, and has ${sharers}`);
        }
      });
    }
  }

  #compareGroup(group: number): void {
    const { sizes } = this.#geometry;
    const accounts = this.#accounts;
    const first = this.#geometry.firstBlockOf(group);
    const count = blocksInGroup(sizes, group);
    let free = 0;
    let wrong = 0;
    const bits = this.#bitmaps.blocks(group).slice();
    for (let index = 0; index < count; index++) {
      const block = first + index;
      const isOwned = block === 0 || this.#claims.has(block);
      if (!isOwned) free++;
      if (isSet(bits, index) === isOwned) continue;
      if (++wrong > 3) continue;
      this.#findings.add(`block ${block}`, isOwned ? "is in use and free" : "is taken by nobody");
    }
    if (wrong > 3) this.#findings.add(`group ${group}`, `${wrong} bits of its bitmap are wrong`);
    this.#compare(`group ${group}`, "free blocks", accounts.blocksFreeIn(group), free);
    const directories = this.#directories[group] ?? 0;
    this.#compare(`group ${group}`, "directories", accounts.directoriesIn(group), directories);
  }

  #compareTotals(): void {
    const { groupCount, features } = this.#geometry.sizes;
    let blocks = 0;
    let inodes = 0;
    for (let group = 0; group < groupCount; group++) {
      blocks += this.#accounts.blocksFreeIn(group);
      inodes += this.#accounts.inodesFreeIn(group);
    }
    this.#compare("superblock", "free inodes", this.#accounts.inodesFree, inodes);
    if (!features.hasClusters) {
      this.#compare("superblock", "free blocks", this.#accounts.blocksFree, blocks);
    }
  }

  #compare(where: string, what: string, said: number, right: number): void {
    if (said !== right) this.#findings.add(where, `says ${said} ${what}, and has ${right}`);
  }
}
