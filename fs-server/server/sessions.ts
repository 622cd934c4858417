/**
 * What clients keep of files in their windows, and how it is taken back.
 *
 * The file system says what it is about to do, and gets back what it must not miss:
 *
 * ```
 * look(inode, badge)      before data or attributes of a file are read for somebody
 * change(inode, badge)    before they are changed; then the inode is to be loaded anew
 *   ... the operation ...
 * settle()                behind the operation, done or failed, before it is answered
 * ```
 * `look` writes dirty frames back, and leaves the lease of another client one to read. `change`
 * ends the leases of others, and holds those of the client itself until `settle`, which tells it the
 * new attributes. All of it is done again by a successor if we die: writing frames twice writes the
 * same, since nobody can change frames or file in between.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import type { Coherence, LeaseRequest } from "./coherence.ts";
import { type Mapped, Mappings } from "./mappings.ts";
import { type Lease, NOTHING_DIRTY, Session } from "./session.ts";
import { SESSION } from "./layouts/session_keep.ts";
import type { SessionFiles, SessionPlace } from "./session_place.ts";
import { SessionRecords } from "./session_records.ts";
import { FRAME_BYTES, SESSION_BYTES_MAX, SESSION_BYTES_MIN } from "../layouts/session.ts";
import { LEASE } from "../protocol.ts";
import { throwLost, WriteFailures } from "./write_failures.ts";

/** Between two looks for dirty frames that have waited long enough. */
const EXPIRY_MS = 1000;

/** Frames that are written back at once because they have waited long: 8 MiB. */
const EXPIRED_FRAMES_MAX = 2048;

/** Bytes of free space for each byte that clients may have dirty, and what is needed besides. */
const SPACE_FACTOR = 1.125;
const SPACE_BYTES_MIN = 4 * 1024 * 1024;

/** All sessions. */
export class Sessions implements Coherence {
  readonly #files: SessionFiles;
  readonly #place: SessionPlace;
  readonly #kept: SessionRecords;
  readonly #mappings: Mappings;
  readonly #sessions = new Map<number, Session>();
  /** By inode: who has a lease of it. */
  readonly #leases = new Map<number, Lease[]>();
  readonly #records = new Map<Session, number>();
  /** Held from `change` to `settle`. */
  readonly #held: Lease[] = [];
  readonly #failures: WriteFailures = new WriteFailures();
  /** Whether the client that changes manages the frames of its lease itself. */
  #keepsFrames = false;
  #mappedChange = 0;
  #frameBytes = 0;
  #expiredMs = 0;

  /** Takes over from an incarnation that died, or begins. */
  constructor(files: SessionFiles, place: SessionPlace) {
    const { keep } = place;
    this.#files = files;
    this.#place = place;
    this.#kept = new SessionRecords(keep);
    const clients = place.clients();
    this.#mappings = new Mappings(
      this.#kept.words,
      (badge, life, name) => clients.get(badge) === life ? place.windowOf(badge, name) : undefined,
    );
    if (this.#kept.isInherited) this.#inherit(clients);
    else this.#kept.begin();
  }

  /** Whether there are any, so that `expire` is to be called. */
  get any(): boolean {
    return this.#sessions.size > 0;
  }

  /**
   * Begins a session in a run of a client's window; the same again goes on with it.
   *
   * @throws {OsError} `EINVAL`, `EBUSY` if the client has another, `ENOMEM` if there is no room.
   */
  attach(badge: number, region: Uint8Array): void {
    const { byteLength, byteOffset } = region;
    if (
      byteLength < SESSION_BYTES_MIN || byteLength > SESSION_BYTES_MAX || byteOffset % 8 !== 0 ||
      byteLength % 8 !== 0
    ) throw new OsError("EINVAL", `a session of ${byteLength} bytes at ${byteOffset}`);
    const known = this.#sessions.get(badge);
    // Done already, by a predecessor that died before it answered.
    if (known?.isIn(region) && known.leases.size === 0) return;
    if (known !== undefined) throw new OsError("EBUSY", "attach");
    const life = this.#place.clients().get(badge);
    const name = this.#place.windowName(region);
    const record = this.#kept.free();
    if (record === undefined || life === undefined) throw new OsError("ENOMEM", "attach");
    const kept = this.#kept.at(record);
    kept.fill(0);
    kept[SESSION.badge] = badge;
    kept[SESSION.life] = life;
    kept[SESSION.segment] = name.segment;
    kept[SESSION.byteOffset] = name.byteOffset;
    kept[SESSION.byteLength] = name.byteLength;
    const session = new Session(region, kept);
    session.begin();
    Atomics.store(kept, SESSION.state, 1);
    this.#enter(session, record);
  }

