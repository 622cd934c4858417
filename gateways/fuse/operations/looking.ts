/**
 * Operations that only look: at names, attributes, links, the file system.
 *
 * @module
 */

import { ERRNO, OsError } from "@hako/ipc";
import type { Ask } from "../ask.ts";
import type { Gateway, Operation } from "../gateway.ts";

/** The most bytes of what a symbolic link points to. */
const LINK_BYTES_MAX = 4096;

/** What stands under a name. Hot path. */
export const lookup: Operation = (ask, { files, paths, rules, known }) => {
  const { request } = ask;
  const entry = known.entryOf(request);
  if (entry === null) return nothing(ask, rules);
  if (entry !== undefined) return ask.reply.entry(entry, rules.valid);
  const path = paths.ofName(request);
  try {
    const { attributes } = files.client.callSync("stat", { at: 0, path, follow: false, as: 0 });
    const view = rules.shown(attributes);
    known.noteEntry(request, attributes, view);
    return ask.reply.entry(view, rules.valid);
  } catch (error) {
    const isNothing = error instanceof OsError && error.code === "ENOENT";
    if (!isNothing) throw error;
    known.noteNothing(request);
    return nothing(ask, rules);
  }
};

/** Says that nothing stands under a name; for how long, if that is any time. */
function nothing({ reply }: Ask, { valid }: Gateway["rules"]): number {
  return valid.entrySeconds === 0 ? reply.error(ERRNO.ENOENT) : reply.noEntry(valid);
}

/** What is told of a file. Hot path. */
export const getattr: Operation = (ask, gateway) => {
  const { rules, known } = gateway;
  const { nodeInode, nodeGeneration } = ask.request;
  try {
    return ask.reply.attr(attributesOf(ask, gateway), rules.valid);
  } catch (error) {
    const isGone = error instanceof OsError && error.code === "ESTALE";
    // Where others remove names Linux is to look again, and finds that they have.
    const gone = isGone && rules.isWriteback
      ? known.lastSeen.ofGone(nodeInode, nodeGeneration)
      : undefined;
    if (gone === undefined) throw error;
    return ask.reply.attr(gone, rules.valid);
  }
};

/** The same, with the time of its birth. */
export const statx: Operation = (ask, gateway) => {
  return ask.reply.statx(attributesOf(ask, gateway), gateway.rules.valid);
};

/** The attributes of a request's file: known here, or asked for. Hot path. */
function attributesOf({ request }: Ask, { files, paths, rules, known }: Gateway): DataView {
  const here = known.attributesOf(request);
  if (here !== undefined) return here;
  const path = paths.ofNode(request);
  const { attributes } = files.client.callSync("stat", { at: 0, path, follow: false, as: 0 });
  const view = rules.shown(attributes);
  known.note(attributes, request.nodeInode);
  return view;
}

/** Where a symbolic link points. */
export const readlink: Operation = (ask, { files, paths }) => {
  const path = paths.ofNode(ask.request);
  const target = ask.data(LINK_BYTES_MAX);
  return ask.reply.data(files.client.callSync("readlink", { at: 0, path, target, as: 0 }));
};

/** How large the file system is, and how full. */
export const statfs: Operation = (ask, { files }) => {
  const usage = files.client.callSync("statfs", {});
  return ask.reply.statfs({
    blocks: usage.blockCount,
    bfree: usage.blocksFree,
    bavail: usage.blocksAvailable,
    files: usage.inodeCount,
    ffree: usage.inodesFree,
    bsize: usage.blockBytes,
    frsize: usage.blockBytes,
    namelen: usage.nameBytesMax,
  });
};
