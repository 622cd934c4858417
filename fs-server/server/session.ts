/**
 * The server's side of one session: see `layouts/session.ts` for what is shared and who owns it.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import {
  FRAME,
  FRAME_BYTES,
  FRAME_WORDS,
  HEADER,
  SESSION_MAGIC,
  type SessionShape,
  sessionShape,
  SLOT,
  SLOT_LOCK,
  slotWord,
} from "../layouts/session.ts";
import { ATTRIBUTE, ATTRIBUTES_BYTES } from "../layouts/attributes.ts";
import { KEPT_LEASE, LEASE_WORDS, SESSION, SESSION_HEAD_WORDS } from "./layouts/session_keep.ts";
import { LEASE } from "../protocol.ts";

/** Looks at a lock that a client holds between two looks at the clock: about 30 us. */
const LOOKS_PER_CLOCK = 1024;

/** How long a client may hold a lock: its longest operation copies 1 MiB, but it may lose its core. */
const LOCK_MS_MAX = 50;

/** The largest page: files end at 2^44 bytes. */
const PAGE_MAX = 2 ** 32 - 1;

/** One file that a client keeps parts of. */
export interface Lease {
  readonly session: Session;
  readonly slot: number;
  readonly inode: number;
  /** Tells apart the files that have had the inode's number. */
  readonly inodeGeneration: number;
  kind: number;
  /** Whether this incarnation holds the slot's lock. */
  isLocked: boolean;
  /** Whether the client was overruled, so that its late stores are to be made void. */
  isOverruled: boolean;
}

/** A run of dirty frames: neighbours in the file and in the window. */
export interface DirtyRun {
  readonly offset: number;
  readonly source: Uint8Array;
}

/** What is dirty. */
export interface DirtyFrames {
  readonly runs: DirtyRun[];
  readonly frames: readonly number[];
  /** Whether there may be more. */
  readonly isPart: boolean;
}

/** What is dirty of a file that is there no more. */
export const NOTHING_DIRTY: DirtyFrames = { runs: [], frames: [], isPart: false };

/** A session. */
export class Session {
  readonly badge: number;
  readonly life: number;
  readonly shape: SessionShape;
  /** The leases by inode. */
  readonly leases: Map<number, Lease> = new Map();
  readonly #region: Uint8Array;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #kept: Uint32Array;
  readonly #bySlot: (Lease | undefined)[];

  /**
   * Takes part in a session.
   *
   * @param region In the client's window, aligned to 8 bytes.
   * @param kept The session's record in the keep.
   */
  constructor(region: Uint8Array, kept: Uint32Array) {
    const { buffer, byteOffset, byteLength } = region;
    this.badge = kept[SESSION.badge]!;
    this.life = kept[SESSION.life]!;
    this.shape = sessionShape(byteLength);
    this.#region = region;
    this.#words = new Int32Array(buffer, byteOffset, byteLength >> 2);
    this.#numbers = new Float64Array(buffer, byteOffset, byteLength >> 3);
    this.#kept = kept;
    this.#bySlot = new Array(this.shape.slotCount);
  }

  /** Begins with an empty region. The kept leases are none. */
  begin(): void {
    this.#words.fill(0, 0, this.shape.framesOffset >> 2);
    this.#words[HEADER.nameGeneration] = 1;
    this.#words[HEADER.magic] = SESSION_MAGIC;
  }

  /** Whether it lies in this run of a window. */
  isIn({ buffer, byteOffset, byteLength }: Uint8Array): boolean {
    const region = this.#region;
    return region.buffer === buffer && region.byteOffset === byteOffset &&
      region.byteLength === byteLength;
  }

  /** Raises the generation of names. */
  raiseNames(): void {
    this.#words[HEADER.nameGeneration] = (this.#words[HEADER.nameGeneration]! + 1) | 0;
  }

  /** The lease in a slot. */
  leaseIn(slot: number): Lease | undefined {
    return slot < this.#bySlot.length ? this.#bySlot[slot] : undefined;
  }

