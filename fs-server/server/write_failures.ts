/**
 * What clients have written and the server could not: kept until the client asks whether its data is
 * safe, so that no loss goes untold, whatever became of lease and handle in the meantime.
 *
 * @module
 */

import { errnoName, OsError } from "@hako/ipc";

/** Files of one client whose failures are kept one by one. */
export const FAILURES_MAX = 1_024;

/** The failures of all clients. */
export class WriteFailures {
  /** By badge and inode, the errno. */
  readonly #failures: Map<number, Map<number, number>> = new Map();
  /** By badge, the errno of failures for which there was no more room. */
  readonly #others: Map<number, number> = new Map();

  /** Notes that something that a client wrote to a file is lost. */
  note(badge: number, inode: number, errno: number): void {
    let ofClient = this.#failures.get(badge);
    if (ofClient === undefined) this.#failures.set(badge, ofClient = new Map());
    if (ofClient.size < FAILURES_MAX || ofClient.has(inode)) ofClient.set(inode, errno);
    else this.#others.set(badge, errno);
  }

  /**
   * Why something is lost that a client wrote to a file, and forgets it; 0 if nothing is. If there were
   * too many files to keep, the first that is asked for tells of the others.
   */
  take(badge: number, inode: number): number {
    const ofClient = this.#failures.get(badge);
    const errno = ofClient?.get(inode);
    if (errno !== undefined) {
      ofClient!.delete(inode);
      return errno;
    }
    const other = this.#others.get(badge) ?? 0;
    this.#others.delete(badge);
    return other;
  }

  /** Forgets a file that is freed: nobody can ask for it any more. */
  forget(inode: number): void {
    for (const ofClient of this.#failures.values()) ofClient.delete(inode);
  }

  /** Forgets a client that is gone. */
  gone(badge: number): void {
    this.#failures.delete(badge);
    this.#others.delete(badge);
  }
}

/** Tells of a loss by its errno; does nothing if that is 0. */
export function throwLost(errno: number): void {
  if (errno !== 0) throw new OsError(errnoName(errno) ?? "EIO", "write back");
}
