/**
 * Operations that remove and move names.
 *
 * @module
 */

import { ATTRIBUTE, OPEN } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import type { Ask } from "../ask.ts";
import type { Gateway, Operation } from "../gateway.ts";
import { ARGS, RENAME2_IN, RENAME_IN } from "../wire/mod.ts";

/** Removes a name that is no directory's. */
export const unlink: Operation = (ask, { files, paths, credentials, known }) => {
  const { request } = ask;
  const as = credentials.of(request);
  const removed = { at: 0, path: paths.ofName(request), as };
  files.client.callSync("unlink", removed, files.once(request));
  known.removed(request);
  return ask.reply.empty();
};

/**
 * Removes a directory. Whoever stands in it still asks of it, so it is opened before, and held until
 * Linux forgets it.
 */
export const rmdir: Operation = (ask, gateway) => {
  const { files, paths, credentials } = gateway;
  const { request } = ask;
  const handle = openToHold(ask, gateway);
  const as = credentials.of(request);
  try {
    const removed = { at: 0, path: paths.ofName(request), as };
    files.client.callSync("rmdir", removed, files.once(request, 1, handle));
  } catch (error) {
    if (handle !== 0 && error instanceof OsError) gateway.held.closeLater(handle);
    throw error;
  }
  if (handle !== 0) hold(gateway, handle);
  return ask.reply.empty();
};

/** Moves a name. */
export const rename: Operation = (ask, gateway) => {
  return move(ask, gateway, ARGS + RENAME_IN.at.newdir, 0);
};

/** Moves a name as flags say: `RENAME` of the file server has the same. */
export const rename2: Operation = (ask, gateway) => {
  const flags = ask.request.u32(ARGS + RENAME2_IN.at.flags);
  return move(ask, gateway, ARGS + RENAME2_IN.at.newdir, flags);
};

function move(
  ask: Ask,
  { files, paths, credentials }: Gateway,
  node: number,
  flags: number,
): number {
  const { request } = ask;
  const source = paths.ofName(request);
  const target = paths.ofSecondName(request, request.inode(node), request.generation(node));
  const as = credentials.of(request);
  const moved = { sourceAt: 0, source, targetAt: 0, target, flags, as };
  files.client.callSync("rename", moved, files.once(request));
  return ask.reply.empty();
}

/** Opens the directory that a request names; 0 if there is no room to hold it. */
function openToHold({ request }: Ask, { files, paths, held }: Gateway): number {
  if (files.stepOf(request) === 1) return files.handleOf(request);
  if (!held.hasRoom) return 0;
  const flags = OPEN.path | OPEN.directory | OPEN.noFollow;
  const how = { flags, mode: 0, umask: 0, as: 0, leaseSlot: 0 };
  try {
    const opened = { at: 0, path: paths.ofName(request), ...how };
    const { handle } = files.client.callSync("open", opened, files.once(request));
    files.point("fuse.rmdir.held");
    return handle;
  } catch (error) {
    if (error instanceof OsError && error.code === "ENFILE") return 0;
    throw error;
  }
}

function hold({ files, held }: Gateway, handle: number): void {
  const { attributes } = files.client.callSync("fstat", { handle });
  const view = new DataView(attributes.buffer, attributes.byteOffset, attributes.byteLength);
  const inode = view.getUint32(ATTRIBUTE.inode, true);
  held.hold(inode, view.getUint32(ATTRIBUTE.generation, true), handle);
}
