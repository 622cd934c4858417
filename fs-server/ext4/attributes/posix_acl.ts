/**
 * POSIX access control lists: as programs hand them over, as they are stored, and what they allow.
 *
 * ```
 * shown:   version 2: u32 | tag u16, permissions u16, id u32 | ...
 * stored:  version 1: u32 | tag u16, permissions u16 [id u32, for users and groups alone] | ...
 * ```
 * Source: Linux `fs/ext4/acl.h`, `include/uapi/linux/posix_acl_xattr.h`; POSIX 1003.1e draft 17.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { ACL_SHOWN_VERSION, ACL_STORED_VERSION, ACL_TAG } from "../layouts/xattr.ts";

const HEADER_BYTES = 4;
const SHORT_BYTES = 4;
const LONG_BYTES = 8;
const NO_ID = 0xffff_ffff;
const PERMISSIONS = 7;

/** One entry of an access control list. */
export interface AclEntry {
  /** One of `ACL_TAG`. */
  readonly tag: number;
  /** Bits 4 to read, 2 to write, 1 to execute. */
  readonly permissions: number;
  /** The user or group that is named, if the tag names one. */
  readonly id: number;
}

/** Who asks, and what the file is to them. */
export interface AclQuestion {
  readonly uid: number;
  readonly groups: readonly number[];
  readonly ownerUid: number;
  readonly ownerGid: number;
}

/**
 * Reads a list as programs hand it over; one of no bytes is empty.
 *
 * @throws {OsError} `EINVAL` if it is none; `EOPNOTSUPP` another version.
 */
export function readShownAcl(value: Uint8Array): AclEntry[] {
  const view = viewOf(value);
  if (value.byteLength === 0) return [];
  if (value.byteLength < HEADER_BYTES || (value.byteLength - HEADER_BYTES) % LONG_BYTES !== 0) {
    throw new OsError("EINVAL", "access control list");
  }
  if (view.getUint32(0, true) !== ACL_SHOWN_VERSION) {
    throw new OsError("EOPNOTSUPP", "version of an access control list");
  }
  const entries: AclEntry[] = [];
  for (let at = HEADER_BYTES; at < value.byteLength; at += LONG_BYTES) {
    const tag = view.getUint16(at, true);
    const id = namesSomebody(tag) ? view.getUint32(at + 4, true) : NO_ID;
    entries.push({ tag, permissions: view.getUint16(at + 2, true), id });
  }
  if (entries.length > 0 && !isValid(entries)) throw new OsError("EINVAL", "access control list");
  return entries;
}

/**
 * Reads a list as it is stored.
 *
 * @throws {OsError} `EUCLEAN` if it is none.
 */
export function readStoredAcl(value: Uint8Array): AclEntry[] {
  const view = viewOf(value);
  if (value.byteLength < HEADER_BYTES || view.getUint32(0, true) !== ACL_STORED_VERSION) {
    throw damaged();
  }
  const entries: AclEntry[] = [];
  let at = HEADER_BYTES;
  while (at < value.byteLength) {
    if (value.byteLength - at < SHORT_BYTES) throw damaged();
    const tag = view.getUint16(at, true);
    const isLong = namesSomebody(tag);
    if (isLong && value.byteLength - at < LONG_BYTES) throw damaged();
    const id = isLong ? view.getUint32(at + 4, true) : NO_ID;
    entries.push({ tag, permissions: view.getUint16(at + 2, true), id });
    at += isLong ? LONG_BYTES : SHORT_BYTES;
  }
  if (entries.length > 0 && !isValid(entries)) throw damaged();
  return entries;
}

/** A list as programs see it. */
export function shownAcl(entries: readonly AclEntry[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + entries.length * LONG_BYTES));
  view.setUint32(0, ACL_SHOWN_VERSION, true);
  entries.forEach(({ tag, permissions, id }, index) => {
    const at = HEADER_BYTES + index * LONG_BYTES;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, permissions, true);
    view.setUint32(at + 4, id, true);
  });
  return new Uint8Array(view.buffer);
}

