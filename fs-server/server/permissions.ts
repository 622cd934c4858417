/**
 * Who may do what to an inode: owner, group and others, and what root may beyond that.
 *
 * Source: Linux `fs/namei.c` (`inode_permission`, `check_sticky`), `fs/attr.c`, `fs/inode.c`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { ExtendedAttributes } from "../ext4/attributes.ts";
import { aclAllows } from "../ext4/attributes/posix_acl.ts";
import { type Inode, isDirectory, isFile } from "../ext4/inode.ts";
import { FLAG_APPEND, FLAG_IMMUTABLE, MODE_PERMISSIONS } from "../ext4/layouts/inode.ts";
import { ACCESS } from "../protocol.ts";

/** On whose authority something is done. */
export interface Credential {
  /** The user; 0 is root. */
  readonly uid: number;
  /** The group that new files get. */
  readonly gid: number;
  /** Further groups. */
  readonly groups: readonly number[];
  /** Whether everything is allowed, since somebody else has checked it. */
  readonly overrides?: boolean;
}

/** May everything that anybody may. */
export const ROOT: Credential = { uid: 0, gid: 0, groups: [] };

/** What `chown` takes for "leave it". */
export const KEEP_ID = 0xffff_ffff;

const SET_UID = 0o4000;
const SET_GID = 0o2000;
const STICKY = 0o1000;
const GROUP_ALL = 0o070;
const GROUP_EXECUTE = 0o010;
const ANY_EXECUTE = 0o111;

/** Whether everything is allowed: to root, and where somebody else has checked. Hot path. */
export function isUnchecked(credential: Credential): boolean {
  return credential.uid === 0 || credential.overrides === true;
}

/** Whether the credential has the group. */
export function isInGroup(gid: number, credential: Credential): boolean {
  return credential.gid === gid || credential.groups.includes(gid);
}

/** Whether the inode belongs to the credential's user, or all is allowed to that. */
export function isOwner(inode: Inode, credential: Credential): boolean {
  return credential.uid === inode.uid || isUnchecked(credential);
}

/** Where access control lists of inodes come from. */
export type AccessLists = Pick<ExtendedAttributes, "accessList">;

/** Whether all bits of `wanted` (`ACCESS`) are granted. Hot path. */
export function isAllowed(
  inode: Inode,
  wanted: number,
  credential: Credential,
  lists: AccessLists,
): boolean {
  const { mode } = inode;
  if (isUnchecked(credential)) {
    if ((wanted & ACCESS.execute) === 0 || isDirectory(inode)) return true;
    return (mode & ANY_EXECUTE) !== 0;
  }
  if (credential.uid === inode.uid) return (wanted & ~(mode >> 6) & 7) === 0;
  // Where there is a list, the group's bits are what it grants to anybody at most.
  const list = (mode & GROUP_ALL) === 0 ? undefined : lists.accessList(inode);
  if (list !== undefined) {
    const groups = [credential.gid, ...credential.groups];
    const owner = { ownerUid: inode.uid, ownerGid: inode.gid };
    return aclAllows(list, wanted, { uid: credential.uid, groups, ...owner });
  }
  const bits = isInGroup(inode.gid, credential) ? mode >> 3 : mode;
  return (wanted & ~bits & 7) === 0;
}

/**
 * Checks that all bits of `wanted` (`ACCESS`) are granted. Hot path.
 *
 * @throws {OsError} `EACCES`; `EPERM` for writing what is immutable.
 */
export function check(
  inode: Inode,
  wanted: number,
  credential: Credential,
  lists: AccessLists,
): void {
  if ((wanted & ACCESS.write) !== 0 && isImmutable(inode)) throw immutable(inode);
  if (!isAllowed(inode, wanted, credential, lists)) {
    throw new OsError("EACCES", `inode ${inode.number}`);
  }
}

/** Whether nothing about the inode may change. */
export function isImmutable(inode: Inode): boolean {
  return (inode.flags & FLAG_IMMUTABLE) !== 0;
}

/** Whether the inode may only grow at its end. */
export function isAppendOnly(inode: Inode): boolean {
  return (inode.flags & FLAG_APPEND) !== 0;
}

/** Throws `EPERM` unless the inode is the credential's own and its attributes may change. */
export function requireOwner(inode: Inode, credential: Credential): void {
  if (isImmutable(inode) || isAppendOnly(inode)) throw immutable(inode);
  if (!isOwner(inode, credential)) throw new OsError("EPERM", `not owner of ${inode.number}`);
}

