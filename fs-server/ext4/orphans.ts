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
    if (this.#isEmpty) return false;
    let before: Inode | undefined;
    for (const number of this.#walk()) {
      if (number !== inode.number) {
        before = this.#inodes.load(number);
        continue;
      }
      if (before === undefined) {
        this.#accounts.setSuperblock(SB.lastOrphan, inode.dtime);
      } else {
        before.dtime = inode.dtime;
        this.#inodes.store(before);
      }
      return true;
    }
    return false;
  }

  /** Whether an inode is in. Hot path. */
  has(number: number): boolean {
    if (this.#isEmpty) return false;
    for (const other of this.#walk()) if (other === number) return true;
    return false;
  }

  /**
   * All orphans, newest first.
   *
   * @throws {OsError} `EUCLEAN` if the list leads nowhere or in a circle.
   */
  list(): number[] {
    return [...this.#walk()];
  }

  get #isEmpty(): boolean {
    return this.#accounts.superblock(SB.lastOrphan) === 0;
  }

  *#walk(): Generator<number> {
    let number = this.#accounts.superblock(SB.lastOrphan);
    for (let count = 0; number !== 0; count++) {
      if (count >= ORPHANS_MAX) throw new OsError("EUCLEAN", "list of orphans");
      const next = this.#inodes.load(number).dtime;
      yield number;
      number = next;
    }
  }
}
