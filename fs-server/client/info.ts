/**
 * What the file server tells of files and directories, in the shapes that `Deno` has for them.
 *
 * @module
 */

import { ENTRY_TYPE, LISTED_ENTRY, listedEntryBytes } from "../ext4/layouts/dir_entry.ts";
import { MODE_DIRECTORY, MODE_FILE, MODE_SYMLINK, MODE_TYPE } from "../ext4/layouts/inode.ts";

/** What stands at a path; as `Deno.FileInfo`. */
export interface FileInfo {
  /** Whether it is a regular file. */
  readonly isFile: boolean;
  /** Whether it is a directory. */
  readonly isDirectory: boolean;
  /** Whether it is a symbolic link. */
  readonly isSymlink: boolean;
  /** Bytes. */
  readonly size: number;
  /** Last read, as far as it was set: reads do not keep it up. */
  readonly atime: Date;
  /** Last change of the data. */
  readonly mtime: Date;
  /** Last change of the inode. */
  readonly ctime: Date;
  /** The number of its inode. */
  readonly ino: number;
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
}

/** What `stat` and `fstat` answer. */
export interface StatReply {
  /** The number of its inode. */
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  readonly size: number;
  readonly blocks512: number;
  readonly atimeMs: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** The answer of `stat` in the shape that programs know. */
export function infoOf(reply: StatReply): FileInfo {
  const type = reply.mode & MODE_TYPE;
  return {
    isFile: type === MODE_FILE,
    isDirectory: type === MODE_DIRECTORY,
    isSymlink: type === MODE_SYMLINK,
    size: reply.size,
    atime: new Date(reply.atimeMs),
    mtime: new Date(reply.mtimeMs),
    ctime: new Date(reply.ctimeMs),
    ino: reply.inode,
    mode: reply.mode,
    nlink: reply.links,
    uid: reply.uid,
    gid: reply.gid,
    blksize: 4096,
    blocks: reply.blocks512,
  };
}

/** The entries that `readdir` packed but `.` and `..`, and where to go on. */
export function parseEntries(bytes: Uint8Array): { entries: DirEntry[]; nextCookie: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const entries: DirEntry[] = [];
  let nextCookie = 0;
  for (let at = 0; at < bytes.byteLength;) {
    const nameBytes = view.getUint8(at + LISTED_ENTRY.nameBytes);
    const type = view.getUint8(at + LISTED_ENTRY.type);
    const nameAt = at + LISTED_ENTRY.name;
    const name = decoder.decode(bytes.subarray(nameAt, nameAt + nameBytes));
    nextCookie = view.getUint32(at + LISTED_ENTRY.nextCookie, true);
    if (name !== "." && name !== "..") {
      entries.push({
        name,
        isFile: type === ENTRY_TYPE.file,
        isDirectory: type === ENTRY_TYPE.directory,
        isSymlink: type === ENTRY_TYPE.symlink,
        inode: view.getUint32(at + LISTED_ENTRY.inode, true),
      });
    }
    at += listedEntryBytes(nameBytes);
  }
  return { entries, nextCookie };
}