  /** Gives a client a lease of a file that it has open, as far as others let it; answers which. */
  grant(badge: number, { inode, inodeGeneration, kind, slot }: LeaseRequest): number {
    const session = this.#sessions.get(badge);
    if (session === undefined || slot >= session.shape.slotCount) return LEASE.none;
    const allowed = kind === LEASE.write && this.#mayWrite(inode, session);
    const wanted = allowed ? LEASE.write : LEASE.read;
    this.#recallOthers(inode, badge, LEASE.read);
    let lease = session.leases.get(inode);
    if (lease?.isLocked) return lease.kind;
    if (lease === undefined) {
      const other = session.leaseIn(slot);
      if (other !== undefined) this.#end(other);
      lease = session.grant(slot, inode, inodeGeneration, wanted);
      this.#index(lease);
    } else if (lease.kind >= wanted && lease.session.seemsDirty(lease) && !lease.isOverruled) {
      // Nothing is to be told: the client knows more than we do.
      return lease.kind;
    } else {
      this.#lock(lease);
      this.#writeBack(lease);
      this.#setKind(lease, this.#kindNow(Math.max(lease.kind, wanted)));
    }
    // What is written under it, nobody else hears of.
    if (lease.kind === LEASE.write) this.#raiseFor(session);
    this.#refresh(lease);
    session.unlock(lease);
    return lease.kind;
  }

  /**
   * Before a file is looked at for a client; with `isOwnRead` by a `read` of its own, which asks for
   * nothing that it has dirty. Answers whether the inode may have changed. Hot path.
   */
  look(inode: number, badge: number, isOwnRead = false): boolean {
    const leases = this.#leases.get(inode);
    if (leases === undefined) return false;
    let changed = this.#recallOthers(inode, badge, LEASE.read);
    const own = isOwnRead ? undefined : this.#sessions.get(badge)?.leases.get(inode);
    if (own !== undefined && !own.isLocked && own.session.seemsDirty(own)) {
      this.#clean(own);
      changed = true;
    }
    return changed;
  }

