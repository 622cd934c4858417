/**
 * Locks on files, in a keep: whole files as `flock` locks them, and ranges of bytes as `fcntl` does.
 * The two kinds do not see each other, as on Linux.
 *
 * A record never changes: what a request needs new is written first, then what it replaces is freed.
 * Whoever dies in between leaves bytes locked twice by one owner, the stronger lock counts, and the
 * request, done again, ends where it would have ended. Nothing that was locked is free meanwhile.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { LOCK } from "../protocol.ts";
import { LOCK_ENTRY as ENTRY, LOCK_STATE, LOCK_WORDS, type Region } from "./layouts/open_keep.ts";

/** Who holds a lock, and of what. */
export interface LockPlace {
  readonly inode: number;
  /** Whether it is of a range, and so the owner's; else it is the handle's. */
  readonly isRange: boolean;
  readonly client: number;
  readonly owner: number;
  /** The handle through which it was taken. */
  readonly handle: number;
  readonly start: number;
  /** The first byte behind it; infinity where it reaches to the end. */
  readonly end: number;
}

/** A lock that is asked for. */
export interface LockRequest extends LockPlace {
  /** `LOCK.shared`, `LOCK.exclusive`; `LOCK.none` to unlock. */
  readonly kind: number;
}

/** A lock that is held. */
export interface HeldLock extends LockRequest {
  /** The index of its record. */
  readonly index: number;
}

/** The locks of a boot. */
export class Locks {
  readonly #words: Uint32Array;
  readonly #floats: Float64Array;
  readonly #count: number;
  readonly #byInode = new Map<number, HeldLock[]>();
  readonly #free: number[] = [];

  /** Takes over what stands in the keep. */
  constructor({ words, count }: Region) {
    this.#words = words;
    this.#floats = new Float64Array(words.buffer, words.byteOffset, (count * LOCK_WORDS) / 2);
    this.#count = count;
    for (let index = count - 1; index >= 0; index--) this.#inherit(index);
  }

  /** How many records are in use. */
  get heldCount(): number {
    return this.#count - this.#free.length;
  }

  /** The locks that stand in the way of another, those that begin first first. */
  conflicts(wanted: LockRequest): HeldLock[] {
    if (wanted.kind === LOCK.none) return [];
    const held = this.#byInode.get(wanted.inode) ?? [];
    return held.filter((lock) =>
      (lock.kind === LOCK.exclusive || wanted.kind === LOCK.exclusive) &&
      lock.isRange === wanted.isRange && !isSameHolder(lock, wanted) &&
      lock.start < wanted.end && wanted.start < lock.end
    ).sort((one, other) => one.start - other.start || one.index - other.index);
  }

  /** What the holder of such a lock holds already, as one kind on all of the range, or none. */
  heldKind(wanted: LockPlace): number {
    const mine = this.#mine(wanted);
    const [first] = mine;
    const isAll = first !== undefined && first.start <= wanted.start && first.end >= wanted.end;
    return mine.length === 1 && isAll ? first.kind : LOCK.none;
  }

  /**
   * Puts a lock in place of what its holder has in that range; nothing of others may be in the way.
   *
   * @throws {OsError} `ENOLCK` if there is no room, before anything has changed.
   */
  set(wanted: LockRequest): void {
    let { start, end } = wanted;
    const replaced = [];
    const added: LockRequest[] = [];
    for (const lock of this.#mine(wanted)) {
      const isAlike = lock.kind === wanted.kind;
      if (!isAlike && (lock.start >= wanted.end || lock.end <= wanted.start)) continue;
      replaced.push(lock);
      if (isAlike) {
        start = Math.min(start, lock.start);
        end = Math.max(end, lock.end);
        continue;
      }
      if (lock.start < wanted.start) added.push({ ...lock, end: wanted.start });
      if (lock.end > wanted.end) added.push({ ...lock, start: wanted.end });
    }
    if (wanted.kind !== LOCK.none) added.push({ ...wanted, start, end });
    if (added.length > this.#free.length) throw new OsError("ENOLCK", "lock");
    for (const lock of added) this.#add(lock);
    for (const lock of replaced) this.#remove(lock);
  }

  /** Frees what a close of the handle frees; answers whether that is anything. */
  releaseHandle(inode: number, handle: number, client: number): boolean {
    return this.#release(inode, (lock) =>
      lock.client === client &&
      (lock.handle === handle || (lock.isRange && lock.owner === 0)));
  }

