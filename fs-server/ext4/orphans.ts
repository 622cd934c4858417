/**
 * Inodes without a name that are still open: a list through the superblock's `lastOrphan` and the
 * inodes' `dtime`, as ext3 has it, so that whoever comes after a crash can free them.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Accounts } from "./accounts.ts";
import type { Inode, InodeTable } from "./inode.ts";
import { SUPERBLOCK as SB } from "./layouts/superblock.ts";

/** Most orphans: more than can be open, so that a longer list is damage. */
const ORPHANS_MAX = 65_536;

/** The list of orphans. */
export class Orphans {
  readonly #accounts: Accounts;
  readonly #inodes: InodeTable;

  /** Works on the list through the cache under both. */
  constructor(accounts: Accounts, inodes: InodeTable) {
    this.#accounts = accounts;
    this.#inodes = inodes;
  }

  /** Puts an inode at the head; the caller stores it. */
  add(inode: Inode): void {
    inode.dtime = this.#accounts.superblock(SB.lastOrphan);
    this.#accounts.setSuperblock(SB.lastOrphan, inode.number);
  }

  /** Takes an inode out; the caller stores it with a new `dtime`. Answers whether it was in. */
  remove(inode: Inode): boolean {
    const all = this.list();
    const place = all.indexOf(inode.number);
    if (place < 0) return false;
    const before = all[place - 1];
    if (before === undefined) {
      this.#accounts.setSuperblock(SB.lastOrphan, inode.dtime);
    } else {
      const previous = this.#inodes.load(before);
      previous.dtime = inode.dtime;
      this.#inodes.store(previous);
    }
    return true;
  }

  /**
   * All orphans, newest first.
   *
   * @throws {OsError} `EUCLEAN` if the list leads nowhere or in a circle.
   */
  list(): number[] {
    const all: number[] = [];
    const seen = new Set<number>();
    let number = this.#accounts.superblock(SB.lastOrphan);
    while (number !== 0) {
      if (seen.has(number) || all.length >= ORPHANS_MAX) {
        throw new OsError("EUCLEAN", "list of orphans");
      }
      seen.add(number);
      all.push(number);
      number = this.#inodes.load(number).dtime;
    }
    return all;
  }
}
