/**
 * The handlers of the protocol: words in, words out. The one place where an `OsError` becomes a
 * negative number.
 *
 * @module
 */

import { ERRNO, type Later, OsError, type Outcome, type Request } from "@hako/ipc";
import { NAME_BYTES_MAX } from "../ext4/layouts/dir_entry.ts";
import { LOCK, type operations } from "../protocol.ts";
import { AttributesRecord } from "./attributes_record.ts";
import type { Caller } from "./caller.ts";
import { takeGroups } from "./credentials.ts";
import type { FileServer } from "./file_system.ts";

/** In `which` and `flags`: follow a symbolic link at the end. */
const FOLLOW = 16;

/** What a handler is told of its request. */
export interface RequestSource {
  readonly badge: number;
  readonly sequence: number;
  later(): Later;
}

/** The operations that may be answered when others have been. */
export type WaitingOperation = "changes" | "flock" | "lock" | "watch";

/** The handlers of the file server. */
export type FileHandlers = {
  readonly [K in keyof typeof operations]: (
    request: Request<(typeof operations)[K]>,
    context: RequestSource,
  ) => Outcome<(typeof operations)[K]> | (K extends WaitingOperation ? Later : never);
};

/** The handlers of a mounted file system. */
export function handlersOf(fs: FileServer): FileHandlers {
  const by = callersOf(fs);
  return {
    ...handlersOfOpenFiles(fs, by),
    ...handlersOfPaths(fs, by),
    ...handlersOfNames(fs, by),
    ...handlersOfAttributes(fs, by),
    ...handlersOfWaits(fs, by),
    ...handlersOfSessions(fs, by),
  };
}

/** Who asks by a request. */
type Callers = (context: RequestSource, as?: number) => Caller;

function callersOf({ mount, locking, watching }: FileServer): Callers {
  const { credentials, lives } = mount;
  return ({ badge, sequence }, as = 0) => {
    const credential = credentials.get(as);
    const caller = { badge, sequence, client: lives.of(badge), as, credential };
    if (locking.waitCount > 0) locking.outlived(caller);
    if (watching.waitCount > 0) watching.outlived(caller);
    return caller;
  };
}

function handlersOfOpenFiles(fs: FileServer, by: Callers) {
  const { opening, data, attributes } = fs;
  const record = new AttributesRecord();
  return {
    open: ({ at, path, as, ...how }, context) =>
      answer(() => {
        const { handle, lease, inode } = opening.open({ at, path }, how, by(context, as));
        return { handle, lease, attributes: record.of(inode) };
      }),
    close: ({ handle }, context) => answer(() => opening.close(handle, by(context))),
    read: ({ handle, offset, target }, context) =>
      answer(() => data.read(handle, offset, target, by(context))),
    write: ({ handle, ...what }, context) => answer(() => data.write(handle, what, by(context))),
    fstat: ({ handle }, context) =>
      answer(() => ({ attributes: record.of(attributes.statOpen(handle, by(context))) })),
    truncate: ({ handle, size }, context) => answer(() => data.truncate(handle, size, by(context))),
    readdir: ({ handle, cookie, target }, context) =>
      answer(() => data.readdir(handle, cookie, target, by(context))),
    readdirPlus: ({ handle, cookie, target }, context) =>
      answer(() => data.readdirPlus(handle, cookie, target, by(context))),
    fsync: ({ handle }, context) => answer(() => data.sync(handle, by(context))),
    allocate: ({ handle, flags, offset, byteLength }, context) =>
      answer(() => data.allocate(handle, { flags, offset, byteLength }, by(context))),
    seek: ({ handle, offset, isHole }, context) =>
      answer(() => ({ offset: data.seek(handle, offset, isHole, by(context)) })),
  } satisfies Partial<FileHandlers>;
}

function handlersOfPaths(fs: FileServer, by: Callers) {
  const { naming, attributes, mount } = fs;
  const record = new AttributesRecord();
  return {
    stat: ({ at, path, follow, as }, context) =>
      answer(() => {
        const inode = attributes.stat({ at, path, follow }, by(context, as));
        return inode === undefined ? -ERRNO.ENOENT : { attributes: record.of(inode) };
      }),
    access: ({ at, path, follow, wanted, as }, context) =>
      answer(() => attributes.access({ at, path, follow }, wanted, by(context, as))),
    readlink: ({ at, path, target, as }, context) =>
      answer(() => naming.readlink({ at, path }, target, by(context, as))),
    realpath: ({ at, path, target, as }, context) =>
      answer(() => naming.realpath({ at, path }, target, by(context, as))),
    statfs: () =>
      answer(() => ({
        ...fs.usage(),
        blockBytes: mount.blockBytes,
        nameBytesMax: NAME_BYTES_MAX,
        readOnly: mount.isReadOnly,
      })),
    credential: ({ uid, gid, groups, overrides }) =>
      answer(() => mount.credentials.numberOf({ uid, gid, overrides, groups: takeGroups(groups) })),
  } satisfies Partial<FileHandlers>;
}

