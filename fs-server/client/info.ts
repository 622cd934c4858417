/**
 * What the file server tells of files and directories, in the shapes that `Deno` has for them.
 *
 * @module
 */

import { ENTRY_TYPE, LISTED_ENTRY, listedEntryBytes } from "../ext4/layouts/dir_entry.ts";
import { OsError } from "@hako/ipc";
import { ATTRIBUTE, ATTRIBUTES_BYTES } from "../layouts/attributes.ts";
import { MODE_DIRECTORY, MODE_FILE, MODE_SYMLINK, MODE_TYPE } from "../ext4/layouts/inode.ts";

const MODE_BLOCK_DEVICE = 0o060000;
const MODE_CHARACTER_DEVICE = 0o020000;
const MODE_FIFO = 0o010000;
const MODE_SOCKET = 0o140000;

/** What stands at a path; as `Deno.FileInfo`. */
export interface FileInfo {
  /** Whether it is a regular file. */
  readonly isFile: boolean;
  /** Whether it is a directory. */
  readonly isDirectory: boolean;
  /** Whether it is a symbolic link. */
  readonly isSymlink: boolean;
  /** Whether it is a block device's file. */
  readonly isBlockDevice: boolean;
  /** Whether it is a character device's file. */
  readonly isCharDevice: boolean;
  /** Whether it is a pipe's file. */
  readonly isFifo: boolean;
  /** Whether it is a socket's file. */
  readonly isSocket: boolean;
  /** Bytes. */
  readonly size: number;
  /** Last read, as precisely as reads keep it up. */
  readonly atime: Date;
  /** Last change of the data. */
  readonly mtime: Date;
  /** Last change of the inode. */
  readonly ctime: Date;
  /** When it was made. */
  readonly birthtime: Date;
  /** Nanoseconds of the last read within its second. */
  readonly atimeNanoseconds: number;
  /** Nanoseconds of the last change of the data within its second. */
  readonly mtimeNanoseconds: number;
  /** Nanoseconds of the last change of the inode within its second. */
  readonly ctimeNanoseconds: number;
  /** Nanoseconds of its making within its second. */
  readonly birthtimeNanoseconds: number;
  /** The number of its inode. */
  readonly ino: number;
  /** Tells apart the files that have had this inode, one after the other. */
  readonly generation: number;
  /** The number of the file system; a client knows one. */
  readonly dev: number;
  /** Of a device's file: which device. */
  readonly rdev: number;
  /** Type and permissions. */
  readonly mode: number;
  /** How many names it has. */
  readonly nlink: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Bytes of a block. */
  readonly blksize: number;
  /** Units of 512 bytes on the disk. */
  readonly blocks: number;
}

/** A name in a directory; as `Deno.DirEntry`, and its inode. */
export interface DirEntry {
  /** The name, without a path. */
  readonly name: string;
  /** Whether it is a regular file. */
  readonly isFile: boolean;
  /** Whether it is a directory. */
  readonly isDirectory: boolean;
  /** Whether it is a symbolic link. */
  readonly isSymlink: boolean;
  /** The number of its inode. */
  readonly inode: number;
  /** What it is: a value of `ENTRY_TYPE`. */
  readonly type: number;
  /** The bytes of the name, for one that is no UTF-8. */
  readonly nameBytes: Uint8Array;
}

