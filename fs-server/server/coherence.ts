/**
 * What the operations tell those who keep copies of files for clients: leases and mappings. All
 * calls are cheap where no client has any.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** A lease that is asked for. */
export interface LeaseRequest {
  readonly inode: number;
  /** Tells two lives of the inode's number apart. */
  readonly inodeGeneration: number;
  /** `LEASE.read` or `LEASE.write`. */
  readonly kind: number;
  /** The slot of the session, from 0. */
  readonly slot: number;
}

/** Keeps clients' copies and the file system one. */
export interface Coherence {
  /** Whether any client has a session. */
  readonly any: boolean;
  /**
   * Called before an inode's data, size or times are looked at: what clients have not written back
   * is written now. May commit, so before anything is changed in cached blocks.
   *
   * @param isOwnIo Whether the client itself reads or writes a range of which it has nothing.
   * @returns Whether the inode may have changed: whoever has loaded it loads it again.
   */
  look(inode: number, badge: number, isOwnIo?: boolean): boolean;
  /** The same before an inode's data or attributes are changed: others may keep nothing of it. */
  change(inode: number, badge: number, isOwnIo?: boolean): boolean;
  /** Called when an operation that called `change` is over, done or not, before it is answered. */
  settle(): void;
  /** Called after each commit: something has changed that `stat` of a path could tell. */
  raise(): void;
  /** Called when a time of access has become another. */
  accessed(inode: number): void;
  /** Called before an inode is freed, instead of `change`. */
  forget(inode: number): void;
  /** Called before a file takes blocks: those that clients' dirty bytes will need are theirs. */
  beforeGrowth(byteLength: number): void;
  /** Called when somebody begins to wait for changes: whatever is written is heard of from now on. */
  recallWriters(): void;
  /** Writes back what clients have of an inode. */
  flush(inode: number, badge: number): void;
  /** Writes back everything. */
  flushAll(): void;
  /** Called behind the close of a handle. */
  closed(badge: number, inode: number, stillHasWritableHandle: boolean): void;
  /** Called first when a client's life is over: writes back what it had not. */
  gone(badge: number): void;
  /** Writes back what has been dirty for long; answers how many things it did. */
  expire(): number;
  /** Begins a client's session. */
  attach(badge: number, session: Uint8Array): void;
  /** Gives a lease, or a lesser one, or none: answers its kind. */
  grant(badge: number, lease: LeaseRequest): number;
  /** Writes back what is dirty under a lease. */
  writeBack(badge: number, slot: number, release: boolean): void;
  /** Begins a mapping; answers the bytes of the file in it. */
  map(
    badge: number,
    handle: number,
    place: { readonly inode: number; readonly offset: number; readonly target: Uint8Array },
  ): number;
  /** Ends a mapping, or with no target all of a handle. */
  unmap(badge: number, handle: number, target?: Uint8Array): void;
}

/** Where no client keeps anything. */
export const NO_SESSIONS: Coherence = {
  any: false,
  look: () => false,
  change: () => false,
  settle() {},
  raise() {},
  accessed() {},
  forget() {},
  beforeGrowth() {},
  recallWriters() {},
  flush() {},
  flushAll() {},
  closed() {},
  gone() {},
  expire: () => 0,
  attach: () => noSession(),
  grant: () => 0,
  writeBack() {},
  map: () => noSession(),
  unmap() {},
};

function noSession(): never {
  throw new OsError("ENOMEM", "no room for sessions");
}
