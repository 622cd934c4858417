/**
 * What the storage server wants of a disk. The real one is {@linkcode BlockDevice}; the simulated
 * one loses power, tears writes and fails on demand.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** A run of 4 KiB blocks on some medium. Every operation throws `OsError` when it cannot be done. */
export interface Device {
  /** How many blocks there are. */
  readonly blockCount: number;

  /** Reads `count` blocks into `target`, which holds exactly as many and lies in a window. */
  read(first: number, count: number, target: Uint8Array): void;

  /** Writes `count` blocks from `source`, which holds exactly as many and lies in a window. */
  write(first: number, count: number, source: Uint8Array): void;

  /** Returns when every write that returned before is on stable storage. */
  flush(): void;
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
