/**
 * Operations on extended attributes. Values lie in the request's own buffer, on their way in and out.
 *
 * @module
 */

import { XATTR } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import type { Ask } from "../ask.ts";
import type { Operation } from "../gateway.ts";
import { ARGS, GETXATTR_IN, SETXATTR_FLAG, SETXATTR_IN } from "../wire/mod.ts";

/** The longest value, and the longest list of names, as Linux has them. */
const VALUE_BYTES_MAX = 65_536;
const NAME_BYTES_MAX = 255;

const GET_SIZE = ARGS + GETXATTR_IN.at.size;

/** One value, or how large it is. */
export const getxattr: Operation = (ask, { files, paths }) => {
  const { request } = ask;
  const name = nameOf(ask);
  const size = request.u32(GET_SIZE);
  const target = size === 0 ? paths.nothing : ask.data(Math.min(size, VALUE_BYTES_MAX));
  const wanted = { at: 0, path: paths.ofNode(request), follow: false, as: 0 };
  const count = files.client.callSync("getxattr", { ...wanted, name, target });
  return size === 0 ? ask.reply.xattrSize(count) : ask.reply.data(count);
};

/** All names, or how large they are together. */
export const listxattr: Operation = (ask, { files, paths, credentials }) => {
  const { request } = ask;
  const size = request.u32(GET_SIZE);
  const target = size === 0 ? paths.nothing : ask.data(Math.min(size, VALUE_BYTES_MAX));
  const as = credentials.of(request); // Names of some are for root only.
  const wanted = { at: 0, path: paths.ofNode(request), follow: false, as };
  const count = files.client.callSync("listxattr", { ...wanted, target });
  return size === 0 ? ask.reply.xattrSize(count) : ask.reply.data(count);
};

/** Sets one. */
export const setxattr: Operation = (ask, { files, paths, credentials }) => {
  const { request } = ask;
  const name = nameOf(ask);
  const asked = request.u32(ARGS + SETXATTR_IN.at.flags) & (XATTR.create | XATTR.replace);
  const flags = asked | (dropsSetGroup(ask) ? XATTR.dropSetGroup : 0);
  if (request.dataByteLength > VALUE_BYTES_MAX) throw new OsError("E2BIG", "setxattr");
  const as = credentials.of(request);
  const value = request.dataByteLength === 0 ? paths.nothing : request.data();
  const changed = { at: 0, path: paths.ofNode(request), flags, value, as, name };
  files.client.callSync("setxattr", changed, files.once(request));
  return ask.reply.empty();
};

/** Removes one. */
export const removexattr: Operation = (ask, { files, paths, credentials }) => {
  const { request } = ask;
  const name = nameOf(ask);
  const as = credentials.of(request);
  const changed = { at: 0, path: paths.ofNode(request), follow: false, as, name };
  files.client.callSync("removexattr", changed, files.once(request));
  return ask.reply.empty();
};

/** Whether an access list is set by somebody who may not set group rights of programs. */
function dropsSetGroup({ request }: Ask): boolean {
  if (!request.hasLongSetxattr) return false;
  return (request.u32(ARGS + SETXATTR_IN.at.setxattr_flags) & SETXATTR_FLAG.ACL_KILL_SGID) !== 0;
}

function nameOf({ request }: Ask): Uint8Array {
  if (request.nameByteLength > NAME_BYTES_MAX) throw new OsError("ERANGE", "name an attribute");
  return request.name();
}
