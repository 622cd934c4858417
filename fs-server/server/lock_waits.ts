/**
 * Requests that wait for a lock, in the order in which they came. They are in memory alone: whoever
 * waits while the server dies is given to the successor again, and waits anew.
 *
 * @module
 */

import { type Later, OsError } from "@hako/ipc";
import { WAIT_REQUESTS_MAX } from "../protocol.ts";
import type { RequestTag } from "../disk/disk.ts";
import type { Caller } from "./caller.ts";
import { isSameHolder, type LockRequest, type Locks } from "./locks.ts";

/** Bounds the search for a circle: more waits than that are taken for one. */
const STEPS_MAX = 4096;

/** A request that waits. */
interface Waiter {
  readonly wanted: LockRequest;
  readonly badge: number;
  /** The number of the request among those of its client. */
  readonly sequence: number;
  readonly later: Later;
}

/** Those who wait for locks. */
export class LockWaits {
  readonly #locks: Locks;
  #waiters: Waiter[] = [];

  /** Waits for locks in this table. */
  constructor(locks: Locks) {
    this.#locks = locks;
  }

  /** How many wait. */
  get count(): number {
    return this.#waiters.length;
  }

  /**
   * Checks that nobody whom such a lock would wait for waits for its owner, over however many.
   *
   * @throws {OsError} `EDEADLK`.
   */
  requireNoCircle(wanted: LockRequest): void {
    const open = this.#locks.conflicts(wanted);
    const seen = new Set<string>();
    for (let lock = open.pop(); lock !== undefined; lock = open.pop()) {
      if (isSameHolder(lock, wanted)) throw new OsError("EDEADLK", "lock");
      const name = `${lock.client} ${lock.owner}`;
      if (seen.has(name)) continue;
      seen.add(name);
      if (seen.size > STEPS_MAX) throw new OsError("EDEADLK", "lock");
      for (const waiter of this.#waiters) {
        if (!waiter.wanted.isRange || !isSameHolder(waiter.wanted, lock)) continue;
        open.push(...this.#locks.conflicts(waiter.wanted));
      }
    }
  }

  /** Lets a request wait. */
  add(wanted: LockRequest, { badge, sequence }: RequestTag, later: Later): void {
    this.#waiters.push({ wanted, badge, sequence, later });
  }

  /** Gives what is free now to those who wait for locks of an inode. */
  grant(inode: number): void {
    this.#settle((waiter) => {
      if (waiter.wanted.inode !== inode) return undefined;
      return this.#locks.conflicts(waiter.wanted).length > 0 ? undefined : this.#give(waiter);
    });
  }

  /** Ends the waits of a handle that is closed. */
  closed(handle: number, client: number, errno: number): void {
    this.#settle(({ wanted }) =>
      wanted.handle === handle && wanted.client === client ? -errno : undefined
    );
  }

  /** Forgets the waits of a client that is gone: there is nobody to be answered. */
  forget(badge: number): void {
    this.#waiters = this.#waiters.filter((waiter) => waiter.badge !== badge);
  }

  /** Ends the waits that have outlived too many further requests of their client. */
  outlived({ badge, sequence }: Caller, errno: number): void {
    this.#settle((waiter) => {
      const further = (sequence - waiter.sequence) >>> 0;
      return waiter.badge === badge && further >= WAIT_REQUESTS_MAX ? -errno : undefined;
    });
  }

  /** Ends the waits of requests that nobody waits for any more. */
  sweep(errno: number): void {
    this.#settle(({ later }) => later.isAbandoned() ? -errno : undefined);
  }

  /** Answers those for whom there is an answer. */
  #settle(answerOf: (waiter: Waiter) => number | undefined): void {
    const left: Waiter[] = [];
    for (const waiter of this.#waiters) {
      const answer = answerOf(waiter);
      if (answer === undefined) left.push(waiter);
      else waiter.later.answer(answer);
    }
    this.#waiters = left;
  }

  #give({ wanted, later }: Waiter): number | undefined {
    // Nobody would know of the lock, and nobody would give it back.
    if (later.isAbandoned()) return undefined;
    try {
      this.#locks.set(wanted);
      return 0;
    } catch (error) {
      if (error instanceof OsError) return -error.errno;
      throw error;
    }
  }
}
