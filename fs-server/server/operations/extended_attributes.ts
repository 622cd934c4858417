/**
 * Operations on extended attributes: who may read and write which of them, and when.
 *
 * Source: Linux `fs/xattr.c` (`xattr_permission`), `security/commoncap.c`.
 *
 * @module
 */

import { type Errno, OsError } from "@hako/ipc";
import { type Inode, isDirectory, isFile } from "../../ext4/inode.ts";
import { ACCESS, XATTR } from "../../protocol.ts";
import type { Caller } from "../caller.ts";
import type { Changes } from "../changes.ts";
import type { Mount } from "../mount.ts";
import { existing } from "../path.ts";
import {
  type AccessLists,
  check,
  type Credential,
  isOwner,
  isUnchecked,
  modeAfterList,
  requireOwner,
} from "../permissions.ts";
import type { Target } from "./attributes.ts";

/** Longest value, as Linux has it. */
const VALUE_BYTES_MAX = 65_536;
const STICKY = 0o1000;
const SET_GID = 0o2000;
/** Bytes of an access control list without entries. */
const LIST_HEAD_BYTES = 4;

/** The operations on extended attributes. */
export class ExtendedAttributeOperations {
  readonly #mount: Mount;
  readonly #changes: Changes;

  /** Works on the mount's inodes. */
  constructor(mount: Mount, changes: Changes) {
    this.#mount = mount;
    this.#changes = changes;
  }

  /** Copies a value into a client's window; answers its bytes, also if the window is empty. */
  get(place: Target, name: Uint8Array, target: Uint8Array, caller: Caller): number {
    const inode = this.#find(place, caller);
    const asked = { who: caller.credential, lists: this.#mount.xattrs };
    checkAttribute(inode, nameOf(name), ACCESS.read, asked);
    const value = this.#mount.xattrs.get(inode, name);
    if (value === undefined) throw new OsError("ENODATA", "extended attribute");
    return put(value, target);
  }

  /** Copies all names into a client's window; answers their bytes, also if the window is empty. */
  list(place: Target, target: Uint8Array, caller: Caller): number {
    const all = this.#mount.xattrs.list(this.#find(place, caller));
    // Even where somebody else checks: nobody asks whether names may be told.
    if (caller.credential.uid === 0) return put(all, target);
    const names = latin1(all).split("\0").filter((name) => !name.startsWith("trusted."));
    return put(Uint8Array.from(names.join("\0"), (char) => char.charCodeAt(0)), target);
  }

  /** Sets a value; flags as `XATTR` has them. */
  set(
    place: Target,
    { name, flags, value }: { name: Uint8Array; flags: number; value: Uint8Array },
    caller: Caller,
  ): number {
    const all = XATTR.create | XATTR.replace | XATTR.dropSetGroup;
    if ((flags & ~all) !== 0) throw new OsError("EINVAL", "setxattr");
    if (value.byteLength > VALUE_BYTES_MAX) throw new OsError("E2BIG", "extended attribute");
    const options = {
      create: (flags & XATTR.create) !== 0,
      replace: (flags & XATTR.replace) !== 0,
    };
    // A copy: the client may write into its window while we look.
    const own = value.slice();
    const isList = latin1(name) === "system.posix_acl_access" && own.byteLength > LIST_HEAD_BYTES;
    return this.#change(place, name, caller, (inode) => {
      this.#mount.xattrs.set(inode, name, own, options);
      if (!isList) return;
      inode.mode = modeAfterList(inode, caller.credential);
      if ((flags & XATTR.dropSetGroup) !== 0) inode.mode &= ~SET_GID;
    });
  }

  /** Removes an attribute. */
  remove(place: Target, name: Uint8Array, caller: Caller): number {
    return this.#change(place, name, caller, (inode) => {
      const wasThere = this.#mount.xattrs.remove(inode, name);
      if (!wasThere) throw new OsError("ENODATA", "extended attribute");
    });
  }

  #change(
    { at, path, follow }: Target,
    name: Uint8Array,
    caller: Caller,
    change: (inode: Inode) => void,
  ): number {
    const { inodes, news } = this.#mount;
    const text = nameOf(name);
    let changed = 0;
    const result = this.#changes.run("xattr", caller, () => {
      const place = this.#mount.locateToChange(at, path, follow ? "follow" : "keep", caller);
      const inode = existing(place);
      checkAttribute(inode, text, ACCESS.write, {
        who: caller.credential,
        lists: this.#mount.xattrs,
      });
      change(inode);
      inode.ctime = this.#mount.now();
      inodes.store(inode);
      changed = inode.number;
      return 0;
    });
    if (changed !== 0) news.changed(changed, caller.badge);
    return result;
  }

  #find({ at, path, follow }: Target, caller: Caller): Inode {
    return existing(this.#mount.locate(at, path, follow ? "follow" : "keep", caller));
  }
}

/** Checks that an attribute of that name may be read or written. */
function checkAttribute(
  inode: Inode,
  name: string,
  wanted: number,
  { who, lists }: { readonly who: Credential; readonly lists: AccessLists },
): void {
  const isWrite = wanted === ACCESS.write;
  const refusal: Errno = isWrite ? "EPERM" : "ENODATA";
  if (name.startsWith("trusted.")) {
    if (!isUnchecked(who)) throw new OsError(refusal, "trusted attribute");
  } else if (name.startsWith("security.")) {
    if (isWrite && !isUnchecked(who)) throw new OsError("EPERM", "security attribute");
  } else if (name.startsWith("user.")) {
    if (!isFile(inode) && !isDirectory(inode)) throw new OsError(refusal, "user attribute");
    const isShared = isDirectory(inode) && (inode.mode & STICKY) !== 0;
    if (isWrite && isShared && !isOwner(inode, who)) throw new OsError("EPERM", "user attribute");
    check(inode, wanted, who, lists);
  } else if (isWrite) requireOwner(inode, who);
}

function nameOf(name: Uint8Array): string {
  if (name.byteLength === 0) throw new OsError("ERANGE", "name of an extended attribute");
  return latin1(name);
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Copies what is told into a client's window, whole; an empty window only asks for its bytes. */
function put(bytes: Uint8Array, target: Uint8Array): number {
  if (target.byteLength === 0) return bytes.byteLength;
  if (bytes.byteLength > target.byteLength) throw new OsError("ERANGE", "extended attribute");
  target.set(bytes);
  return bytes.byteLength;
}
