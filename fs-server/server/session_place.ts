/**
 * What sessions stand on.
 *
 * @module
 */

import type { WindowName } from "./mappings.ts";
import type { DirtyRun } from "./session.ts";

/** What sessions need of the file system. */
export interface SessionFiles {
  /** Inodes of the file system. */
  readonly inodeCount: number;
  /** Bytes that anybody could still write. */
  bytesFree(): number;
  /** Whether somebody waits to hear of changes of a file. */
  isWatched(inode: number): boolean;
  /** Whether an inode is still the file that it was when a lease was given, and not freed. */
  isSame(inode: number, inodeGeneration: number): boolean;
  /**
   * Writes runs of the window of client `badge` to a file, in transactions of its own; the times
   * become now.
   *
   * @throws {OsError} Why not all of it could be written.
   */
  writeBack(inode: number, runs: readonly DirtyRun[], badge: number): void;
  /** Writes the record of `layouts/attributes.ts`. */
  attributes(inode: number, target: Uint8Array): void;
  /** Reads; what lies behind the end of the file becomes zero. */
  readMapped(inode: number, offset: number, target: Uint8Array): number;
}

/** What sessions need of the domain. */
export interface SessionPlace {
  /** The keep `sessions`; an empty one makes sessions impossible. */
  readonly keep: Uint8Array;
  readonly nowMs: () => number;
  /** A named point at which a fault plan may end this incarnation. */
  readonly point: (name: string) => void;
  /** By badge: the lives of the clients that are there now. */
  clients(): ReadonlyMap<number, number>;
  windowName(view: Uint8Array): WindowName;
  windowOf(badge: number, name: WindowName): Uint8Array | undefined;
}
