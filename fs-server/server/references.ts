/**
 * References: inodes that a path names by number and generation (`layouts/reference.ts`).
 *
 * Source of the rules: Linux `fs/ext4/super.c` (`ext4_nfs_get_inode`), `fs/ext4/inode.c`
 * (`ext4_iget` with `EXT4_IGET_HANDLE`).
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Accounts } from "../ext4/accounts.ts";
import type { Geometry } from "../ext4/geometry.ts";
import type { Inode, InodeTable } from "../ext4/inode.ts";
import type { InodeAllocation } from "../ext4/inode_allocation.ts";
import { ROOT_INODE } from "../ext4/layouts/inode.ts";
import { SUPERBLOCK as SB } from "../ext4/layouts/superblock.ts";
import { REFERENCE, REFERENCE_BYTES } from "../layouts/reference.ts";

/** What references stand on. */
export interface ReferenceParts {
  readonly geometry: Geometry;
  readonly accounts: Accounts;
  readonly inodes: InodeTable;
  readonly inodeAllocation: InodeAllocation;
  /** Whether clients may name inodes so. */
  readonly mayRefer: boolean;
  /** Whether somebody has an inode open. */
  readonly isOpen: (inode: number) => boolean;
}

/** Reads references. */
export class References {
  readonly #parts: ReferenceParts;
  /** Inodes that hold what is the file system's own, besides the first ones. */
  readonly #hidden: readonly number[];

  /** Reads those of a mounted file system. */
  constructor(parts: ReferenceParts) {
    this.#parts = parts;
    const { accounts, geometry: { sizes: { features } } } = parts;
    this.#hidden = [
      features.hasJournal ? accounts.superblock(SB.journalInode) : 0,
      features.hasOrphanFile ? accounts.superblock(SB.orphanFileInode) : 0,
      // With quotas the file system is only read.
      features.readOnlyBecause.length > 0 ? accounts.superblock(SB.projectQuotaInode) : 0,
    ];
  }

  /**
   * The inode that a path begins with, read from a copy of it. Hot path.
   *
   * @throws {OsError} `EINVAL` if it is no reference; `EPERM` if clients may name none; `ESTALE` if
   *   there is no such inode any more, or never was.
   */
  load(path: Uint8Array, byteLength: number): Inode {
    if (byteLength < REFERENCE_BYTES) throw new OsError("EINVAL", "path with a NUL");
    if (!this.#parts.mayRefer) throw new OsError("EPERM", "reference");
    const number = wordAt(path, REFERENCE.inode);
    const inode = this.#load(number);
    const isSame = inode.number === ROOT_INODE ||
      inode.generation === wordAt(path, REFERENCE.generation);
    const isThere = inode.links > 0 || this.#parts.isOpen(number);
    if (!isSame || !isThere || inode.mode === 0) throw stale(number);
    return inode;
  }

  #load(number: number): Inode {
    const { geometry: { sizes }, inodes, inodeAllocation } = this.#parts;
    const isReserved = number < sizes.firstInode && number !== ROOT_INODE;
    if (isReserved || number > sizes.inodeCount || this.#hidden.includes(number)) {
      throw stale(number);
    }
    try {
      return inodes.load(number);
    } catch (error) {
      // What was never used may hold anything.
      if (error instanceof OsError && !inodeAllocation.isTaken(number)) throw stale(number);
      throw error;
    }
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
  return (low | (bytes[at + 3]! << 24)) >>> 0;
}

function stale(number: number): OsError {
  return new OsError("ESTALE", `reference to inode ${number}`);
}