  /** Begins a lease in a free slot; the caller refreshes it and lets go. */
  grant(slot: number, inode: number, inodeGeneration: number, kind: number): Lease {
    assert(this.#bySlot[slot] === undefined, "a lease begins in a free slot");
    const lease = this.#remember(slot, inode, inodeGeneration, kind);
    Atomics.store(this.#words, slotWord(slot) + SLOT.lock, SLOT_LOCK.server);
    lease.isLocked = true;
    const kept = keptLease(slot);
    this.#kept[kept + KEPT_LEASE.inode] = inode;
    this.#kept[kept + KEPT_LEASE.inodeGeneration] = inodeGeneration;
    this.regrant(lease, kind);
    return lease;
  }

  /** Makes the frames of a lease void, and sets its kind. The lock is the server's. */
  regrant(lease: Lease, kind: number): void {
    assert(lease.isLocked, "a slot changes under its lock");
    const kept = keptLease(lease.slot);
    this.#kept[kept + KEPT_LEASE.grant]!++;
    Atomics.store(this.#kept, kept + KEPT_LEASE.kind, kind);
    lease.kind = kind;
    lease.isOverruled = false;
    this.#tell(lease.slot);
  }

  /** Makes a lease one of another kind, with all its frames. The lock is the server's. */
  become(lease: Lease, kind: number): void {
    assert(lease.isLocked, "a slot changes under its lock");
    Atomics.store(this.#kept, keptLease(lease.slot) + KEPT_LEASE.kind, kind);
    lease.kind = kind;
    this.#words[slotWord(lease.slot) + SLOT.kind] = kind;
  }

  /** Ends a lease; its frames are void from now on. The lock is the server's, and then free. */
  end(lease: Lease): void {
    this.regrant(lease, LEASE.none);
    this.#kept[keptLease(lease.slot) + KEPT_LEASE.inode] = 0;
    this.#bySlot[lease.slot] = undefined;
    this.leases.delete(lease.inode);
    this.unlock(lease);
  }

  /**
   * Takes the lock, and overrules a client that keeps it too long.
   *
   * @param waits Whether to wait for the client at all: not if it is dead.
   */
  lock(lease: Lease, nowMs: () => number, waits = true): void {
    assert(!lease.isLocked, "a lock is taken once");
    lease.isLocked = true;
    const at = slotWord(lease.slot) + SLOT.lock;
    let untilMs = 0;
    for (let looks = 0;; looks++) {
      const found = Atomics.compareExchange(this.#words, at, SLOT_LOCK.free, SLOT_LOCK.server);
      if (found === SLOT_LOCK.free) return;
      // The server's own means that a predecessor died with it; anything else is nobody's.
      if (found !== SLOT_LOCK.client || !waits) break;
      if (looks % LOOKS_PER_CLOCK !== 0) continue;
      if (looks === 0) untilMs = nowMs() + LOCK_MS_MAX;
      else if (nowMs() > untilMs) break;
    }
    Atomics.store(this.#words, at, SLOT_LOCK.server);
    lease.isOverruled = true;
  }

  /** Takes the lock if it is free. */
  tryLock(lease: Lease): boolean {
    const at = slotWord(lease.slot) + SLOT.lock;
    const found = Atomics.compareExchange(this.#words, at, SLOT_LOCK.free, SLOT_LOCK.server);
    lease.isLocked = found === SLOT_LOCK.free;
    return lease.isLocked;
  }

  /** Frees the lock. */
  unlock(lease: Lease): void {
    assert(lease.isLocked, "a lock is freed by who holds it");
    lease.isLocked = false;
    Atomics.store(this.#words, slotWord(lease.slot) + SLOT.lock, SLOT_LOCK.free);
  }

  /** Where the attributes of a lease are told; the lock is the server's. */
  attributesOf(lease: Lease): Uint8Array {
    const from = (slotWord(lease.slot) + SLOT.attributes) * 4;
    return this.#region.subarray(from, from + ATTRIBUTES_BYTES);
  }

  /** Whether a lease seems to have dirty frames. */
  seemsDirty(lease: Lease): boolean {
    return lease.kind === LEASE.write &&
      this.#words[slotWord(lease.slot) + SLOT.dirtyCount] !== 0;
  }

  /** Dirty frames of a lease, at most so many, in the order of the file. Hot path. */
  dirtyRuns(lease: Lease, countMax: number): DirtyFrames {
    const { framesWord, frameCount } = this.shape;
    const grant = this.#kept[keptLease(lease.slot) + KEPT_LEASE.grant]! | 0;
    const words = this.#words;
    const found: { page: number; frame: number }[] = [];
    for (let frame = 0; frame < frameCount && found.length < countMax; frame++) {
      const at = framesWord + frame * FRAME_WORDS;
      // In this order: a clean frame may become another slot's, and dirty there, at any moment.
      if (words[at + FRAME.dirty] === 0) continue;
      if (Atomics.load(words, at + FRAME.slot) !== lease.slot + 1) continue;
      if (words[at + FRAME.grant] === grant) {
        found.push({ page: words[at + FRAME.page]! >>> 0, frame });
      }
    }
    found.sort((one, other) => one.page - other.page);
    const runs = this.#runsOf(found, this.#size(lease));
    return { runs, frames: found.map(({ frame }) => frame), isPart: found.length >= countMax };
  }

  /** Says that nothing is dirty under a lease, or some frames are not. The lock is the server's. */
  clean(lease: Lease, frames?: readonly number[]): void {
    const count = slotWord(lease.slot) + SLOT.dirtyCount;
    if (frames !== undefined) {
      for (const frame of frames) this.#cleanFrame(lease, frame);
      // Not below one: a client that counts wrongly has its other frames looked at all the same.
      this.#words[count] = Math.max(1, this.#words[count]! - frames.length);
      return;
    }
    for (let frame = 0; frame < this.shape.frameCount; frame++) this.#cleanFrame(lease, frame);
    this.#words[count] = 0;
  }

  #cleanFrame(lease: Lease, frame: number): void {
    const at = this.shape.framesWord + frame * FRAME_WORDS;
    if (this.#words[at + FRAME.dirty] === 0) return;
    if (Atomics.load(this.#words, at + FRAME.slot) !== lease.slot + 1) return;
    this.#words[at + FRAME.dirty] = 0;
  }

  /** Takes over from a dead incarnation: what the keep says of the leases. */
  inherit(inodeCount: number): void {
    for (let slot = 0; slot < this.shape.slotCount; slot++) {
      const kept = keptLease(slot);
      const inode = this.#kept[kept + KEPT_LEASE.inode]!;
      const kind = this.#kept[kept + KEPT_LEASE.kind]!;
      const isLease = inode >= 1 && inode <= inodeCount && !this.leases.has(inode) &&
        (kind === LEASE.read || kind === LEASE.write);
      const generation = this.#kept[kept + KEPT_LEASE.inodeGeneration]!;
      if (isLease) this.#remember(slot, inode, generation, kind);
      else this.#void(slot);
    }
  }

  /** Whether the slot of an inherited lease is as its last owner would leave it. */
  isWhole(lease: Lease): boolean {
    const word = slotWord(lease.slot);
    const kept = keptLease(lease.slot);
    return Atomics.load(this.#words, word + SLOT.lock) !== SLOT_LOCK.server &&
      this.#words[word + SLOT.grant]! >>> 0 === this.#kept[kept + KEPT_LEASE.grant] &&
      this.#words[word + SLOT.kind] === lease.kind &&
      this.#words[word + SLOT.inode] === lease.inode;
  }

  #void(slot: number): void {
    const kept = keptLease(slot);
    this.#kept[kept + KEPT_LEASE.kind] = LEASE.none;
    this.#kept[kept + KEPT_LEASE.inode] = 0;
    this.#kept[kept + KEPT_LEASE.grant]!++;
    this.#tell(slot);
    Atomics.store(this.#words, slotWord(slot) + SLOT.lock, SLOT_LOCK.free);
  }

  #remember(slot: number, inode: number, inodeGeneration: number, kind: number): Lease {
    const lease = {
      session: this,
      slot,
      inode,
      inodeGeneration,
      kind,
      isLocked: false,
      isOverruled: false,
    };
    this.#bySlot[slot] = lease;
    this.leases.set(inode, lease);
    return lease;
  }

  /** Tells the client what the keep says of a slot. */
  #tell(slot: number): void {
    const word = slotWord(slot);
    const kept = keptLease(slot);
    this.#words[word + SLOT.kind] = this.#kept[kept + KEPT_LEASE.kind]!;
    this.#words[word + SLOT.inode] = this.#kept[kept + KEPT_LEASE.inode]!;
    this.#words[word + SLOT.inodeGeneration] = this.#kept[kept + KEPT_LEASE.inodeGeneration]!;
    this.#words[word + SLOT.grant] = this.#kept[kept + KEPT_LEASE.grant]!;
    this.#words[word + SLOT.dirtyCount] = 0;
  }

  #size(lease: Lease): number {
    const size = this
      .#numbers[(slotWord(lease.slot) + SLOT.attributes + (ATTRIBUTE.size >> 2)) >> 1]!;
    return size >= 0 && size <= PAGE_MAX * FRAME_BYTES ? size : 0;
  }

  /** Joins frames that are neighbours; cut at the end of the file. */
  #runsOf(found: readonly { page: number; frame: number }[], size: number): DirtyRun[] {
    const runs: DirtyRun[] = [];
    for (let first = 0, last; first < found.length; first = last + 1) {
      last = first;
      while (last + 1 < found.length && isNext(found[last]!, found[last + 1]!)) last++;
      const offset = found[first]!.page * FRAME_BYTES;
      const byteLength = Math.min((last - first + 1) * FRAME_BYTES, size - offset);
      if (byteLength <= 0) continue;
      const from = this.shape.framesOffset + found[first]!.frame * FRAME_BYTES;
      runs.push({ offset, source: this.#region.subarray(from, from + byteLength) });
    }
    return runs;
  }
}

function isNext(
  one: { page: number; frame: number },
  other: { page: number; frame: number },
): boolean {
  return other.page === one.page + 1 && other.frame === one.frame + 1;
}

function keptLease(slot: number): number {
  return SESSION_HEAD_WORDS + slot * LEASE_WORDS;
}
