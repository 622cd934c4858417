/**
 * The handlers of the protocol: words in, words out. The one place where an `OsError` becomes a
 * negative number, and where a path leaves the client's window.
 *
 * @module
 */

import { OsError, type Outcome, type Request, type RequestName } from "@hako/ipc";
import { BLOCK_BYTES } from "../disk/disk.ts";
import type { Ext2FileSystem } from "./file_system.ts";
import { fromDiskTime, type Inode } from "../ext4/inode.ts";
import { NAME_BYTES_MAX } from "../ext4/layouts/dir_entry.ts";
import { type LastLink, takeBytes, takePath } from "./path.ts";
import type { operations } from "../protocol.ts";

/** The handlers of the file server, all of which answer at once. */
export type FileHandlers = {
  readonly [K in keyof typeof operations]: (
    request: Request<(typeof operations)[K]>,
    context: RequestName,
  ) => Outcome<(typeof operations)[K]>;
};

/** The handlers of a mounted file system. */
export function handlersOf(fs: Ext2FileSystem): FileHandlers {
  return {
    open: ({ path, flags, mode }, context) =>
      answer(() => {
        const { handle, inode } = fs.open(takePath(path), flags, mode, context);
        return { handle, inode: inode.number, size: inode.size, mode: inode.mode };
      }),
    close: ({ handle }, context) => answer(() => fs.close(handle, context)),
    read: ({ handle, offset, target }, { badge }) =>
      answer(() => fs.read(handle, offset, target, badge)),
    write: ({ handle, offset, append, source }, context) =>
      answer(() => fs.write(handle, append ? undefined : offset, source, context)),
    stat: ({ path, follow }) => answer(() => attributes(fs.stat(takePath(path), lastLink(follow)))),
    fstat: ({ handle }, { badge }) => answer(() => attributes(fs.statOpen(handle, badge))),
    mkdir: ({ path, mode }, context) => answer(() => fs.mkdir(takePath(path), mode, context)),
    rmdir: ({ path }, context) => answer(() => fs.rmdir(takePath(path), context)),
    unlink: ({ path }, context) => answer(() => fs.unlink(takePath(path), context)),
    rename: ({ source, target }, context) =>
      answer(() => fs.rename(takePath(source), takePath(target), context)),
    link: ({ source, target }, context) =>
      answer(() => fs.link(takePath(source), takePath(target), context)),
    symlink: ({ target, path }, context) =>
      answer(() => fs.symlink(takeBytes(target), takePath(path), context)),
    readlink: ({ path, target }) => answer(() => putBytes(fs.readlink(takePath(path)), target)),
    truncate: ({ handle, size }, context) => answer(() => fs.truncate(handle, size, context)),
    setAttributes: ({ path, follow, ...change }, context) =>
      answer(() => fs.setAttributes(takePath(path), lastLink(follow), change, context)),
    readdir: ({ handle, cookie, target }, { badge }) =>
      answer(() => fs.readdir(handle, cookie, target, badge)),
    fsync: ({ handle }, { badge }) => answer(() => fs.sync(handle, badge)),
    statfs: () =>
      answer(() => ({ ...fs.usage(), blockBytes: BLOCK_BYTES, nameBytesMax: NAME_BYTES_MAX })),
  };
}

/** Runs an operation; an expected failure becomes its negative number, anything else ends us. */
function answer<T>(operation: () => T): T | number {
  try {
    return operation();
  } catch (error) {
    if (error instanceof OsError) return -error.errno;
    throw error;
  }
}

function lastLink(follow: boolean): LastLink {
  return follow ? "follow" : "keep";
}

function attributes(inode: Inode) {
  return {
    inode: inode.number,
    mode: inode.mode,
    links: inode.links,
    uid: inode.uid,
    gid: inode.gid,
    size: inode.size,
    blocks512: inode.sectors,
    atimeMs: fromDiskTime(inode.atime),
    mtimeMs: fromDiskTime(inode.mtime),
    ctimeMs: fromDiskTime(inode.ctime),
  };
}

function putBytes(text: string, target: Uint8Array): number {
  const count = Math.min(text.length, target.byteLength);
  for (let index = 0; index < count; index++) target[index] = text.charCodeAt(index);
  return count;
}
