/**
 * Operations on handles as such: open, close, the end of a client.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import { type Inode, isDirectory, isFile } from "../../ext4/inode.ts";
import { ACCESS, LEASE, OPEN } from "../../protocol.ts";
import { type Caller, NOBODY } from "../caller.ts";
import type { Changes } from "../changes.ts";
import type { Mount } from "../mount.ts";
import { checkFlags, checkKind, checkOpen, lastLinkOf } from "../open_check.ts";
import type { Permissions } from "../names.ts";
import { existing, type Location } from "../path.ts";
import { check, isAppendOnly, isOwner, modeAfterWrite } from "../permissions.ts";
import type { Locking } from "./locking.ts";
import type { Place } from "./naming.ts";
import type { Watching } from "./watching.ts";

/** How something is to be opened; the permissions are those of a file that is made. */
export interface HowToOpen extends Permissions {
  /** As `OPEN` has them. */
  readonly flags: number;
  /** A free slot of the client's session and one more, or 0. */
  readonly leaseSlot: number;
}

/** What `open` answers. */
export interface Opened {
  /** Names the open file from now on. */
  readonly handle: number;
  /** What the client may keep of it: `LEASE`. */
  readonly lease: number;
  /** The file. */
  readonly inode: Inode;
}

/** The operations that begin and end handles. */
export class Opening {
  readonly #mount: Mount;
  readonly #changes: Changes;
  readonly #locking: Locking;
  readonly #watching: Watching;

  /** Works through the mount's table of open files; a close ends locks and watches. */
  constructor(mount: Mount, changes: Changes, ends: { locking: Locking; watching: Watching }) {
    this.#mount = mount;
    this.#changes = changes;
    this.#locking = ends.locking;
    this.#watching = ends.watching;
  }

  /** Opens, and makes or cuts a file if the flags say so. */
  open(place: Place, how: HowToOpen, caller: Caller): Opened {
    const { table, point } = this.#mount;
    const { flags, leaseSlot } = how;
    let handle = table.madeBy(caller);
    let inode: Inode;
    if (handle !== undefined) inode = this.#mount.openInode(handle, caller);
    else {
      table.requireRoom();
      inode = (flags & OPEN.path) !== 0
        ? this.#findPath(place, flags, caller)
        : this.#prepare(place, how, caller);
      handle = table.open(inode.number, flags, caller.as, caller);
      point("fs.open.after-entry");
    }
    const lease = leaseSlot === 0 ? LEASE.none : this.lease(handle, leaseSlot - 1, caller);
    return { handle, lease, inode };
  }

  /** Gives a lease of an open file in a slot of the client's session, the strongest that it may. */
  lease(handle: number, slot: number, caller: Caller, wanted: number = LEASE.write): number {
    const { table, coherence } = this.#mount;
    const index = table.index(handle, caller.client);
    const inode = this.#mount.inodes.load(table.inode(index));
    const flags = table.flags(index);
    if (!isFile(inode) || (flags & OPEN.path) !== 0) return LEASE.none;
    const mayWrite = (flags & OPEN.accessMask) !== OPEN.readOnly && wanted === LEASE.write;
    const kind = mayWrite ? LEASE.write : LEASE.read;
    const { number, generation } = inode;
    return coherence.grant(caller.badge, {
      inode: number,
      inodeGeneration: generation,
      kind,
      slot,
    });
  }

  /** Closes a handle. */
  close(handle: number, caller: Caller): number {
    const { table, point, coherence } = this.#mount;
    if (table.wasClosedBy(handle, caller)) return 0;
    const index = table.index(handle, caller.client);
    const inode = table.inode(index);
    this.#end(inode, handle, caller);
    point("fs.close.before-free");
    table.close(index, caller.sequence);
    coherence.closed(caller.badge, inode, table.hasWriter(inode, caller.client));
    point("fs.close.after-free");
    return 0;
  }

