/**
 * Operations on locks: at once, or when those in the way are gone.
 *
 * @module
 */

import { ERRNO, type Later, OsError } from "@hako/ipc";
import { LOCK, OPEN } from "../../protocol.ts";
import type { Caller } from "../caller.ts";
import { LockWaits } from "../lock_waits.ts";
import type { HeldLock, LockRequest, Locks } from "../locks.ts";
import type { OpenTable } from "../open_table.ts";

/** A range of an open file that is to be locked or unlocked. */
export interface RangeLock {
  readonly handle: number;
  /** The number by which the client tells its lock owners apart. */
  readonly owner: number;
  readonly kind: number;
  readonly offset: number;
  /** 0 reaches to the end, wherever that will be. */
  readonly byteLength: number;
}

/** How a request is answered that must wait; `undefined` where it must not. */
export type Wait = (() => Later) | undefined;

/** The operations on locks. */
export class Locking {
  readonly #table: OpenTable;
  readonly #locks: Locks;
  readonly #waits: LockWaits;

  /** Locks what is open in the table. */
  constructor(table: OpenTable, locks: Locks) {
    this.#table = table;
    this.#locks = locks;
    this.#waits = new LockWaits(locks);
  }

  /** How many requests wait. */
  get waitCount(): number {
    return this.#waits.count;
  }

  /** Locks a whole open file for its handle, or unlocks it. */
  flock(handle: number, kind: number, wait: Wait, caller: Caller): number | Later {
    const { client } = caller;
    if (kind > LOCK.exclusive) throw new OsError("EINVAL", `flock ${kind}`);
    const index = this.#open(handle, client);
    const inode = this.#table.inode(index);
    const place = { inode, isRange: false, client, owner: 0, handle };
    const wanted = { ...place, kind, start: 0, end: Infinity };
    const held = this.#locks.heldKind(wanted);
    if (held === kind) return 0;
    if (held !== LOCK.none && kind !== LOCK.none) {
      // As on Linux, a lock is given up before it is asked for as another kind.
      this.#locks.set({ ...wanted, kind: LOCK.none });
      this.#waits.grant(inode);
    }
    return this.#setOrWait(wanted, wait, caller);
  }

  /** Locks a range of an open file for an owner, or unlocks it. */
  lock(range: RangeLock, wait: Wait, caller: Caller): number | Later {
    const wanted = this.#rangeOf(range, caller);
    const access = this.#table.flags(this.#open(range.handle, caller.client)) & OPEN.accessMask;
    const lacks = (kind: number, flag: number) => range.kind === kind && access === flag;
    if (lacks(LOCK.shared, OPEN.writeOnly) || lacks(LOCK.exclusive, OPEN.readOnly)) {
      throw new OsError("EBADF", "lock: not open for that");
    }
    return this.#setOrWait(wanted, wait, caller);
  }

  /** The first lock in the way of such a lock. */
  testLock(range: RangeLock, caller: Caller): HeldLock | undefined {
    if (range.kind === LOCK.none) throw new OsError("EINVAL", "test a lock of no kind");
    return this.#locks.conflicts(this.#rangeOf(range, caller))[0];
  }

  /** A handle is closed: its locks are free, and whoever waits through it is told. */
  closed(handle: number, inode: number, client: number): void {
    if (this.#waits.count > 0) this.#waits.closed(handle, client, ERRNO.EBADF);
    if (this.#locks.heldCount === 0) return;
    if (this.#locks.releaseHandle(inode, handle, client)) this.#waits.grant(inode);
  }

  /** Clients are gone: only these are left. */
  onlyLeft(clients: ReadonlySet<number>): void {
    for (const inode of this.#locks.releaseOthersThan(clients)) this.#waits.grant(inode);
  }

  /** A client's life is over: nobody waits for what it has asked for. */
  clientGone(badge: number): void {
    this.#waits.forget(badge);
  }

  /** A client has made a further request: ends those of its waits that have lasted long enough. */
  outlived(caller: Caller): void {
    this.#waits.outlived(caller, ERRNO.EINTR);
  }

  /** Ends waits that nobody waits for any more. */
  sweep(): void {
    this.#waits.sweep(ERRNO.ECANCELED);
  }

  #setOrWait(wanted: LockRequest, wait: Wait, caller: Caller): number | Later {
    if (this.#locks.conflicts(wanted).length === 0) {
      this.#locks.set(wanted);
      if (this.#waits.count > 0) this.#waits.grant(wanted.inode);
      return 0;
    }
    if (wait === undefined) throw new OsError("EAGAIN", "lock");
    if (wanted.isRange) this.#waits.requireNoCircle(wanted);
    const later = wait();
    this.#waits.add(wanted, caller, later);
    return later;
  }

  #rangeOf({ handle, owner, kind, offset, byteLength }: RangeLock, caller: Caller): LockRequest {
    if (kind > LOCK.exclusive) throw new OsError("EINVAL", `lock ${kind}`);
    const { client } = caller;
    const inode = this.#table.inode(this.#open(handle, client));
    const end = byteLength === 0 ? Infinity : offset + byteLength;
    return { inode, isRange: true, client, owner, handle, kind, start: offset, end };
  }

  #open(handle: number, client: number): number {
    const index = this.#table.index(handle, client);
    if ((this.#table.flags(index) & OPEN.path) !== 0) throw new OsError("EBADF", "lock a path");
    return index;
  }
}
