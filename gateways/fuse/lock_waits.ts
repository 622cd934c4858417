/**
 * Locks that somebody waits for.
 *
 * The file server is asked again whenever a lock was given up here, and from time to time, since others
 * give theirs up as well. A wait ends with the lock, with a signal to its process, or when it would
 * never end because its owner is waited for in turn.
 *
 * A wait holds no buffer: what counts of its request is copied, and its answer is made in a place that
 * all waits share.
 *
 * @module
 */

import { ERRNO, OsError } from "@hako/ipc";
import { LOCK } from "@hako/fs-server";
import type { Files } from "./files.ts";
import type { LockOwners } from "./lock_owners.ts";
import { type Asked, BUFFER_BYTES_MIN, FuseReply } from "./wire/mod.ts";

/** So long at most nobody looks. */
const LOOK_MS = 10;

/** Owners in a circle of waits that are followed: as many as Linux follows. */
const CIRCLE_MAX = 10;

/** Most waits at once. */
export const LOCK_WAITS_MAX = 4096;

/** A lock that is asked for. */
export interface WantedLock {
  /** The number of its request. */
  readonly uniqueLow: number;
  /** The upper half of it. */
  readonly uniqueHigh: number;
  /** The open file. */
  readonly handle: number;
  /** `LOCK.shared` or `LOCK.exclusive`. */
  readonly kind: number;
  /** Of a range: the owner's number; 0 of a whole file, as flock(2) locks it. */
  readonly owner: number;
  /** The owner's name at Linux. */
  readonly ownerName: string;
  /** The first byte. */
  readonly offset: number;
  /** 0 reaches to the end. */
  readonly byteLength: number;
}

/** An answer, to be sent from its buffer. */
export type SendLate = (asked: Asked, reply: FuseReply, byteLength: number) => void;

/** The waits of a mount. */
export class LockWaits {
  readonly #files: Files;
  readonly #owners: LockOwners;
  readonly #send: SendLate;
  readonly #nowMs: () => number;
  readonly #waiting: WantedLock[] = [];
  readonly #asked = { buffer: new Uint8Array(BUFFER_BYTES_MIN), uniqueLow: 0, uniqueHigh: 0 };
  readonly #reply: FuseReply = new FuseReply(this.#asked satisfies Asked);
  #isWoken = false;
  #lookedAtMs = 0;

  /** Nobody waits yet. */
  constructor(files: Files, owners: LockOwners, send: SendLate, nowMs: () => number) {
    this.#files = files;
    this.#owners = owners;
    this.#send = send;
    this.#nowMs = nowMs;
  }

  /** How many wait. Hot path. */
  get count(): number {
    return this.#waiting.length;
  }

  /** Sets a lock, if nothing is in the way. @throws {OsError} `EAGAIN` if something is. */
  lock({ handle, kind, owner, offset, byteLength }: WantedLock): void {
    const { client } = this.#files;
    if (owner === 0) client.callSync("flock", { handle, kind, wait: false });
    else client.callSync("lock", { handle, owner, kind, offset, byteLength, wait: false });
  }

  /** Sets a lock or waits for it; answers whether it is set. @throws {OsError} */
  lockOrWait(wanted: WantedLock): boolean {
    try {
      this.lock(wanted);
      return true;
    } catch (error) {
      if (!isInTheWay(error)) throw error;
    }
    if (this.#waiting.length === LOCK_WAITS_MAX) throw new OsError("ENOLCK", "wait for a lock");
    if (this.#isCircle(wanted)) throw new OsError("EDEADLK", "wait for a lock");
    this.add(wanted);
    return false;
  }

  /** Waits for a lock that is asked for when there is time. */
  add(wanted: WantedLock): void {
    this.#waiting.push(wanted);
    this.#files.point("fuse.lock.waiting");
  }

  /** A lock may have been given up. Hot path. */
  wake(): void {
    this.#isWoken = true;
  }

  /** Ends a wait, whose process has a signal to hear of. */
  interrupt(uniqueLow: number, uniqueHigh: number): void {
    const index = this.#waiting.findIndex((wait) =>
      wait.uniqueLow === uniqueLow && (wait.uniqueHigh ^ uniqueHigh) << 1 === 0
    );
    if (index >= 0) this.#end(index, ERRNO.EINTR);
  }

  /** Asks again, if it is time to. Hot path: most often nobody waits. */
  turn(): void {
    if (this.#waiting.length === 0) return;
    const nowMs = this.#nowMs();
    if (!this.#isWoken && nowMs - this.#lookedAtMs < LOOK_MS) return;
    this.#isWoken = false;
    this.#lookedAtMs = nowMs;
    for (let index = 0; index < this.#waiting.length;) {
      const outcome = this.#tryAgain(this.#waiting[index]!);
      if (outcome < 0) index++;
      else this.#end(index, outcome);
    }
  }

  /** Answers 0 with the lock, an errno without it, -1 if it is to be waited for. */
  #tryAgain(wanted: WantedLock): number {
    try {
      this.lock(wanted);
      return 0;
    } catch (error) {
      if (isInTheWay(error)) return -1;
      if (error instanceof OsError) return error.errno;
      throw error;
    }
  }

  #end(index: number, errno: number): void {
    const [wait] = this.#waiting.splice(index, 1);
    this.#asked.uniqueLow = wait!.uniqueLow;
    this.#asked.uniqueHigh = wait!.uniqueHigh;
    const byteLength = errno === 0 ? this.#reply.empty() : this.#reply.error(errno);
    this.#send(this.#asked, this.#reply, byteLength);
  }

  /** Whether whoever is in the way waits, over however many others, for the owner. */
  #isCircle(wanted: WantedLock): boolean {
    if (wanted.owner === 0) return false; // As on Linux, flock(2) waits for ever.
    let waiting: WantedLock | undefined = wanted;
    for (let steps = 0; waiting !== undefined && steps < CIRCLE_MAX; steps++) {
      const { handle, owner, kind, offset, byteLength }: WantedLock = waiting;
      const lock = { handle, owner, kind, offset, byteLength };
      const found = this.#files.client.callSync("testLock", lock);
      if (found.kind === LOCK.none || !found.isOwnClient) return false;
      const holder = this.#owners.nameOf(found.owner);
      if (holder === wanted.ownerName) return true;
      waiting = this.#waiting.find(({ ownerName, owner }) => owner !== 0 && ownerName === holder);
    }
    return false;
  }
}

function isInTheWay(error: unknown): boolean {
  return error instanceof OsError && error.code === "EAGAIN";
}