  /** Ends all that clients have whose life is over: only these are left. */
  onlyLeft(clients: ReadonlySet<number>): void {
    const { table } = this.#mount;
    for (const { handle, index, client } of table.ofOthersThan(clients)) {
      this.#end(table.inode(index), handle, { ...NOBODY, client });
      table.close(index, 0);
    }
    this.#locking.onlyLeft(clients);
  }

  /** What a handle had: its locks, its watches, its mappings, and a file without a name. */
  #end(inode: number, handle: number, caller: Caller): void {
    const { table, watches, coherence } = this.#mount;
    coherence.unmap(caller.badge, handle);
    this.#locking.closed(handle, inode, caller.client);
    this.#watching.closed(handle);
    if (table.countOf(inode) > 1) return;
    watches.forget(inode);
    if (!this.#changes.isOrphan(inode)) return;
    coherence.forget(inode);
    this.#changes.freeOrphan(inode, "close", caller);
  }

  /** Finds what is only to be named by its handle. */
  #findPath({ at, path }: Place, flags: number, caller: Caller): Inode {
    const lastLink = (flags & OPEN.noFollow) !== 0 ? "keep" : "follow";
    const inode = existing(this.#mount.locate(at, path, lastLink, caller));
    const isWrong = (flags & OPEN.directory) !== 0 && !isDirectory(inode);
    if (isWrong) throw new OsError("ENOTDIR", "open");
    return inode;
  }

  #prepare({ at, path }: Place, how: HowToOpen, caller: Caller): Inode {
    const { flags } = how;
    checkFlags(flags);
    const { table, watches } = this.#mount;
    const place = this.#mount.locate(at, path, lastLinkOf(path, flags), caller);
    const known = table.resultOf(caller);
    // Made or cut in an earlier life; unless somebody else has removed it since.
    if (known !== undefined && place.inode?.number === known) return place.inode;
    checkOpen(place, flags);
    const inode = place.inode === undefined
      ? this.#create(place, how, caller)
      : this.#openThere(place.inode, flags, caller);
    // By a handle or a reference alone it is not found anywhere.
    if (place.kind === "name") watches.found(inode.number, place.directoryNumber, place.name);
    return inode;
  }

  #create(place: Location, permissions: Permissions, caller: Caller): Inode {
    const { names, news } = this.#mount;
    let inode: Inode | undefined;
    this.#changes.commitWith("open", caller, () => {
      inode = names.createFile(place, permissions, this.#mount.now(), caller.credential);
      return inode.number;
    });
    assert(inode !== undefined, "what is committed is made");
    news.renamed(place.directoryNumber, place.name, caller.badge);
    return inode;
  }

  #openThere(inode: Inode, flags: number, caller: Caller): Inode {
    const access = flags & OPEN.accessMask;
    const isCut = (flags & OPEN.truncate) !== 0;
    const { credential } = caller;
    let wanted = access === OPEN.writeOnly ? 0 : ACCESS.read;
    if (access !== OPEN.readOnly || isCut) wanted |= ACCESS.write;
    check(inode, wanted, credential, this.#mount.xattrs);
    if ((wanted & ACCESS.write) !== 0 && this.#mount.isReadOnly) throw new OsError("EROFS", "open");
    if ((flags & OPEN.noAccessTime) !== 0 && !isOwner(inode, credential)) {
      throw new OsError("EPERM", "open: access time of another's file");
    }
    if (isAppendOnly(inode)) {
      const isElsewhere = access !== OPEN.readOnly && (flags & OPEN.append) === 0;
      if (isElsewhere || isCut) throw new OsError("EPERM", "open a file that only grows");
    }
    checkKind(inode);
    return isCut ? this.#cut(inode, caller) : this.#mount.looked(inode, caller);
  }

  #cut(old: Inode, caller: Caller): Inode {
    const { news, coherence, inodes } = this.#mount;
    let inode = old;
    this.#changes.commitWith("open", caller, () => {
      if (coherence.change(inode.number, caller.badge)) inode = inodes.load(inode.number);
      inode.mode = modeAfterWrite(inode, caller.credential);
      this.#changes.cut(inode, 0);
      return inode.number;
    });
    news.written(inode.number, caller.badge);
    return inode;
  }
}
