/**
 * The operation that sets attributes: owner, size, permissions, times, as many as are asked for.
 *
 * All of its requests to the file server may be made twice, since Linux lets nobody else change the
 * file meanwhile; but what they open is opened once.
 *
 * @module
 */

import { ATTRIBUTES_BYTES, OPEN, TIMES } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import type { Ask } from "../ask.ts";
import type { Gateway, Operation } from "../gateway.ts";
import { ARGS, FATTR, SETATTR_IN } from "../wire/mod.ts";
import { lookAndEndSetId } from "./set_id.ts";

const MODE_BITS = 0o7777;
/** Leaves an owner or group as it is. */
const KEEP_ID = 0xffffffff;
const ENDS_RIGHTS = FATTR.KILL_SUIDGID | FATTR.UID | FATTR.GID;
const ANY_TIME = FATTR.ATIME | FATTR.MTIME;
/** What Linux sets for itself. */
const WRITTEN_BACK = FATTR.MTIME | FATTR.CTIME;

/** What is told of a file that is gone, where Linux does not look at it. */
const GONE = new DataView(new ArrayBuffer(ATTRIBUTES_BYTES));

const VALID = ARGS + SETATTR_IN.at.valid;
const SIZE = ARGS + SETATTR_IN.at.size;
const HANDLE = ARGS + SETATTR_IN.at.fh;

/** Sets attributes, and tells what they are then. */
export const setattr: Operation = (ask, gateway) => {
  try {
    return setAll(ask, gateway);
  } catch (error) {
    const isGone = error instanceof OsError && error.code === "ESTALE";
    // Linux writes back times of a file that is gone: nobody can see them, and nothing has failed.
    if (!isGone || (ask.request.u32(VALID) & ~WRITTEN_BACK) !== 0) throw error;
    return ask.reply.attr(GONE, gateway.rules.valid);
  }
};

function setAll(ask: Ask, gateway: Gateway): number {
  const { files, paths, rules } = gateway;
  const { request } = ask;
  const valid = request.u32(VALID);
  files.hasChanged = true;
  if ((valid & (FATTR.UID | FATTR.GID)) !== 0) setOwner(ask, gateway, valid);
  if ((valid & FATTR.SIZE) !== 0) setSize(ask, gateway, valid);
  if ((valid & FATTR.MODE) !== 0) {
    const mode = request.u32(ARGS + SETATTR_IN.at.mode) & MODE_BITS;
    const path = paths.ofNode(request);
    const changed = { at: 0, path, follow: false, mode, as: 0 };
    files.client.callSync("chmod", changed);
  }
  // Another owner ends them, whoever gives it, and one that is no other: then nothing else is said.
  const isOther = (valid & (FATTR.SIZE | ANY_TIME)) !== 0 && (valid & ENDS_RIGHTS) === 0;
  const endsRights = (valid & FATTR.MODE) === 0 && !isOther; // Who gives permissions says all of them.
  if (endsRights) lookAndEndSetId(paths.ofNode(request), files);
  if ((valid & ANY_TIME) !== 0) setTimes(ask, gateway, valid);
  files.point("fuse.request.called");
  const path = paths.ofNode(request);
  const { attributes } = files.client.callSync("stat", { at: 0, path, follow: false, as: 0 });
  return ask.reply.attr(rules.shown(attributes), rules.valid);
}

function setOwner({ request }: Ask, { files, paths, rules }: Gateway, valid: number): void {
  const uid = (valid & FATTR.UID) === 0 ? KEEP_ID : request.u32(ARGS + SETATTR_IN.at.uid);
  const gid = (valid & FATTR.GID) === 0 ? KEEP_ID : request.u32(ARGS + SETATTR_IN.at.gid);
  if (rules.uid !== undefined || rules.gid !== undefined) {
    const isUser = uid === KEEP_ID || uid === rules.uid;
    const isGroup = gid === KEEP_ID || gid === rules.gid;
    if (isUser && isGroup) return; // That is what everybody is shown already.
    throw new OsError("EPERM", "give a file to others where all have one owner");
  }
  const path = paths.ofNode(request);
  files.client.callSync("chown", { at: 0, path, follow: false, uid, gid, as: 0 });
}

function setSize(ask: Ask, gateway: Gateway, valid: number): void {
  const { request } = ask;
  const { files } = gateway;
  const size = request.saturated(SIZE);
  if ((valid & FATTR.FH) !== 0) {
    files.client.callSync("truncate", { handle: request.u32(HANDLE), size });
    return;
  }
  let handle = files.handleOf(request);
  if (files.stepOf(request) === 0) handle = openAndCut(ask, gateway, size);
  files.client.callSync("close", { handle }, files.once(request, 1, handle));
}

/** Answers the handle, which is to be closed. */
function openAndCut(
  ask: Ask,
  { files, paths, credentials, held }: Gateway,
  size: number,
): number {
  const { request } = ask;
  const as = credentials.of(request);
  const how = { flags: OPEN.readWrite, mode: 0, umask: 0, as, leaseSlot: 0 };
  const opened = { at: 0, path: paths.ofNode(request), ...how };
  const { handle } = files.client.callSync("open", opened, files.once(request));
  try {
    files.client.callSync("truncate", { handle, size });
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    held.closeLater(handle); // When the error has been told: until then it may have to be cut again.
    throw error;
  }
  return handle;
}

function setTimes({ request }: Ask, { files, paths }: Gateway, valid: number): void {
  // Also where it is to be now, Linux says when that is: so both times are the same.
  const which = ((valid & FATTR.ATIME) === 0 ? 0 : TIMES.atime) |
    ((valid & FATTR.MTIME) === 0 ? 0 : TIMES.mtime);
  files.client.callSync("utimens", {
    at: 0,
    path: paths.ofNode(request),
    which,
    as: 0,
    atimeSeconds: request.i64(ARGS + SETATTR_IN.at.atime),
    mtimeSeconds: request.i64(ARGS + SETATTR_IN.at.mtime),
    atimeNanoseconds: request.u32(ARGS + SETATTR_IN.at.atimensec),
    mtimeNanoseconds: request.u32(ARGS + SETATTR_IN.at.mtimensec),
  });
}