/** A list as it is stored. */
export function storedAcl(entries: readonly AclEntry[]): Uint8Array {
  const longCount = entries.filter(({ tag }) => namesSomebody(tag)).length;
  const byteLength = HEADER_BYTES + entries.length * SHORT_BYTES + longCount * 4;
  const view = new DataView(new ArrayBuffer(byteLength));
  view.setUint32(0, ACL_STORED_VERSION, true);
  let at = HEADER_BYTES;
  for (const { tag, permissions, id } of entries) {
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, permissions, true);
    if (namesSomebody(tag)) view.setUint32(at + 4, id, true);
    at += namesSomebody(tag) ? LONG_BYTES : SHORT_BYTES;
  }
  return new Uint8Array(view.buffer);
}

/** The nine permission bits of a mode that a list amounts to: the mask stands for the group. */
export function permissionsOf(entries: readonly AclEntry[]): number {
  const of = (tag: number) => entries.find((entry) => entry.tag === tag)?.permissions;
  const group = of(ACL_TAG.mask) ?? of(ACL_TAG.owningGroup) ?? 0;
  return ((of(ACL_TAG.owner) ?? 0) << 6) | (group << 3) | (of(ACL_TAG.other) ?? 0);
}

/** Whether a list says no more than a mode can say. */
export function isMinimal(entries: readonly AclEntry[]): boolean {
  return entries.every(({ tag }) => !namesSomebody(tag) && tag !== ACL_TAG.mask);
}

/** The list after the mode's nine permission bits were set. */
export function withPermissions(entries: readonly AclEntry[], mode: number): AclEntry[] {
  const hasMask = entries.some(({ tag }) => tag === ACL_TAG.mask);
  const ofGroup = hasMask ? ACL_TAG.mask : ACL_TAG.owningGroup;
  return entries.map((entry) => {
    if (entry.tag === ACL_TAG.owner) return { ...entry, permissions: (mode >> 6) & PERMISSIONS };
    if (entry.tag === ofGroup) return { ...entry, permissions: (mode >> 3) & PERMISSIONS };
    if (entry.tag === ACL_TAG.other) return { ...entry, permissions: mode & PERMISSIONS };
    return entry;
  });
}

/** The list of a new file in a directory with a default list: never more than `mode` asks for. */
export function inheritedAcl(entries: readonly AclEntry[], mode: number): AclEntry[] {
  return withPermissions(entries, permissionsOf(entries) & mode);
}

/** Whether a list allows all of `wanted`, bits as in an entry. */
export function aclAllows(
  entries: readonly AclEntry[],
  wanted: number,
  question: AclQuestion,
): boolean {
  const { uid, groups, ownerUid, ownerGid } = question;
  const mask = entries.find(({ tag }) => tag === ACL_TAG.mask)?.permissions ?? PERMISSIONS;
  const has = (permissions: number) => (permissions & wanted) === wanted;
  let isMember = false;
  for (const { tag, permissions, id } of entries) {
    if (tag === ACL_TAG.owner && uid === ownerUid) return has(permissions);
    if (tag === ACL_TAG.user && uid === id) return has(permissions & mask);
    const gid = tag === ACL_TAG.owningGroup ? ownerGid : tag === ACL_TAG.group ? id : undefined;
    if (gid !== undefined && groups.includes(gid)) {
      if (has(permissions & mask)) return true;
      isMember = true;
    }
    if (tag === ACL_TAG.other) return !isMember && has(permissions);
  }
  return false;
}

/** In order of tags, those of each single kind that there must be, a mask if somebody is named. */
function isValid(entries: readonly AclEntry[]): boolean {
  const seen = new Set<number>();
  let before = 0;
  for (const { tag, permissions, id } of entries) {
    if (tag < before || (permissions & ~PERMISSIONS) !== 0) return false;
    if (!Object.values<number>(ACL_TAG).includes(tag)) return false;
    if (namesSomebody(tag) ? id === NO_ID : seen.has(tag)) return false;
    seen.add(tag);
    before = tag;
  }
  const hasAll = [ACL_TAG.owner, ACL_TAG.owningGroup, ACL_TAG.other].every((tag) => seen.has(tag));
  const hasNamed = seen.has(ACL_TAG.user) || seen.has(ACL_TAG.group);
  return hasAll && (!hasNamed || seen.has(ACL_TAG.mask));
}

function namesSomebody(tag: number): boolean {
  return tag === ACL_TAG.user || tag === ACL_TAG.group;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(): OsError {
  return new OsError("EUCLEAN", "damaged access control list");
}
