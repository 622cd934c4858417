/**
 * Changes: every operation is a step from one consistent disk to the next.
 *
 * ```
 * seen before? --yes--> finish what is left, answer as before
 *      | no
 * check -> change cached blocks -> (data in place) -> ONE transaction with the request's tag -> keep
 *      \------ OsError: drop the changed blocks ------/
 * ```
 * Whoever dies between two steps leaves either nothing, or a transaction whose tag tells the
 * successor that only the last, idempotent step is left.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { NO_REQUEST, type RequestTag } from "../disk/disk.ts";
import { type DiskTime, fromDiskTime, type Inode, toDiskTime } from "../ext4/inode.ts";
import { type Caller, NOBODY } from "./caller.ts";
import type { TransactionStep } from "./death_points.ts";
import type { Mount } from "./mount.ts";
import { ROOT } from "./permissions.ts";

/** How old a time of access may become. */
const DAY_MS = 86_400_000;

/** Bit of `Inode.flags`: times of access are not kept up. */
const FLAG_NO_ACCESS_TIME = 0x80;

/** Runs changes of a mounted file system. */
export class Changes {
  readonly #mount: Mount;
  /** How often something was committed. */
  commitCount = 0;
  /** That number at the last flush; whatever a predecessor has written is to be flushed. */
  #flushedCount = -1;

  /** Commits through the mount's cache. */
  constructor(mount: Mount) {
    this.#mount = mount;
  }

  /** Runs a change and commits it; or answers what it answered in an earlier life. */
  run(step: TransactionStep, caller: Caller, body: () => number): number {
    const known = this.#mount.table.resultOf(caller);
    if (known !== undefined) return known;
    return this.commitWith(step, caller, body);
  }

  /**
   * Runs a change and commits it with what it answers, whatever was in an earlier life.
   *
   * @throws {OsError} `EROFS` if nothing may be changed, and what the change throws.
   */
  commitWith(step: TransactionStep, caller: Caller, body: () => number): number {
    const { isReadOnly, allocation, coherence } = this.#mount;
    if (isReadOnly) throw new OsError("EROFS", step);
    // Blocks that are kept for root are root's alone.
    if (caller.credential.uid !== 0) allocation.actFor(caller.credential);
    try {
      return this.undoOnError(() => {
        const result = body();
        this.commit(step, caller, result);
        return result;
      });
    } finally {
      if (caller.credential.uid !== 0) allocation.actFor(ROOT);
      coherence.settle();
    }
  }

  /** A change by which an inode may lose its last name, and be freed or become an orphan. */
  runRemoving(step: TransactionStep, caller: Caller, body: () => Inode | undefined): number {
    const { table, reclaim, orphans, inodes, coherence } = this.#mount;
    let left = 0;
    const result = this.run(step, caller, () => {
      const inode = body();
      if (inode === undefined || inode.links > 0) return 0;
      const isOpen = table.countOf(inode.number) > 0;
      if (!isOpen) coherence.forget(inode.number);
      if (!isOpen && reclaim.fitsOneTransaction(inode)) {
        if (reclaim.free(inode, this.#mount.seconds())) return 0;
        throw new OsError("EUCLEAN", `blocks of inode ${inode.number}`);
      }
      orphans.add(inode);
      inodes.store(inode);
      if (!isOpen) left = inode.number;
      return 0;
    });
    // With the same tag: until this is answered, its tag must stay the last one.
    if (left !== 0) this.freeOrphan(left, "orphan", caller);
    return result;
  }

  /** Runs an operation; if it cannot be done, leaves no trace of it. */
  undoOnError<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof OsError) this.#rollback();
      throw error;
    }
  }

  /** Commits what was changed since the last commit. */
  commit(step: TransactionStep, request: RequestTag, result: number): void {
    const { point, cache, coherence, names } = this.#mount;
    point(`fs.${step}.before-transaction`);
    cache.commit(request, result);
    this.commitCount++;
    names.committed();
    point(`fs.${step}.after-transaction`);
    coherence.raise();
  }

  /** Returns when everything committed would survive the death of the process. */
  flush(): void {
    const { cache, allocation, isReadOnly } = this.#mount;
    // Data is written in place only by what is then committed.
    if (isReadOnly || (this.commitCount === this.#flushedCount && cache.isClean)) return;
    cache.flush();
    allocation.flushed();
    this.#flushedCount = this.commitCount;
  }

  /** Whether an inode stands in the list of orphans. Hot path. */
  isOrphan(number: number): boolean {
    return this.#mount.orphans.has(number);
  }

  /** Frees an orphan in as many transactions as it takes, all with the request's tag and 0. */
  freeOrphan(number: number, step: TransactionStep, request: RequestTag): void {
    const { inodes, reclaim } = this.#mount;
    let isGone = false;
    while (!isGone) {
      isGone = this.undoOnError(() => {
        const inode = inodes.load(number);
        // A truncation that was left half done: the name is still there.
        const isDone = inode.links > 0
          ? this.#finishTruncation(inode)
          : reclaim.free(inode, this.#mount.seconds());
        this.commit(step, request, 0);
        return isDone;
      });
    }
  }

  /** Cuts or lengthens a file; all pieces but the last are committed here. */
  cut(inode: Inode, size: number): void {
    while (!this.#mount.data.truncate(inode, size)) {
      this.touch(inode);
      this.commit("truncate", NO_REQUEST, 0);
    }
    this.touch(inode);
  }

  /**
   * Keeps the time of access up as `relatime` has it: only if it would be older than a change, or a
   * day old. Nobody is told if that fails. Hot path.
   */
  accessed(inode: Inode): void {
    const nowMs = this.#mount.nowMs();
    const isNewer = isAfter(inode.atime, inode.mtime) && isAfter(inode.atime, inode.ctime);
    if (isNewer && nowMs - fromDiskTime(inode.atime) < DAY_MS) return;
    if (this.#mount.isReadOnly || (inode.flags & FLAG_NO_ACCESS_TIME) !== 0) return;
    try {
      this.commitWith("access", NOBODY, () => {
        inode.atime = toDiskTime(nowMs);
        this.#mount.inodes.store(inode);
        return 0;
      });
      this.#mount.coherence.accessed(inode.number);
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
    }
  }

  /** Stores an inode whose data has changed just now. */
  touch(inode: Inode): void {
    const now = this.#mount.now();
    inode.mtime = now;
    inode.ctime = now;
    this.#mount.inodes.store(inode);
  }

  #finishTruncation(inode: Inode): boolean {
    const { orphans, inodes, data } = this.#mount;
    const isDone = data.finishTruncation(inode);
    if (isDone) {
      orphans.remove(inode);
      inode.dtime = 0;
    }
    inodes.store(inode);
    return isDone;
  }

  #rollback(): void {
    const { map, cache, names } = this.#mount;
    map.abandon();
    names.rolledBack();
    cache.rollback();
  }
}

function isAfter(one: DiskTime, other: DiskTime): boolean {
  return fromDiskTime(one) > fromDiskTime(other);
}