  /** Frees what clients hold that are not among these; answers the inodes. */
  releaseOthersThan(clients: ReadonlySet<number>): number[] {
    const inodes = [...this.#byInode.keys()];
    return inodes.filter((inode) => this.#release(inode, (lock) => !clients.has(lock.client)));
  }

  #release(inode: number, isGone: (lock: HeldLock) => boolean): boolean {
    const gone = this.#byInode.get(inode)?.filter(isGone) ?? [];
    for (const lock of gone) this.#remove(lock);
    return gone.length > 0;
  }

  /** The holder's locks that touch a range, or overlap it. */
  #mine(place: LockPlace): HeldLock[] {
    const held = this.#byInode.get(place.inode) ?? [];
    return held.filter((lock) =>
      lock.isRange === place.isRange && isSameHolder(lock, place) &&
      lock.start <= place.end && place.start <= lock.end
    );
  }

  #add(lock: LockRequest): void {
    const index = this.#free.pop();
    if (index === undefined) throw new OsError("ENOLCK", "lock");
    const at = index * LOCK_WORDS;
    this.#words[at + ENTRY.inode] = lock.inode;
    this.#words[at + ENTRY.client] = lock.client;
    this.#words[at + ENTRY.owner] = lock.owner;
    this.#words[at + ENTRY.handle] = lock.handle;
    this.#floats[(at + ENTRY.start) / 2] = lock.start;
    this.#floats[(at + ENTRY.end) / 2] = lock.end;
    const kind = lock.kind === LOCK.exclusive ? LOCK_STATE.exclusive : LOCK_STATE.shared;
    Atomics.store(this.#words, at + ENTRY.state, kind | (lock.isRange ? LOCK_STATE.range : 0));
    this.#know({ ...lock, index });
  }

  #remove(lock: HeldLock): void {
    Atomics.store(this.#words, lock.index * LOCK_WORDS + ENTRY.state, 0);
    this.#free.push(lock.index);
    const left = this.#byInode.get(lock.inode)?.filter(({ index }) => index !== lock.index) ?? [];
    if (left.length > 0) this.#byInode.set(lock.inode, left);
    else this.#byInode.delete(lock.inode);
  }

  #know(lock: HeldLock): void {
    const held = this.#byInode.get(lock.inode);
    if (held === undefined) this.#byInode.set(lock.inode, [lock]);
    else held.push(lock);
  }

  #inherit(index: number): void {
    const at = index * LOCK_WORDS;
    const state = this.#words[at + ENTRY.state] ?? 0;
    if (state === 0) {
      this.#free.push(index);
      return;
    }
    this.#know({
      index,
      inode: this.#words[at + ENTRY.inode] ?? 0,
      isRange: (state & LOCK_STATE.range) !== 0,
      client: this.#words[at + ENTRY.client] ?? 0,
      owner: this.#words[at + ENTRY.owner] ?? 0,
      handle: this.#words[at + ENTRY.handle] ?? 0,
      start: this.#floats[(at + ENTRY.start) / 2] ?? 0,
      end: this.#floats[(at + ENTRY.end) / 2] ?? 0,
      kind: (state & LOCK_STATE.exclusive) !== 0 ? LOCK.exclusive : LOCK.shared,
    });
  }
}

/** Whether two locks of one sort have the same holder, and so never conflict. */
export function isSameHolder(one: LockPlace, other: LockPlace): boolean {
  if (one.client !== other.client) return false;
  return one.isRange ? one.owner === other.owner : one.handle === other.handle;
}