function handlersOfNames({ naming }: FileServer, by: Callers) {
  return {
    mkdir: ({ at, path, mode, umask, as }, context) =>
      answer(() => naming.mkdir({ at, path }, { mode, umask }, by(context, as))),
    mknod: ({ at, path, mode, umask, device, as }, context) =>
      answer(() => naming.mknod({ at, path }, { mode, umask, device }, by(context, as))),
    rmdir: ({ at, path, as }, context) => answer(() => naming.rmdir({ at, path }, by(context, as))),
    unlink: ({ at, path, as }, context) =>
      answer(() => naming.unlink({ at, path }, by(context, as))),
    rename: ({ sourceAt, source, targetAt, target, flags, as }, context) =>
      answer(() => {
        const from = { at: sourceAt, path: source };
        return naming.rename(from, { at: targetAt, path: target }, flags, by(context, as));
      }),
    link: ({ sourceAt, source, targetAt, target, follow, as }, context) =>
      answer(() => {
        const from = { at: sourceAt, path: source };
        return naming.link(from, { at: targetAt, path: target }, follow, by(context, as));
      }),
    symlink: ({ target, at, path, as }, context) =>
      answer(() => naming.symlink(target, { at, path }, by(context, as))),
  } satisfies Partial<FileHandlers>;
}

function handlersOfAttributes({ attributes, extended }: FileServer, by: Callers) {
  return {
    chmod: ({ at, path, follow, mode, as }, context) =>
      answer(() => attributes.chmod({ at, path, follow }, mode, by(context, as))),
    chown: ({ at, path, follow, uid, gid, as }, context) =>
      answer(() => attributes.chown({ at, path, follow }, { uid, gid }, by(context, as))),
    utimens: ({ at, path, as, which, ...times }, context) =>
      answer(() => {
        const follow = (which & FOLLOW) !== 0;
        const given = { ...times, which: which & ~FOLLOW };
        return attributes.utimens({ at, path, follow }, given, by(context, as));
      }),
    getxattr: ({ at, path, follow, target, as, name }, context) =>
      answer(() => extended.get({ at, path, follow }, name, target, by(context, as))),
    setxattr: ({ at, path, flags, value, as, name }, context) =>
      answer(() => {
        const place = { at, path, follow: (flags & FOLLOW) !== 0 };
        return extended.set(place, { name, flags: flags & ~FOLLOW, value }, by(context, as));
      }),
    listxattr: ({ at, path, follow, target, as }, context) =>
      answer(() => extended.list({ at, path, follow }, target, by(context, as))),
    removexattr: ({ at, path, follow, as, name }, context) =>
      answer(() => extended.remove({ at, path, follow }, name, by(context, as))),
  } satisfies Partial<FileHandlers>;
}

function handlersOfWaits({ mount, locking, watching }: FileServer, by: Callers) {
  return {
    flock: ({ handle, kind, wait }, context) =>
      answer(() => locking.flock(handle, kind, waitIf(wait, context), by(context))),
    lock: ({ wait, ...range }, context) =>
      answer(() => locking.lock(range, waitIf(wait, context), by(context))),
    testLock: (range, context) =>
      answer(() => {
        const caller = by(context);
        const lock = locking.testLock(range, caller);
        if (lock === undefined) return NO_LOCK;
        const { kind, start, end, owner, client } = lock;
        const byteLength = end === Infinity ? 0 : end - start;
        return { kind, offset: start, byteLength, owner, isOwnClient: client === caller.client };
      }),
    watch: (request, context) =>
      answer(() => {
        mount.coherence.recallWriters();
        return watching.watch(request, () => context.later(), by(context));
      }),
    changes: (request, context) =>
      answer(() => watching.changes(request, () => context.later(), by(context))),
  } satisfies Partial<FileHandlers>;
}

function handlersOfSessions({ mount, opening }: FileServer, by: Callers) {
  return {
    attach: ({ session }, { badge }) =>
      answer(() => {
        mount.coherence.attach(badge, session);
        return 0;
      }),
    lease: ({ handle, slot, kind }, context) =>
      answer(() => opening.lease(handle, slot, by(context), kind)),
    writeBack: ({ slot, release }, { badge }) =>
      answer(() => {
        mount.coherence.writeBack(badge, slot, release);
        return 0;
      }),
    map: ({ handle, offset, target }, context) =>
      answer(() => {
        const { badge } = context;
        const { number: inode } = mount.openInode(handle, by(context));
        return mount.coherence.map(badge, handle, { inode, offset, target });
      }),
    unmap: ({ handle, target }, { badge }) =>
      answer(() => {
        mount.coherence.unmap(badge, handle, target);
        return 0;
      }),
    keepOpen: ({ on }, { badge }) =>
      answer(() => {
        const { lives, table } = mount;
        if (on) lives.keep(badge, (client) => table.hasAny(client));
        else lives.end(badge);
        return 0;
      }),
  } satisfies Partial<FileHandlers>;
}

const NO_LOCK = { kind: LOCK.none, offset: 0, byteLength: 0, owner: 0, isOwnClient: false };

function waitIf(wait: boolean, context: RequestSource): (() => Later) | undefined {
  return wait ? () => context.later() : undefined;
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