  /**
   * Before a file is changed for a client; with `isOwnWrite` only its attributes, or by a `write` of
   * the client's own, of whose range it keeps no frames. Answers whether the inode may have changed. Hot path.
   */
  change(inode: number, badge: number, isOwnWrite = false): boolean {
    if (this.#mappings.has(inode)) this.#mappedChange = inode;
    if (!this.#leases.has(inode)) return false;
    const changed = this.#recallOthers(inode, badge, LEASE.none);
    const own = this.#sessions.get(badge)?.leases.get(inode);
    if (own === undefined || own.isLocked) return changed;
    this.#lock(own);
    const wasDirty = own.session.seemsDirty(own);
    this.#writeBack(own);
    this.#keepsFrames = isOwnWrite;
    this.#held.push(own);
    return changed || wasDirty;
  }

  /** Behind a change that may have been none, before it is answered. Hot path. */
  settle(): void {
    if (this.#mappedChange !== 0) this.#refreshMappings();
    while (this.#held.length > 0) {
      const lease = this.#held.pop()!;
      const kind = this.#kindNow(lease.kind);
      if (this.#keepsFrames) this.#setKind(lease, kind);
      else lease.session.regrant(lease, kind);
      this.#refresh(lease);
      lease.session.unlock(lease);
    }
    this.#keepsFrames = false;
  }

  /** Says that `stat` of some path may answer something else; before that is answered. Hot path. */
  raise(): void {
    for (const session of this.#sessions.values()) session.raiseNames();
  }

  /** Behind a read that set the time of access: tells those who know an older one. */
  accessed(inode: number): void {
    for (const lease of this.#leases.get(inode) ?? []) {
      // Where something is dirty, the attributes are told when that is written back.
      if (lease.session.seemsDirty(lease) || lease.isLocked || !lease.session.tryLock(lease)) {
        continue;
      }
      if (!lease.session.seemsDirty(lease)) this.#refresh(lease);
      lease.session.unlock(lease);
    }
  }

  /** Forgets a file that is about to be freed, and what is dirty of it. */
  forget(inode: number): void {
    for (const lease of [...this.#leases.get(inode) ?? []]) this.#end(lease, false);
    this.#failures.forget(inode);
  }

  /** Before data of a size is written that needs new blocks: makes clients give up what they saved. */
  beforeGrowth(byteLength: number): void {
    if (this.#frameBytes === 0) return;
    if (this.#files.bytesFree() - byteLength <= this.#spaceNeeded()) this.recallWriters();
  }

  /** Makes leases to write ones to read: from now on whatever is written is heard of. */
  recallWriters(): void {
    for (const leases of this.#leases.values()) {
      for (const lease of leases) {
        if (lease.kind === LEASE.write && !lease.isLocked) this.#recall(lease, LEASE.read);
      }
    }
  }

  /**
   * Before a file becomes durable: writes back what its clients have dirty.
   *
   * @throws {OsError} Why something that the client wrote earlier could not be written back.
   */
  flush(inode: number, badge: number): void {
    this.#cleanAll(this.#leases.get(inode) ?? []);
    throwLost(this.#failures.take(badge, inode));
  }

  /** The same for all files. */
  flushAll(): void {
    for (const leases of this.#leases.values()) this.#cleanAll(leases);
  }

  /** Writes back what is dirty in a slot, or throws; the next `fsync` does, too. `release` ends the lease. */
  writeBack(badge: number, slot: number, release: boolean): void {
    const lease = this.#sessions.get(badge)?.leaseIn(slot);
    if (lease === undefined) return;
    if (release) throwLost(this.#end(lease));
    else if (lease.isOverruled || lease.session.seemsDirty(lease)) throwLost(this.#clean(lease));
  }

  /** Behind the close of a handle: a client without one for writing writes no more. */
  closed(badge: number, inode: number, mayWrite: boolean): void {
    const lease = this.#sessions.get(badge)?.leases.get(inode);
    if (lease === undefined || lease.kind !== LEASE.write) return;
    if (!mayWrite) this.#recall(lease, LEASE.read);
    else if (lease.session.seemsDirty(lease)) this.#clean(lease);
  }

  /** Reads a file into a window and keeps that as the file is; answers the bytes of the file in it. */
  map(
    badge: number,
    handle: number,
    { inode, offset, target }: Pick<Mapped, "inode" | "offset" | "target">,
  ): number {
    const life = this.#place.clients().get(badge);
    if (life === undefined) throw new OsError("ENOMEM", "map");
    const name = this.#place.windowName(target);
    this.#recallOthers(inode, -1, LEASE.read);
    const count = this.#files.readMapped(inode, offset, target);
    this.#mappings.add({ badge, life, handle, inode, offset, target, name });
    return count;
  }

  /** Ends mappings of a handle: that of a run, or all. */
  unmap(badge: number, handle: number, target?: Uint8Array): void {
    this.#mappings.remove((mapped) => {
      if (mapped.badge !== badge || mapped.handle !== handle) return false;
      return target === undefined || mapped.target.buffer === target.buffer &&
          mapped.target.byteOffset === target.byteOffset &&
          mapped.target.byteLength === target.byteLength;
    });
  }

  /** Ends a dead client's session: what it had written counts. */
  gone(badge: number): void {
    this.#mappings.remove((mapped) => mapped.badge === badge);
    const session = this.#sessions.get(badge);
    if (session === undefined) return;
    for (const lease of [...session.leases.values()]) this.#end(lease, true, false);
    this.#failures.gone(badge);
    this.#leave(session);
  }

  /** Writes back what has been dirty for long; answers how many leases had something. */
  expire(): number {
    const nowMs = this.#place.nowMs();
    if (this.#sessions.size === 0 || nowMs - this.#expiredMs < EXPIRY_MS) return 0;
    this.#expiredMs = nowMs;
    this.beforeGrowth(0);
    let count = 0;
    for (const session of this.#sessions.values()) {
      for (const lease of session.leases.values()) {
        if (!session.seemsDirty(lease) || !session.tryLock(lease)) continue;
        // A part at a time: the client waits for the lock, and others for us.
        this.#writeBack(lease, EXPIRED_FRAMES_MAX);
        if (!session.seemsDirty(lease)) {
          this.#setKind(lease, this.#kindNow(lease.kind));
          this.#refresh(lease);
        } else this.#expiredMs = 0;
        session.unlock(lease);
        count++;
      }
    }
    return count;
  }

  #mayWrite(inode: number, session: Session): boolean {
    if (this.#mappings.has(inode) || this.#files.isWatched(inode)) return false;
    const others = this.#leases.get(inode)?.some((lease) => lease.session !== session);
    return others !== true && this.#files.bytesFree() > this.#spaceNeeded();
  }

  #spaceNeeded(): number {
    return this.#frameBytes * SPACE_FACTOR + SPACE_BYTES_MIN;
  }

  /** Takes leases of other clients back to a kind; answers whether something was written. */
  #recallOthers(inode: number, badge: number, kind: number): boolean {
    const leases = this.#leases.get(inode);
    if (leases === undefined) return false;
    let changed = false;
    for (const lease of kind === LEASE.none ? [...leases] : leases) {
      if (lease.session.badge === badge || lease.kind <= kind) continue;
      if (lease.kind === LEASE.write) changed = true;
      this.#recall(lease, kind);
    }
    return changed;
  }

  #recall(lease: Lease, kind: number): void {
    if (kind === LEASE.none) return void this.#end(lease);
    this.#lock(lease);
    this.#writeBack(lease);
    this.#place.point("fs.session.before-downgrade");
    this.#setKind(lease, kind);
    this.#refresh(lease);
    lease.session.unlock(lease);
  }

  /** The kind that a lease may go on to have: nobody promises room that may be gone. */
  #kindNow(kind: number): number {
    if (kind !== LEASE.write) return kind;
    return this.#files.bytesFree() > this.#spaceNeeded() ? kind : LEASE.read;
  }

  /** Sets the kind of a lease whose frames stay, unless its client may still be storing. */
  #setKind(lease: Lease, kind: number): void {
    if (lease.isOverruled) lease.session.regrant(lease, kind);
    else if (lease.kind !== kind) lease.session.become(lease, kind);
  }

  #raiseFor(writer: Session): void {
    for (const session of this.#sessions.values()) if (session !== writer) session.raiseNames();
  }

  #cleanAll(leases: readonly Lease[]): void {
    for (const lease of leases) {
      if (!lease.isLocked && lease.session.seemsDirty(lease)) this.#clean(lease);
    }
  }

  /** Writes back, and leaves the lease as it is; answers why it could not, or 0. */
  #clean(lease: Lease): number {
    this.#lock(lease);
    const errno = this.#writeBack(lease);
    this.#setKind(lease, this.#kindNow(lease.kind));
    this.#refresh(lease);
    lease.session.unlock(lease);
    return errno;
  }

  #end(lease: Lease, isWanted = true, waits = true): number {
    if (!lease.isLocked) lease.session.lock(lease, this.#place.nowMs, waits);
    const errno = isWanted ? this.#writeBack(lease) : 0;
    this.#place.point("fs.session.before-revoke");
    lease.session.end(lease);
    const left = this.#leases.get(lease.inode)!.filter((other) => other !== lease);
    if (left.length > 0) this.#leases.set(lease.inode, left);
    else this.#leases.delete(lease.inode);
    const held = this.#held.indexOf(lease);
    if (held >= 0) this.#held.splice(held, 1);
    return errno;
  }

  #lock(lease: Lease): void {
    lease.session.lock(lease, this.#place.nowMs);
    this.#place.point("fs.session.locked");
  }

  /** Writes what is dirty to the file; what cannot be written is told at the next `fsync`. */
  #writeBack(lease: Lease, framesMax = Infinity): number {
    const { inode, inodeGeneration, session } = lease;
    if (!session.seemsDirty(lease)) return 0;
    let frames: readonly number[] | undefined;
    let errno = 0;
    try {
      const isThere = this.#files.isSame(inode, inodeGeneration);
      const dirty = isThere ? session.dirtyRuns(lease, framesMax) : NOTHING_DIRTY;
      if (dirty.isPart) frames = dirty.frames;
      if (dirty.runs.length > 0) this.#files.writeBack(inode, dirty.runs, session.badge);
      this.#place.point("fs.session.written-back");
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      errno = error.errno;
      this.#failures.note(session.badge, inode, errno);
    }
    session.clean(lease, frames);
    this.raise();
    return errno;
  }

  #refresh(lease: Lease): void {
    this.#files.attributes(lease.inode, lease.session.attributesOf(lease));
  }

  #refreshMappings(): void {
    const inode = this.#mappedChange;
    this.#mappedChange = 0;
    for (const { offset, target } of this.#mappings.of(inode)) {
      this.#files.readMapped(inode, offset, target);
    }
  }

  #index(lease: Lease): void {
    const others = this.#leases.get(lease.inode);
    if (others === undefined) this.#leases.set(lease.inode, [lease]);
    else others.push(lease);
  }

  #enter(session: Session, record: number): void {
    this.#sessions.set(session.badge, session);
    this.#records.set(session, record);
    this.#frameBytes += session.shape.frameCount * FRAME_BYTES;
  }

