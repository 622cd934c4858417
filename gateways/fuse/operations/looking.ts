/**
 * Operations that only look: at names, attributes, links, the file system.
 *
 * @module
 */

import { ATTRIBUTE } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import type { Operation } from "../gateway.ts";

/** The most bytes of what a symbolic link points to. */
const LINK_BYTES_MAX = 4096;

/** What stands under a name. Hot path. */
export const lookup: Operation = (ask, { files, paths, rules, lastSeen }) => {
  const path = paths.ofName(ask.request);
  try {
    const { attributes } = files.client.callSync("stat", { at: 0, path, follow: false, as: 0 });
    const view = rules.shown(attributes);
    lastSeen.note(attributes, view.getUint32(ATTRIBUTE.inode, true));
    return ask.reply.entry(view, rules.valid);
  } catch (error) {
    const isNothing = error instanceof OsError && error.code === "ENOENT";
    if (!isNothing || rules.valid.entrySeconds === 0) throw error;
    return ask.reply.noEntry(rules.valid);
  }
};

/** What is told of a file. Hot path. */
export const getattr: Operation = (ask, { files, paths, rules, lastSeen }) => {
  const { nodeInode, nodeGeneration } = ask.request;
  const path = paths.ofNode(ask.request);
  try {
    const { attributes } = files.client.callSync("stat", { at: 0, path, follow: false, as: 0 });
    lastSeen.note(attributes, nodeInode);
    return ask.reply.attr(rules.shown(attributes), rules.valid);
  } catch (error) {
    const isGone = error instanceof OsError && error.code === "ESTALE";
    // Where others remove names Linux is to look again, and finds that they have.
    const gone = isGone && rules.isWriteback
      ? lastSeen.ofGone(nodeInode, nodeGeneration)
      : undefined;
    if (gone === undefined) throw error;
    return ask.reply.attr(gone, rules.valid);
  }
};

/** The same, with the time of its birth. */
export const statx: Operation = (ask, { files, paths, rules }) => {
  const path = paths.ofNode(ask.request);
  const { attributes } = files.client.callSync("stat", { at: 0, path, follow: false, as: 0 });
  return ask.reply.statx(rules.shown(attributes), rules.valid);
};

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
