/**
 * Operations on what is told of a file: owner, permissions, times.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type DiskTime, type Inode, isSymlink, toDiskTime } from "../../ext4/inode.ts";
import { ACCESS, TIMES } from "../../protocol.ts";
import type { Caller } from "../caller.ts";
import type { Changes } from "../changes.ts";
import type { TransactionStep } from "../death_points.ts";
import type { Mount } from "../mount.ts";
import { existing, type Location } from "../path.ts";
import {
  check,
  checkChown,
  checkTimes,
  KEEP_ID,
  modeAfterChmod,
  modeAfterChown,
  requireOwner,
} from "../permissions.ts";
import type { Place } from "./naming.ts";

/** A place, and whether a symbolic link at its end is followed. */
export interface Target extends Place {
  readonly follow: boolean;
}

/** An owner: `KEEP_ID` leaves one as it is. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Times to be set: those that `which` names. */
export interface Times {
  readonly which: number;
  readonly atimeSeconds: number;
  readonly mtimeSeconds: number;
  readonly atimeNanoseconds: number;
  readonly mtimeNanoseconds: number;
}

const ANY_TIME = TIMES.atime | TIMES.atimeNow | TIMES.mtime | TIMES.mtimeNow;

/** The operations on attributes. */
export class AttributeOperations {
  readonly #mount: Mount;
  readonly #changes: Changes;

  /** Works on the mount's inodes. */
  constructor(mount: Mount, changes: Changes) {
    this.#mount = mount;
    this.#changes = changes;
  }

  /** What stands at a path; `undefined` if nothing does. Hot path. */
  stat({ at, path, follow }: Target, caller: Caller): Inode | undefined {
    const inode = this.#mount.find(at, path, follow ? "follow" : "keep", caller);
    return inode === undefined ? undefined : this.#mount.looked(inode, caller);
  }

  /** What is open. Hot path. */
  statOpen(handle: number, caller: Caller): Inode {
    const { table, inodes, coherence } = this.#mount;
    const number = table.inode(table.index(handle, caller.client));
    coherence.look(number, caller.badge);
    return inodes.load(number);
  }

  /** Whether what stands at a path may be used as `wanted` says: bits of `ACCESS`. */
  access({ at, path, follow }: Target, wanted: number, caller: Caller): number {
    if ((wanted & ~7) !== 0) throw new OsError("EINVAL", `access ${wanted}`);
    const inode = existing(this.#mount.locate(at, path, follow ? "follow" : "keep", caller));
    check(inode, wanted, caller.credential, this.#mount.xattrs);
    const isRefused = (wanted & ACCESS.write) !== 0 && this.#mount.isReadOnly;
    if (isRefused) throw new OsError("EROFS", "access");
    return 0;
  }

  /** Sets the permissions of what stands at a path. */
  chmod(target: Target, mode: number, caller: Caller): number {
    return this.#change("chmod", target, caller, (inode) => {
      if (isSymlink(inode)) throw new OsError("EOPNOTSUPP", "chmod a symbolic link");
      requireOwner(inode, caller.credential);
      inode.mode = modeAfterChmod(inode, mode, caller.credential);
      this.#mount.xattrs.modeChanged(inode);
    });
  }

  /** Sets the owner of what stands at a path. */
  chown(target: Target, { uid, gid }: Owner, caller: Caller): number {
    return this.#change("chown", target, caller, (inode) => {
      checkChown(inode, uid, gid, caller.credential);
      inode.mode = modeAfterChown(inode, caller.credential);
      if (uid !== KEEP_ID) inode.uid = uid;
      if (gid !== KEEP_ID) inode.gid = gid;
    });
  }

  /** Sets times of what stands at a path. */
  utimens(target: Target, times: Times, caller: Caller): number {
    const { which } = times;
    if ((which & ~ANY_TIME) !== 0) throw new OsError("EINVAL", `set times ${which}`);
    // As on Linux, the path is not looked at then.
    if (which === 0) return 0;
    const isGiven = (which & (TIMES.atime | TIMES.mtime)) !== 0 ||
      which !== (TIMES.atimeNow | TIMES.mtimeNow);
    const atime = (which & TIMES.atime) === 0
      ? undefined
      : givenTime(times.atimeSeconds, times.atimeNanoseconds);
    const mtime = (which & TIMES.mtime) === 0
      ? undefined
      : givenTime(times.mtimeSeconds, times.mtimeNanoseconds);
    return this.#change("utimens", target, caller, (inode) => {
      checkTimes(inode, isGiven ? "given" : "now", caller.credential, this.#mount.xattrs);
      const now = this.#mount.now();
      inode.atime = (which & TIMES.atimeNow) !== 0 ? now : atime ?? inode.atime;
      inode.mtime = (which & TIMES.mtimeNow) !== 0 ? now : mtime ?? inode.mtime;
    });
  }

  /** Changes an inode's attributes and its time of change. */
  #change(
    step: TransactionStep,
    { at, path, follow }: Target,
    caller: Caller,
    change: (inode: Inode) => void,
  ): number {
    const { inodes, news } = this.#mount;
    let changed: Location | undefined;
    const result = this.#changes.run(step, caller, () => {
      const place = this.#mount.locateToChange(at, path, follow ? "follow" : "keep", caller);
      const inode = existing(place);
      change(inode);
      inode.ctime = this.#mount.now();
      inodes.store(inode);
      changed = place;
      return 0;
    });
    if (changed?.inode !== undefined) {
      const { directoryNumber: directory, name, inode, kind } = changed;
      const place = kind === "name" ? { directory, name } : undefined;
      news.changed(inode.number, caller.badge, place);
    }
    return result;
  }
}

function givenTime(seconds: number, nanoseconds: number): DiskTime {
  if (!Number.isSafeInteger(seconds) || nanoseconds >= 1e9) throw new OsError("EINVAL", "a time");
  const { seconds: low, extra } = toDiskTime(seconds * 1000);
  return { seconds: low, extra: ((extra & 3) | (nanoseconds << 2)) >>> 0 };
}
