/**
 * The file in which newer Linux notes its orphans, instead of chaining them through the superblock.
 * Hako keeps to the chain, which both understand: at a mount it moves there what the file holds.
 *
 * ```
 * block:   inode u32, inode, ... 0 where nobody stands | magic u32, checksum u32
 * ```
 * Source: Linux `Documentation/filesystems/ext4/orphan.rst`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND, type CachedBlock } from "../disk/cached_block.ts";
import type { Accounts } from "./accounts.ts";
import type { FileMap } from "./file_map.ts";
import type { Geometry } from "./geometry.ts";
import { type Inode, type InodeTable, isFile } from "./inode.ts";
import { READ_ONLY, SUPERBLOCK as SB } from "./layouts/superblock.ts";
import type { Orphans } from "./orphans.ts";

const TAIL_BYTES = 8;
const TAIL_MAGIC = 0x0b10_ca04;

/** Most blocks of the file: e2fsprogs makes 512 at most. */
const BLOCKS_MAX = 8192;

/** Blocks that one more orphan changes at most: its own, the one before it, superblock and file. */
const CHANGES_EACH = 4;

/** What moving orphans stands on. */
export interface OrphanFileParts {
  readonly cache: BlockCache;
  readonly geometry: Geometry;
  readonly accounts: Accounts;
  readonly map: Pick<FileMap, "lookup">;
  readonly inodes: InodeTable;
  readonly orphans: Orphans;
}

/**
 * Moves as many orphans from the file to the chain as one transaction holds.
 *
 * @returns Whether the file is empty now. If not, commit what there is and come again.
 * @throws {OsError} `EUCLEAN` or `EBADMSG` if the file is damaged.
 */
export function adoptOrphans(parts: OrphanFileParts): boolean {
  const { cache, geometry, accounts, map, inodes } = parts;
  const flags = accounts.superblock(SB.featuresReadOnly);
  if (!geometry.features.hasOrphanFile || (flags & READ_ONLY.orphanPresent) === 0) return true;
  const file = inodes.load(accounts.superblock(SB.orphanFileInode));
  const blockCount = file.size / cache.blockBytes;
  if (!isFile(file) || !Number.isInteger(blockCount) || blockCount > BLOCKS_MAX) throw damaged();
  for (let fileBlock = 0; fileBlock < blockCount; fileBlock++) {
    const { first } = map.lookup(file, fileBlock, 1);
    if (first === 0) throw damaged();
    if (!adoptFrom(first, file, parts)) return false;
  }
  accounts.setSuperblock(SB.featuresReadOnly, (flags & ~READ_ONLY.orphanPresent) >>> 0);
  return true;
}

/** Moves the orphans of one block; answers whether all of them. */
function adoptFrom(block: number, file: Inode, parts: OrphanFileParts): boolean {
  const { cache } = parts;
  const get = (): CachedBlock => cache.get(block, BLOCK_KIND.orphanFile, file.seed);
  const end = cache.blockBytes - TAIL_BYTES;
  if (get().view.getUint32(end, true) !== TAIL_MAGIC) throw damaged();
  for (let at = 0; at < end; at += 4) {
    const number = get().view.getUint32(at, true);
    if (number === 0) continue;
    if (cache.changedCount + CHANGES_EACH > cache.changedSoftMax) return false;
    adopt(number, file, parts);
    const cached = get();
    cache.change(cached);
    cached.view.setUint32(at, 0, true);
  }
  return true;
}

function adopt(number: number, file: Inode, { geometry, inodes, orphans }: OrphanFileParts): void {
  const { firstInode, inodeCount } = geometry.sizes;
  if (number < firstInode || number > inodeCount || number === file.number) throw damaged();
  const inode = inodes.load(number);
  // One that is free already, or was chained too: nothing is left to be done for it.
  if (inode.mode === 0 || orphans.has(number)) return;
  orphans.add(inode);
  inodes.store(inode);
}

function damaged(): OsError {
  return new OsError("EUCLEAN", "damaged file of orphans");
}
