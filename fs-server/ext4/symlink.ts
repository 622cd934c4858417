/**
 * The targets of symbolic links: short ones in place of the inode's block pointers, longer ones in
 * a block.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import type { BlockAllocation } from "./block_allocation.ts";
import type { FileMap } from "./file_map.ts";
import type { Geometry } from "./geometry.ts";
import { type Inode, isSymlink } from "./inode.ts";
import { FAST_SYMLINK_BYTES_MAX } from "./layouts/inode.ts";

/** What targets stand on. */
export interface SymlinkParts {
  readonly cache: Pick<BlockCache, "get" | "fresh">;
  readonly geometry: Pick<Geometry, "sizes" | "goalFor">;
  readonly allocation: Pick<BlockAllocation, "take">;
  readonly map: Pick<FileMap, "begin" | "lookup" | "assign">;
}

/** Whether a symbolic link keeps its target in place of the block pointers. */
export function isFastSymlink(inode: Inode, blockBytes: number): boolean {
  const attributeSectors = inode.attributeBlock === 0 ? 0 : blockBytes / 512;
  return isSymlink(inode) && inode.sectors === attributeSectors;
}

/** The targets of a file system's symbolic links. */
export class Symlinks {
  readonly #parts: SymlinkParts;
  readonly #blockBytes: number;

  /** Works on inodes, and on blocks through the cache. */
  constructor(parts: SymlinkParts) {
    this.#parts = parts;
    this.#blockBytes = parts.geometry.sizes.blockBytes;
  }

  /** Most bytes of a target. */
  get bytesMax(): number {
    return this.#blockBytes - 1;
  }

  /**
   * Copies where a link points; answers the count of bytes, at least 1.
   *
   * @param target At least `bytesMax` bytes.
   * @throws {OsError} `EUCLEAN`
   */
  read(link: Inode, target: Uint8Array): number {
    const bytes = this.#bytesOf(link);
    const { size } = link;
    if (size === 0 || size >= bytes.byteLength) throw damaged(link);
    for (let at = 0; at < size; at++) {
      const byte = bytes[at] as number;
      if (byte === 0) throw damaged(link);
      target[at] = byte;
    }
    return size;
  }

  /** Gives a new link its target, with a char for each byte; changes the inode. */
  write(link: Inode, target: string): void {
    if (target.length > this.bytesMax) throw new OsError("ENAMETOOLONG", "symlink");
    link.size = target.length;
    if (target.length <= FAST_SYMLINK_BYTES_MAX) return setBytes(pointerBytes(link), target);
    const { allocation, cache, geometry, map } = this.#parts;
    map.begin(link);
    const run = allocation.take(geometry.goalFor(link.number), 1);
    map.assign(link, 0, run);
    setBytes(cache.fresh(run.first, BLOCK_KIND.symlink).bytes, target);
  }

  #bytesOf(link: Inode): Uint8Array {
    if (isFastSymlink(link, this.#blockBytes)) return pointerBytes(link);
    const { first, isUnwritten } = this.#parts.map.lookup(link, 0, 1);
    if (first === 0 || isUnwritten) throw damaged(link);
    return this.#parts.cache.get(first, BLOCK_KIND.symlink).bytes;
  }
}

function pointerBytes({ pointers }: Inode): Uint8Array {
  return new Uint8Array(pointers.buffer, pointers.byteOffset, pointers.byteLength);
}

function setBytes(target: Uint8Array, text: string): void {
  for (let index = 0; index < text.length; index++) target[index] = text.charCodeAt(index);
}

function damaged(link: Inode): OsError {
  return new OsError("EUCLEAN", `symbolic link ${link.number}`);
}