/** The attributes that the server told in the shape that programs know. Hot path. */
export function infoOf(attributes: Uint8Array): FileInfo {
  recordBytes.set(attributes);
  const mode = words[ATTRIBUTE.mode >> 2]!;
  const type = mode & MODE_TYPE;
  const atimeNanoseconds = words[ATTRIBUTE.atimeNanoseconds >> 2]!;
  const mtimeNanoseconds = words[ATTRIBUTE.mtimeNanoseconds >> 2]!;
  const ctimeNanoseconds = words[ATTRIBUTE.ctimeNanoseconds >> 2]!;
  const birthtimeNanoseconds = words[ATTRIBUTE.birthNanoseconds >> 2]!;
  return {
    isFile: type === MODE_FILE,
    isDirectory: type === MODE_DIRECTORY,
    isSymlink: type === MODE_SYMLINK,
    isBlockDevice: type === MODE_BLOCK_DEVICE,
    isCharDevice: type === MODE_CHARACTER_DEVICE,
    isFifo: type === MODE_FIFO,
    isSocket: type === MODE_SOCKET,
    size: numbers[ATTRIBUTE.size >> 3]!,
    atime: dateOf(numbers[ATTRIBUTE.atimeSeconds >> 3]!, atimeNanoseconds),
    mtime: dateOf(numbers[ATTRIBUTE.mtimeSeconds >> 3]!, mtimeNanoseconds),
    ctime: dateOf(numbers[ATTRIBUTE.ctimeSeconds >> 3]!, ctimeNanoseconds),
    birthtime: dateOf(numbers[ATTRIBUTE.birthSeconds >> 3]!, birthtimeNanoseconds),
    atimeNanoseconds,
    mtimeNanoseconds,
    ctimeNanoseconds,
    birthtimeNanoseconds,
    ino: words[ATTRIBUTE.inode >> 2]!,
    generation: words[ATTRIBUTE.generation >> 2]!,
    dev: 1,
    rdev: words[ATTRIBUTE.device >> 2]!,
    mode,
    nlink: words[ATTRIBUTE.links >> 2]!,
    uid: words[ATTRIBUTE.uid >> 2]!,
    gid: words[ATTRIBUTE.gid >> 2]!,
    blksize: 4096,
    blocks: numbers[ATTRIBUTE.blocks512 >> 3]!,
  };
}

/** The inode that attributes tell of. */
export function inodeOf(attributes: Uint8Array): number {
  const { buffer, byteOffset, byteLength } = attributes;
  return new DataView(buffer, byteOffset, byteLength).getUint32(ATTRIBUTE.inode, true);
}

/** One record at a time, aligned. */
const recordBytes = new Uint8Array(ATTRIBUTES_BYTES);
const words = new Uint32Array(recordBytes.buffer);
const numbers = new Float64Array(recordBytes.buffer);

function dateOf(seconds: number, nanoseconds: number): Date {
  return new Date(seconds * 1000 + Math.floor(nanoseconds / 1e6));
}

/** A moment: a date, seconds since 1970 as `Deno` has it, or seconds and nanoseconds within them. */
export type Moment = number | Date | { readonly seconds: number; readonly nanoseconds: number };

/**
 * Seconds since 1970 and nanoseconds within the second.
 *
 * @throws {OsError} `EINVAL` if it is no moment.
 */
export function splitMoment(time: Moment): { seconds: number; nanoseconds: number } {
  if (typeof time === "object" && "seconds" in time) return time;
  const isDate = typeof time === "object";
  const seconds = Math.floor(isDate ? time.getTime() / 1000 : time);
  if (!Number.isFinite(seconds)) throw new OsError("EINVAL", "set a time");
  // Whole microseconds: a double has no more of today's seconds.
  const rest = isDate ? time.getTime() - seconds * 1000 : (time - seconds) * 1000;
  return { seconds, nanoseconds: Math.min(999_999_000, Math.round(rest * 1000) * 1000) };
}

const decoder = new TextDecoder();

/** The entries that `readdir` packed but `.` and `..`, and where to go on. */
export function parseEntries(bytes: Uint8Array): { entries: DirEntry[]; nextCookie: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: DirEntry[] = [];
  let nextCookie = 0;
  for (let at = 0; at < bytes.byteLength;) {
    const nameByteLength = view.getUint8(at + LISTED_ENTRY.nameBytes);
    const type = view.getUint8(at + LISTED_ENTRY.type);
    const nameAt = at + LISTED_ENTRY.name;
    const nameBytes = bytes.subarray(nameAt, nameAt + nameByteLength);
    const name = decoder.decode(nameBytes);
    nextCookie = view.getFloat64(at + LISTED_ENTRY.nextCookie, true);
    if (name !== "." && name !== "..") {
      entries.push({
        name,
        isFile: type === ENTRY_TYPE.file,
        isDirectory: type === ENTRY_TYPE.directory,
        isSymlink: type === ENTRY_TYPE.symlink,
        inode: view.getUint32(at + LISTED_ENTRY.inode, true),
        type,
        nameBytes,
      });
    }
    at += listedEntryBytes(nameByteLength);
  }
  return { entries, nextCookie };
}
