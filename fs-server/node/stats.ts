/**
 * What `stat` and `statfs` tell, in Node's classes.
 *
 * @module
 */

import type { FileInfo } from "../client/info.ts";
import type { Usage } from "./calls.ts";
import { constants } from "./constants.ts";

/** `f_type` of ext2, ext3 and ext4. */
const EXT_MAGIC = 0xef53;

/** The questions that everything with a type answers. */
export interface FileType {
  /** Whether it is a regular file. */
  isFile(): boolean;
  /** Whether it is a directory. */
  isDirectory(): boolean;
  /** Whether it is a symbolic link. */
  isSymbolicLink(): boolean;
  /** Whether it is a block device. */
  isBlockDevice(): boolean;
  /** Whether it is a character device. */
  isCharacterDevice(): boolean;
  /** Whether it is a pipe with a name. */
  isFIFO(): boolean;
  /** Whether it is a socket. */
  isSocket(): boolean;
}

/** Gives a class the questions of {@linkcode FileType}. */
export function answerType<T extends object>(prototype: T, modeOf: (self: T) => number): void {
  const answer = (type: number) =>
    function (this: T): boolean {
      return (modeOf(this) & constants.S_IFMT) === type;
    };
  const { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } = constants;
  Object.assign(prototype, {
    ...{ isFile: answer(S_IFREG), isDirectory: answer(S_IFDIR), isSymbolicLink: answer(S_IFLNK) },
    ...{ isBlockDevice: answer(S_IFBLK), isCharacterDevice: answer(S_IFCHR) },
    ...{ isFIFO: answer(S_IFIFO), isSocket: answer(S_IFSOCK) },
  });
}

/** Milliseconds since 1970, and parts of them. */
function msOf(date: Date, nanoseconds: number): number {
  return Math.floor(date.getTime() / 1000) * 1000 + nanoseconds / 1e6;
}

/** Nanoseconds since 1970. */
function nsOf(date: Date, nanoseconds: number): bigint {
  return BigInt(Math.floor(date.getTime() / 1000)) * 1_000_000_000n + BigInt(nanoseconds);
}

/** What stands at a path. The questions of {@linkcode FileType} are answered too. */
export class Stats {
  /** The device. */
  readonly dev: number;
  /** The inode. */
  readonly ino: number;
  /** Type and permissions. */
  mode: number;
  /** How many names it has. */
  readonly nlink: number;
  /** Owner. */
  uid: number;
  /** Group. */
  gid: number;
  /** The device that a special file stands for. */
  readonly rdev: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes that are well taken at once. */
  readonly blksize: number;
  /** Units of 512 bytes on the disk. */
  readonly blocks: number;
  /** Last read, in milliseconds. */
  readonly atimeMs: number;
  /** Last change of the data. */
  readonly mtimeMs: number;
  /** Last change of the inode. */
  readonly ctimeMs: number;
  /** When it was made. */
  readonly birthtimeMs: number;

  /** From what the file system told. */
  constructor(info: FileInfo) {
    this.dev = info.dev;
    this.ino = info.ino;
    this.mode = info.mode;
    this.nlink = info.nlink;
    this.uid = info.uid;
    this.gid = info.gid;
    this.rdev = info.rdev;
    this.size = info.size;
    this.blksize = info.blksize;
    this.blocks = info.blocks;
    this.atimeMs = msOf(info.atime, info.atimeNanoseconds);
    this.mtimeMs = msOf(info.mtime, info.mtimeNanoseconds);
    this.ctimeMs = msOf(info.ctime, info.ctimeNanoseconds);
    this.birthtimeMs = msOf(info.birthtime, info.birthtimeNanoseconds);
  }

  /** What is told of a file that is not there: zeros. */
  static ofNothing(): Stats {
    const epoch = new Date(0);
    return new Stats({
      ...{ isFile: false, isDirectory: false, isSymlink: false, isBlockDevice: false },
      ...{ isCharDevice: false, isFifo: false, isSocket: false, size: 0, mode: 0, nlink: 0 },
      ...{ atime: epoch, mtime: epoch, ctime: epoch, birthtime: epoch, uid: 0, gid: 0 },
      ...{ atimeNanoseconds: 0, mtimeNanoseconds: 0, ctimeNanoseconds: 0 },
      ...{ birthtimeNanoseconds: 0, ino: 0, generation: 0, dev: 0, rdev: 0, blksize: 0, blocks: 0 },
    });
  }

  /** Last read. */
  get atime(): Date {
    return new Date(Math.round(this.atimeMs));
  }

