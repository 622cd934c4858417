/**
 * What the storage server wants of a disk. The real one is {@linkcode BlockDevice}; a layer such as
 * the integrity layer stands on devices and is one; the simulated one loses power, tears writes and
 * fails on demand.
 *
 * A transfer is done at once (`read`, `write`) or **begun**: then several are under way, and each
 * says when it is done, from within `poll` or `wait`. Transfers that overlap take effect in the order
 * in which they were begun; one that is done at once comes after all that were begun before it.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** Hears how a begun transfer ended: 0, or an errno. */
export type Done = (errno: number) => void;

/** A run of 4 KiB blocks on some medium. What is done at once throws `OsError` when it cannot be. */
export interface Device {
  /** How many blocks there are. */
  readonly blockCount: number;

  /** Whether writes are refused with `EROFS`. */
  readonly readOnly: boolean;

  /** Whether `zero` takes much less time than writing zeroes would. */
  readonly fastZero: boolean;

  /** Reads `count` blocks into `target`, which holds exactly as many and lies in a window. */
  read(first: number, count: number, target: Uint8Array): void;

  /** Writes `count` blocks from `source`, which holds exactly as many and lies in a window. */
  write(first: number, count: number, source: Uint8Array): void;

  /** Returns when every write that ended before is on stable storage. */
  flush(): void;

  /** Makes a run of blocks read as zeroes. */
  zero(first: number, count: number): void;

  /** Says that nobody needs what a run of blocks holds. It may read as anything from then on. */
  discard(first: number, count: number): void;

  /** How many more transfers can be begun now. */
  readonly room: number;

  /** How many transfers are under way. */
  readonly underWay: number;

  /** Begins to read; there must be room. */
  beginRead(first: number, count: number, target: Uint8Array, done: Done): void;

  /** Begins to write; there must be room. `source` stays as it is until it is done. */
  beginWrite(first: number, count: number, source: Uint8Array, done: Done): void;

  /** Tells of the transfers that have ended; answers how many. */
  poll(): number;

  /** Waits until a transfer that is under way has ended, and tells of it; or until time is over. */
  wait(timeoutMs?: number): void;
}

/** A death point reached: a fault plan may end the incarnation here. */
export type Point<Name extends string> = (name: Name) => void;

/**
 * The errno of a failed device operation as a volume answers it. What is no `OsError` is our own
 * mistake and goes on up: it ends the incarnation.
 */
export function deviceErrno(error: unknown): "EIO" | "ENOSPC" | "EROFS" {
  if (!(error instanceof OsError)) throw error;
  return error.code === "ENOSPC" || error.code === "EROFS" ? error.code : "EIO";
}
