/**
 * What the adapter stands on: files as a POSIX kernel has them, each call with the answer of one
 * request. Errors are `OsError`s.
 *
 * @module
 */

import type { FileInfo } from "../client/info.ts";

/** A path or a name: text, or bytes that need not be text. */
export type PathBytes = string | Uint8Array;

/** A time to set: seconds since 1970 and nanoseconds within the second. */
export interface TimeToSet {
  /** Whole seconds, perhaps before 1970. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanoseconds: number;
}

/** A name in a directory. */
export interface ListedName {
  /** The name, in memory of its own. */
  readonly nameBytes: Uint8Array;
  /** `ENTRY_TYPE` of the file that it names. */
  readonly type: number;
}

/** How large a file system is, and how full: in blocks and inodes. */
export interface Usage {
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Blocks in all. */
  readonly blockCount: number;
  /** Blocks that are free. */
  readonly blocksFree: number;
  /** Blocks that are free for others than root. */
  readonly blocksAvailable: number;
  /** Inodes in all. */
  readonly inodeCount: number;
  /** Inodes that are free. */
  readonly inodesFree: number;
}

/** A change in what is watched. */
export interface WatchedChange {
  /** One of `WATCH_EVENT`. */
  readonly kind: number;
  /** The name in the watched directory; empty for the watched file itself. */
  readonly name: Uint8Array;
}

/** An open file or directory. It has no position. */
export interface PosixFile {
  /** Reads from `offset` on; answers the count, less than asked for only at the end. */
  read(target: Uint8Array, offset: number): number;
  /** Writes at `offset`, or at the end if it is undefined; answers the count. */
  write(source: Uint8Array, offset: number | undefined): number;
  /** What it is. */
  attributes(): FileInfo;
  /** Makes the file longer, with a hole, or shorter. */
  truncate(size: number): void;
  /** Returns when the file would survive the death of the process. */
  sync(dataOnly: boolean): void;
  /** Sets the permissions. */
  chmod(mode: number): void;
  /** Sets the owner and the group; 0xffffffff leaves one as it is. */
  chown(uid: number, gid: number): void;
  /** Sets the times. */
  utimens(atime: TimeToSet, mtime: TimeToSet): void;
  /** Closes it. */
  close(): void;
}

/** The calls of a file system. Paths begin with `/`. */
export interface PosixCalls {
  /** Opens a file; the flags are those of `OPEN`. */
  open(path: PathBytes, flags: number, mode: number): PosixFile;
  /** What stands there. */
  attributes(path: PathBytes, follow: boolean): FileInfo;
  /** Whether what stands there may be used so: bits of `ACCESS`. */
  access(path: PathBytes, wanted: number): void;
  /** Makes a directory. */
  mkdir(path: PathBytes, mode: number): void;
  /** Removes an empty directory. */
  rmdir(path: PathBytes): void;
  /** The names in a directory but `.` and `..`; it is open until the iterator ends. */
  list(path: PathBytes): IterableIterator<ListedName>;
  /** Removes a name that is no directory's. */
  unlink(path: PathBytes): void;
  /** Moves a name over what stands at the target. */
  rename(source: PathBytes, target: PathBytes): void;
  /** Gives a file another name. */
  link(source: PathBytes, target: PathBytes): void;
  /** Makes a symbolic link at `path`. */
  symlink(target: PathBytes, path: PathBytes): void;
  /** Where a symbolic link points. */
  readlink(path: PathBytes): Uint8Array;
  /** The path without symbolic links, `.` and `..`. */
  realpath(path: PathBytes): Uint8Array;
  /** Sets the permissions. */
  chmod(path: PathBytes, mode: number, follow: boolean): void;
  /** Sets the owner and the group; 0xffffffff leaves one as it is. */
  chown(path: PathBytes, owner: { uid: number; gid: number }, follow: boolean): void;
  /** Sets the times. */
  utimens(path: PathBytes, times: readonly [TimeToSet, TimeToSet], follow: boolean): void;
  /** How full the file system is. */
  usage(): Usage;
  /**
   * Tells of changes, from now on, until what it answered is called. An error ends it and is told
   * instead.
   */
  watch(path: PathBytes, tell: (change: WatchedChange | Error) => void): () => void;
}
