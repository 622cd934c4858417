/**
 * Operations that make names. Each is done once, and then looked at, which may be done twice.
 *
 * @module
 */

import { ATTRIBUTE, OPEN } from "@hako/fs-server";
import type { Ask } from "../ask.ts";
import type { Gateway, Operation } from "../gateway.ts";
import { ARGS, CREATE_IN, LINK_IN, MKDIR_IN, MKNOD_IN, OPEN_FLAG } from "../wire/mod.ts";
import { endSetId } from "./set_id.ts";

const MODE_BITS = 0o7777;

/** A file, or what is neither directory nor symbolic link. */
export const mknod: Operation = (ask, gateway) => {
  const { files, paths, credentials } = gateway;
  const { request } = ask;
  const mode = request.u32(ARGS + MKNOD_IN.at.mode);
  const umask = request.u32(ARGS + MKNOD_IN.at.umask);
  const device = request.u32(ARGS + MKNOD_IN.at.rdev);
  const as = credentials.of(request);
  const made = { at: 0, path: paths.ofName(request), mode, umask, device, as };
  files.client.callSync("mknod", made, files.once(request));
  return answerEntry(ask, gateway, paths.ofName(request));
};

/** A directory. */
export const mkdir: Operation = (ask, gateway) => {
  const { files, paths, credentials } = gateway;
  const { request } = ask;
  const mode = request.u32(ARGS + MKDIR_IN.at.mode) & MODE_BITS;
  const umask = request.u32(ARGS + MKDIR_IN.at.umask);
  const as = credentials.of(request);
  const made = { at: 0, path: paths.ofName(request), mode, umask, as };
  files.client.callSync("mkdir", made, files.once(request));
  return answerEntry(ask, gateway, paths.ofName(request));
};

/** A symbolic link. */
export const symlink: Operation = (ask, gateway) => {
  const { files, paths, credentials } = gateway;
  const { request } = ask;
  const as = credentials.of(request);
  // Where it points lies in the window already.
  const made = { target: request.secondName(), at: 0, path: paths.ofName(request), as };
  files.client.callSync("symlink", made, files.once(request));
  return answerEntry(ask, gateway, paths.ofName(request));
};

/** Another name of a file. */
export const link: Operation = (ask, gateway) => {
  const { files, paths, credentials } = gateway;
  const { request } = ask;
  const node = ARGS + LINK_IN.at.oldnodeid;
  const source = paths.secondNode(request.inode(node), request.generation(node));
  const as = credentials.of(request);
  const target = paths.ofName(request);
  const made = { sourceAt: 0, source, targetAt: 0, target, follow: false, as };
  files.client.callSync("link", made, files.once(request));
  return answerEntry(ask, gateway, source);
};

/** A file that is opened at once. */
export const create: Operation = (ask, { files, paths, credentials, rules, known }) => {
  const { request } = ask;
  const flags = request.u32(ARGS + CREATE_IN.at.flags);
  const mode = request.u32(ARGS + CREATE_IN.at.mode) & MODE_BITS;
  const umask = request.u32(ARGS + CREATE_IN.at.umask);
  const as = credentials.of(request);
  const isNew = known.entryOf(request) === null;
  const how = {
    flags: rules.flagsToOpen(flags) | OPEN.create | (flags & OPEN.exclusive),
    ...{ mode, umask, as, leaseSlot: 0 },
  };
  const { handle, attributes } = files.client.callSync(
    "open",
    { at: 0, path: paths.ofName(request), ...how },
    files.once(request),
  );
  ask.opened = handle;
  const isCut = (request.u32(ARGS + CREATE_IN.at.open_flags) & OPEN_FLAG.KILL_SUIDGID) !== 0;
  if (isCut) endSetId(attributes, paths.ofName(request), files);
  const view = rules.shown(attributes);
  known.made(request, attributes, view, isNew);
  return ask.reply.create(view, rules.valid, handle, rules.openFlags);
};

function answerEntry(ask: Ask, { files, rules, known }: Gateway, path: Uint8Array): number {
  files.point("fuse.request.called");
  const { attributes } = files.client.callSync("stat", { at: 0, path, follow: false, as: 0 });
  const view = rules.shown(attributes);
  known.lastSeen.note(attributes, view.getUint32(ATTRIBUTE.inode, true));
  return ask.reply.entry(view, rules.valid);
}