  #leave(session: Session): void {
    const record = this.#records.get(session);
    assert(record !== undefined, "a session has a record");
    Atomics.store(this.#kept.at(record), SESSION.state, 0);
    this.#records.delete(session);
    this.#sessions.delete(session.badge);
    this.#frameBytes -= session.shape.frameCount * FRAME_BYTES;
  }

  #inherit(clients: ReadonlyMap<number, number>): void {
    const dead: Session[] = [];
    for (const record of this.#kept.used()) {
      const kept = this.#kept.at(record);
      const badge = kept[SESSION.badge]!;
      const region = this.#place.windowOf(badge, {
        segment: kept[SESSION.segment]!,
        byteOffset: kept[SESSION.byteOffset]!,
        byteLength: kept[SESSION.byteLength]!,
      });
      // A window that is gone took with it what nobody had made durable.
      if (region === undefined || this.#sessions.has(badge)) {
        kept[SESSION.state] = 0;
        continue;
      }
      const session = new Session(region, kept);
      session.inherit(this.#files.inodeCount);
      this.#enter(session, record);
      for (const lease of session.leases.values()) this.#index(lease);
      if (clients.get(badge) !== session.life) dead.push(session);
    }
    for (const session of this.#sessions.values()) this.#mend(session, dead.includes(session));
    for (const session of dead) this.#leave(session);
    for (const inode of this.#mappings.inodes()) {
      this.#mappedChange = inode;
      this.#refreshMappings();
    }
    this.raise();
  }

  /** Ends what a predecessor had begun in a session. */
  #mend(session: Session, isDead: boolean): void {
    for (const lease of [...session.leases.values()]) {
      if (isDead) {
        this.#end(lease, true, false);
        continue;
      }
      if (session.isWhole(lease)) continue;
      this.#lock(lease);
      this.#writeBack(lease);
      session.regrant(lease, lease.kind);
      this.#refresh(lease);
      session.unlock(lease);
    }
  }
}