  /** Last change of the data. */
  get mtime(): Date {
    return new Date(Math.round(this.mtimeMs));
  }

  /** Last change of the inode. */
  get ctime(): Date {
    return new Date(Math.round(this.ctimeMs));
  }

  /** When it was made. */
  get birthtime(): Date {
    return new Date(Math.round(this.birthtimeMs));
  }
}

/** The questions of a file's type. */
export interface Stats extends FileType {}

/** The same in bigints, with nanoseconds. */
export class BigIntStats {
  /** The device. */
  readonly dev: bigint;
  /** The inode. */
  readonly ino: bigint;
  /** Type and permissions. */
  readonly mode: bigint;
  /** How many names it has. */
  readonly nlink: bigint;
  /** Owner. */
  readonly uid: bigint;
  /** Group. */
  readonly gid: bigint;
  /** The device that a special file stands for. */
  readonly rdev: bigint;
  /** Bytes. */
  readonly size: bigint;
  /** Bytes that are well taken at once. */
  readonly blksize: bigint;
  /** Units of 512 bytes on the disk. */
  readonly blocks: bigint;
  /** Last read, in nanoseconds. */
  readonly atimeNs: bigint;
  /** Last change of the data. */
  readonly mtimeNs: bigint;
  /** Last change of the inode. */
  readonly ctimeNs: bigint;
  /** When it was made. */
  readonly birthtimeNs: bigint;
  /** Last read, in milliseconds. */
  readonly atimeMs: bigint;
  /** Last change of the data. */
  readonly mtimeMs: bigint;
  /** Last change of the inode. */
  readonly ctimeMs: bigint;
  /** When it was made. */
  readonly birthtimeMs: bigint;

  /** From what the file system told. */
  constructor(info: FileInfo) {
    this.dev = BigInt(info.dev);
    this.ino = BigInt(info.ino);
    this.mode = BigInt(info.mode);
    this.nlink = BigInt(info.nlink);
    this.uid = BigInt(info.uid);
    this.gid = BigInt(info.gid);
    this.rdev = BigInt(info.rdev);
    this.size = BigInt(info.size);
    this.blksize = BigInt(info.blksize);
    this.blocks = BigInt(info.blocks);
    this.atimeNs = nsOf(info.atime, info.atimeNanoseconds);
    this.mtimeNs = nsOf(info.mtime, info.mtimeNanoseconds);
    this.ctimeNs = nsOf(info.ctime, info.ctimeNanoseconds);
    this.birthtimeNs = nsOf(info.birthtime, info.birthtimeNanoseconds);
    this.atimeMs = this.atimeNs / 1_000_000n;
    this.mtimeMs = this.mtimeNs / 1_000_000n;
    this.ctimeMs = this.ctimeNs / 1_000_000n;
    this.birthtimeMs = this.birthtimeNs / 1_000_000n;
  }

  /** Last read. */
  get atime(): Date {
    return new Date(Number(this.atimeMs));
  }

  /** Last change of the data. */
  get mtime(): Date {
    return new Date(Number(this.mtimeMs));
  }

  /** Last change of the inode. */
  get ctime(): Date {
    return new Date(Number(this.ctimeMs));
  }

  /** When it was made. */
  get birthtime(): Date {
    return new Date(Number(this.birthtimeMs));
  }
}

/** The questions of a file's type. */
export interface BigIntStats extends FileType {}

answerType(Stats.prototype, (stats) => stats.mode);
answerType(BigIntStats.prototype, (stats) => Number(stats.mode));

/** What is told of the whole file system. */
export class StatFs<T extends number | bigint = number> {
  /** What kind it is. */
  readonly type: T;
  /** Bytes of a block. */
  readonly bsize: T;
  /** Blocks in all. */
  readonly blocks: T;
  /** Blocks that are free. */
  readonly bfree: T;
  /** Blocks that are free for others than root. */
  readonly bavail: T;
  /** Inodes in all. */
  readonly files: T;
  /** Inodes that are free. */
  readonly ffree: T;

  /** From what the file system told, in numbers of the caller's kind. */
  constructor(usage: Usage, of: (value: number) => T) {
    this.type = of(EXT_MAGIC);
    this.bsize = of(usage.blockBytes);
    this.blocks = of(usage.blockCount);
    this.bfree = of(usage.blocksFree);
    this.bavail = of(usage.blocksAvailable);
    this.files = of(usage.inodeCount);
    this.ffree = of(usage.inodesFree);
  }
}