/** Checks that a name may be added to a directory. */
export function checkAdd(directory: Inode, credential: Credential, lists: AccessLists): void {
  if (directory.links === 0) throw new OsError("ENOENT", "directory without a name");
  check(directory, ACCESS.write | ACCESS.execute, credential, lists);
}

/** Checks that the name of an inode may be removed from a directory; the sticky bit counts. */
export function checkRemove(
  directory: Inode,
  inode: Inode,
  credential: Credential,
  lists: AccessLists,
): void {
  check(directory, ACCESS.write | ACCESS.execute, credential, lists);
  if (isAppendOnly(directory) || isAppendOnly(inode) || isImmutable(inode)) throw immutable(inode);
  if ((directory.mode & STICKY) === 0 || isOwner(inode, credential)) return;
  if (credential.uid !== directory.uid) throw new OsError("EPERM", "sticky directory");
}

/**
 * Checks that times may be set.
 *
 * @param kind `"now"` if both become the present time: for that, leave to write is enough.
 * @throws {OsError} `EPERM` or `EACCES`.
 */
export function checkTimes(
  inode: Inode,
  kind: "now" | "given",
  credential: Credential,
  lists: AccessLists,
): void {
  if (kind === "given") return requireOwner(inode, credential);
  if (isImmutable(inode)) throw immutable(inode);
  if (!isOwner(inode, credential)) check(inode, ACCESS.write, credential, lists);
}

/** The mode of an inode after its owner asked for other permissions. */
export function modeAfterChmod(inode: Inode, mode: number, credential: Credential): number {
  let permissions = mode & MODE_PERMISSIONS;
  if (!isMember(inode, credential)) permissions &= ~SET_GID;
  return (inode.mode & ~MODE_PERMISSIONS) | permissions;
}

/**
 * Checks that owner and group may become `uid` and `gid`, of which `KEEP_ID` leaves one.
 *
 * @throws {OsError} `EPERM`
 */
export function checkChown(inode: Inode, uid: number, gid: number, credential: Credential): void {
  if (isImmutable(inode) || isAppendOnly(inode)) throw immutable(inode);
  if (isUnchecked(credential)) return;
  const isOwn = credential.uid === inode.uid;
  const mayUid = uid === KEEP_ID || (isOwn && uid === inode.uid);
  const mayGid = gid === KEEP_ID ||
    (isOwn && (gid === inode.gid || isInGroup(gid, credential)));
  if (!mayUid || !mayGid) throw new OsError("EPERM", `chown inode ${inode.number}`);
}

/** The mode of an inode after a change of owner or group: programs lose their set-id bits. */
export function modeAfterChown(inode: Inode, credential: Credential): number {
  return isDirectory(inode) ? inode.mode : withoutSetIds(inode, credential);
}

/** The mode of a file after its content changed: set-id bits go, unless root wrote. */
export function modeAfterWrite(inode: Inode, credential: Credential): number {
  if ((inode.mode & (SET_UID | SET_GID)) === 0 || isUnchecked(credential)) return inode.mode;
  return isFile(inode) ? withoutSetIds(inode, credential) : inode.mode;
}

/** The mode of an inode after its access control list was set: as after `chmod`. */
export function modeAfterList(inode: Inode, credential: Credential): number {
  return isMember(inode, credential) ? inode.mode : inode.mode & ~SET_GID;
}

/** Lets a new inode belong to the credential, and inherit a group as the directory says. */
export function inherit(inode: Inode, directory: Inode, credential: Credential): void {
  inode.uid = credential.uid;
  inode.gid = credential.gid;
  if ((directory.mode & SET_GID) === 0) return;
  inode.gid = directory.gid;
  if (isDirectory(inode)) {
    inode.mode |= SET_GID;
    return;
  }
  const both = SET_GID | GROUP_EXECUTE;
  if ((inode.mode & both) === both && !isMember(inode, credential)) inode.mode &= ~SET_GID;
}

function withoutSetIds(inode: Inode, credential: Credential): number {
  const mode = inode.mode & ~SET_UID;
  const keepsGroup = (mode & GROUP_EXECUTE) === 0 && isMember(inode, credential);
  return keepsGroup ? mode : mode & ~SET_GID;
}

function isMember(inode: Inode, credential: Credential): boolean {
  return isUnchecked(credential) || isInGroup(inode.gid, credential);
}

function immutable(inode: Inode): OsError {
  return new OsError("EPERM", `inode ${inode.number} does not change`);
}
