/**
 * What sessions need of a mounted file system.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { NO_REQUEST } from "../disk/disk.ts";
import type { BlockRun } from "../ext4/block_allocation.ts";
import { type Inode, isFile } from "../ext4/inode.ts";
import { putAttributes } from "./attributes_record.ts";
import type { Changes } from "./changes.ts";
import type { Mount } from "./mount.ts";
import { modeAfterWrite, ROOT } from "./permissions.ts";
import type { DirtyRun } from "./session.ts";
import type { SessionFiles } from "./session_place.ts";

/** A run of memory and the blocks to which it goes. */
interface PlacedRun {
  readonly source: Uint8Array;
  readonly blocks: readonly BlockRun[];
}

/** The files of a mount, for sessions. */
export class MountedFiles implements SessionFiles {
  readonly inodeCount: number;
  readonly #mount: Mount;
  readonly #changes: Changes;

  /** Commits through the changes of the mount. */
  constructor(mount: Mount, changes: Changes) {
    this.inodeCount = mount.geometry.sizes.inodeCount;
    this.#mount = mount;
    this.#changes = changes;
  }

  /** Bytes that anybody could still write. */
  bytesFree(): number {
    const { blocksFree, blocksReserved } = this.#mount.accounts;
    return Math.max(0, blocksFree - blocksReserved) * this.#mount.blockBytes;
  }

  /** Whether somebody waits to hear of changes of a file. */
  isWatched(inode: number): boolean {
    return this.#mount.watches.isWatched(inode);
  }

  /** Whether an inode is still the file that it was. */
  isSame(inode: number, inodeGeneration: number): boolean {
    try {
      const { generation, links, mode } = this.#mount.inodes.load(inode);
      if (generation !== inodeGeneration || mode === 0) return false;
      return links > 0 || this.#mount.table.countOf(inode) > 0;
    } catch (error) {
      if (error instanceof OsError) return false;
      throw error;
    }
  }

  /** Writes runs of a client's window to a file: what has its blocks already, in one go. */
  writeBack(number: number, runs: readonly DirtyRun[], badge: number): void {
    const { inodes, news, allocation } = this.#mount;
    const inode = inodes.load(number);
    // Whoever it is that looks now: what was written was promised.
    allocation.actFor(ROOT);
    if (!isFile(inode)) throw new OsError("EUCLEAN", "write back to what is no file");
    const inPlace: PlacedRun[] = [];
    for (const run of runs) {
      const blocks = this.#blocksOf(inode, run);
      if (blocks === undefined) this.#write(number, run);
      else inPlace.push({ source: run.source, blocks });
    }
    if (inPlace.length > 0) this.#overwrite(number, inPlace);
    news.written(number, badge);
  }

  /** The blocks of a run that is whole blocks, if all are there. */
  #blocksOf(inode: Inode, { offset, source }: DirtyRun): BlockRun[] | undefined {
    const { map, blockBytes } = this.#mount;
    const { byteLength } = source;
    const isWhole = offset % blockBytes === 0 && byteLength % blockBytes === 0;
    if (!isWhole || offset + byteLength > inode.size) return undefined;
    const blocks: BlockRun[] = [];
    const end = (offset + byteLength) / blockBytes;
    for (let at = offset / blockBytes; at < end;) {
      const { first, count, isUnwritten } = map.lookup(inode, at, end - at);
      if (first === 0 || isUnwritten) return undefined;
      blocks.push({ first, count });
      at += count;
    }
    return blocks;
  }

  /** Writes over what is there; runs that are neighbours in memory go together. */
  #overwrite(number: number, runs: PlacedRun[]): void {
    const { cache, point } = this.#mount;
    runs.sort((one, other) => one.source.byteOffset - other.source.byteOffset);
    point("fs.write.before-data");
    for (let first = 0, last; first < runs.length; first = last + 1) {
      last = first;
      while (last + 1 < runs.length && isNext(runs[last]!.source, runs[last + 1]!.source)) last++;
      const { buffer, byteOffset } = runs[first]!.source;
      const end = runs[last]!.source.byteOffset + runs[last]!.source.byteLength;
      const blocks = runs.slice(first, last + 1).flatMap((run) => run.blocks);
      cache.writeDataVector(blocks, new Uint8Array(buffer, byteOffset, end - byteOffset));
    }
    point("fs.write.after-data");
    this.#changes.undoOnError(() => this.#commitWritten(number));
  }

  #commitWritten(number: number): void {
    const inode = this.#mount.inodes.load(number);
    inode.mode = modeAfterWrite(inode, ROOT);
    this.#changes.touch(inode);
    this.#changes.commit("write", NO_REQUEST, 0);
  }

  #write(number: number, { offset, source }: DirtyRun): void {
    const { inodes, data } = this.#mount;
    for (let done = 0; done < source.byteLength;) {
      const count = this.#changes.undoOnError(() => {
        const inode = inodes.load(number);
        inode.mode = modeAfterWrite(inode, ROOT);
        const written = data.write(inode, offset + done, source.subarray(done));
        this.#changes.touch(inode);
        this.#changes.commit("write", NO_REQUEST, 0);
        return written;
      });
      if (count === 0) throw new OsError("ENOSPC", "write back");
      done += count;
    }
  }

  /** Writes the record of `layouts/attributes.ts`. */
  attributes(inode: number, target: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = target;
    putAttributes(this.#mount.inodes.load(inode), new DataView(buffer, byteOffset, byteLength));
  }

  /** Reads; what lies behind the end of the file becomes zero. */
  readMapped(number: number, offset: number, target: Uint8Array): number {
    const count = this.#mount.data.read(this.#mount.inodes.load(number), offset, target);
    target.fill(0, count);
    return count;
  }
}

function isNext(one: Uint8Array, other: Uint8Array): boolean {
  return other.byteOffset === one.byteOffset + one.byteLength;
}
