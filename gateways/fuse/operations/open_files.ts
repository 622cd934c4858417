/**
 * Operations on open files. What moves data, or waits for a disk, is posted and answered when it has
 * been done; meanwhile other requests are served.
 *
 * @module
 */

import { ALLOCATE, NOT_CACHED, OPEN } from "@hako/fs-server";
import { ERRNO, OsError } from "@hako/ipc";
import type { Ask, Ending, EndingParts } from "../ask.ts";
import type { Gateway, Operation } from "../gateway.ts";
import { PAGE_BYTES, type WantedRead } from "../pages.ts";
import {
  ARGS,
  FALLOCATE_IN,
  FSYNC_FLAG,
  FSYNC_IN,
  type FuseRequest,
  LSEEK_IN,
  OPEN_FLAG,
  OPEN_IN,
  READ_IN,
  RELEASE_IN,
  WRITE_FLAG,
  WRITE_IN,
} from "../wire/mod.ts";
import { endSetId, lookAndEndSetId } from "./set_id.ts";

const READ_HANDLE = ARGS + READ_IN.at.fh;
const READ_OFFSET = ARGS + READ_IN.at.offset;
const READ_SIZE = ARGS + READ_IN.at.size;
const WRITE_HANDLE = ARGS + WRITE_IN.at.fh;
const WRITE_OFFSET = ARGS + WRITE_IN.at.offset;
const WRITE_FLAGS = ARGS + WRITE_IN.at.write_flags;
const WRITE_OPEN_FLAGS = ARGS + WRITE_IN.at.flags;

/** `whence` of LSEEK: the next byte in a hole. The others are those of data. */
const SEEK_HOLE = 4;

const ALLOCATE_BITS = ALLOCATE.keepSize | ALLOCATE.punchHole | ALLOCATE.zeroRange;

/** Opens a file. */
export const open: Operation = (ask, { files, paths, credentials, rules }) => {
  const { request } = ask;
  const flags = rules.flagsToOpen(request.u32(ARGS + OPEN_IN.at.flags));
  const as = credentials.of(request);
  const how = { flags, mode: 0, umask: 0, as, leaseSlot: 0 };
  const opened = { at: 0, path: paths.ofNode(request), ...how };
  const { handle, attributes } = files.client.callSync("open", opened, files.once(request));
  ask.opened = handle;
  const asked = request.u32(ARGS + OPEN_IN.at.open_flags);
  if ((asked & OPEN_FLAG.KILL_SUIDGID) !== 0) endSetId(attributes, opened.path, files);
  return ask.reply.open(handle, rules.openFlags);
};

/** Opens a directory. */
export const opendir: Operation = (ask, { files, paths }) => {
  const { request } = ask;
  const how = { flags: OPEN.directory, mode: 0, umask: 0, as: 0, leaseSlot: 0 };
  const opened = { at: 0, path: paths.ofNode(request), ...how };
  const { handle } = files.client.callSync("open", opened, files.once(request));
  ask.opened = handle;
  return ask.reply.open(handle, 0);
};

/** Closes a file or directory: the last program that had it so is done. */
export const release: Operation = (ask, { files, owners, pages, waits }) => {
  const { request } = ask;
  const handle = request.u32(ARGS + RELEASE_IN.at.fh);
  files.client.callSync("close", { handle }, files.once(request));
  owners.closed(handle);
  pages?.closed(handle);
  waits.wake();
  return ask.reply.empty();
};

const READ: Ending = {
  ended: ({ request, reply }, { pages }, result) => {
    if (result < 0) return reply.error(-result);
    pages?.told(request.u32(READ_HANDLE));
    return reply.data(result);
  },
};

/** Pages of the window were read. */
const FILL: Ending = {
  ended: (ask, gateway, result) => {
    const pages = gateway.pages!;
    const wanted = wantedOf(ask);
    pages.filled(ask.filling!, result);
    ask.filling = undefined;
    if (result < 0) return ask.reply.error(-result);
    pages.told(wanted.handle);
    const count = pages.read(wanted);
    return count === NOT_CACHED ? postRead(ask, gateway) : ask.reply.data(count);
  },
};

/** Reads: from the window's pages, or the bytes come from the disk to where Linux takes them. Hot path. */
export const read: Operation = (ask, gateway) => {
  const { pages } = gateway;
  if (pages === undefined) return postRead(ask, gateway);
  const wanted = wantedOf(ask);
  const count = pages.read(wanted);
  if (count !== NOT_CACHED) return ask.reply.data(count);
  const filling = pages.toFill(wanted);
  if (filling === undefined) return postRead(ask, gateway);
  ask.filling = filling;
  ask.ending = FILL;
  ask.ticket = gateway.files.read(wanted.handle, filling.page * PAGE_BYTES, filling.target);
  return 0;
};

function wantedOf(ask: Ask): WantedRead {
  const { request } = ask;
  const target = ask.data(request.u32(READ_SIZE));
  const offset = request.saturated(READ_OFFSET);
  return { handle: request.u32(READ_HANDLE), inode: request.nodeInode, offset, target };
}

/** Posts a read into the answer. Hot path. */
function postRead(ask: Ask, { files }: EndingParts): number {
  const { handle, offset, target } = wantedOf(ask);
  ask.ending = READ;
  ask.ticket = files.read(handle, offset, target);
  return 0;
}

const WRITE: Ending = {
  ended: (ask, gateway, result) => {
    const { request } = ask;
    const { dataByteLength } = request;
    gateway.known.ended(result > 0, request.nodeInode);
    const offset = request.saturated(WRITE_OFFSET) + ask.written;
    gateway.pages?.written(request.nodeInode, offset, dataByteLength - ask.written);
    if (result <= 0) return endWrite(ask, result);
    ask.written += result;
    if (ask.written >= dataByteLength) return endWrite(ask, 0);
    // One transaction did not hold all of it.
    return postWrite(ask, gateway, offset + result, ask.rest(dataByteLength));
  },
};

/** Writes: the bytes go to the disk from where Linux has put them. Hot path. */
export const write: Operation = (ask, gateway) => {
  const { rules } = gateway;
  const { request } = ask;
  if ((request.u32(WRITE_FLAGS) & WRITE_FLAG.KILL_SUIDGID) !== 0) endRights(ask, gateway);
  const isAppend = (request.u32(WRITE_OPEN_FLAGS) & OPEN.append) !== 0;
  if (isAppend && !rules.isWriteback) return append(ask, gateway);
  const source = ask.data(request.dataByteLength);
  ask.ending = WRITE;
  const offset = request.saturated(WRITE_OFFSET);
  ask.keepTimes = rules.isWriteback && isPage(request);
  return postWrite(ask, gateway, offset, source);
};

/** Posts what is left of a write. Hot path. */
function postWrite(
  ask: Ask,
  { files, known, pages }: EndingParts,
  offset: number,
  source: Uint8Array,
): number {
  const { request } = ask;
  ask.ticket = files.write(request.u32(WRITE_HANDLE), offset, source, ask.keepTimes);
  known.begun(request.nodeInode);
  pages?.writing(request.nodeInode, offset, source.byteLength);
  return 0;
}

/** Somebody changes a file who may not give rights by it. */
function endRights({ request }: Ask, { files, paths, attributesChanged }: Gateway): void {
  const isChanged = lookAndEndSetId(paths.ofNode(request), files);
  if (isChanged) attributesChanged(request.nodeInode, request.nodeGeneration);
}

/** A page of Linux's cache is written whole or not; a program hears how much was written. */
function endWrite({ request, reply, written }: Ask, result: number): number {
  const isWhole = written === request.dataByteLength;
  if (isWhole || (written > 0 && !isPage(request))) return reply.write(written);
  return reply.error(result < 0 ? -result : ERRNO.EIO);
}

/** Whether Linux writes back pages; with the writeback cache it tells their times itself. Hot path. */
function isPage(request: FuseRequest): boolean {
  return (request.u32(WRITE_FLAGS) & WRITE_FLAG.CACHE) !== 0;
}

/** Writes to wherever the end is, which others may have moved: done once. */
const append: Operation = (ask, { files, pages }) => {
  const { request } = ask;
  const handle = request.u32(WRITE_HANDLE);
  const source = ask.data(request.dataByteLength);
  const written = { handle, offset: 0, source, append: true, keepTimes: false };
  try {
    return ask.reply.write(files.client.callSync("write", written, files.once(request)));
  } finally {
    pages?.appended(request.nodeInode);
  }
};

const EMPTY: Ending = {
  ended: ({ reply }, _, result) => result < 0 ? reply.error(-result) : reply.empty(),
};

/** Makes a file, or a directory, durable. */
export const fsync: Operation = (ask, { files }) => {
  const { request } = ask;
  const handle = request.u32(ARGS + FSYNC_IN.at.fh);
  const dataOnly = (request.u32(ARGS + FSYNC_IN.at.fsync_flags) & FSYNC_FLAG.FDATASYNC) !== 0;
  ask.ending = EMPTY;
  ask.ticket = files.client.post("fsync", { handle, dataOnly });
  return 0;
};

/** Makes everything durable. */
export const syncfs: Operation = (ask, { files }) => {
  ask.ending = EMPTY;
  ask.ticket = files.client.post("fsync", { handle: 0, dataOnly: false });
  return 0;
};

/** Takes blocks, punches holes, zeroes. */
export const fallocate: Operation = (ask, gateway) => {
  const { files } = gateway;
  const { request } = ask;
  const flags = request.u32(ARGS + FALLOCATE_IN.at.mode);
  if ((flags & ~ALLOCATE_BITS) !== 0) throw new OsError("EOPNOTSUPP", `allocate as ${flags}`);
  if (request.uid !== 0) endRights(ask, gateway);
  files.hasChanged = true;
  ask.ending = EMPTY;
  ask.ticket = files.client.post("allocate", {
    handle: request.u32(ARGS + FALLOCATE_IN.at.fh),
    flags,
    offset: request.saturated(ARGS + FALLOCATE_IN.at.offset),
    byteLength: request.saturated(ARGS + FALLOCATE_IN.at.length),
  });
  return 0;
};

/** Where data or a hole begins. */
export const lseek: Operation = (ask, { files, rules }) => {
  // Linux does not send before what it has kept: that would pass for a hole. All is data then.
  if (rules.isWriteback) throw new OsError("ENOSYS", "seek for holes");
  const { request } = ask;
  const from = request.i64(ARGS + LSEEK_IN.at.offset);
  if (from < 0) throw new OsError("ENXIO", "seek before the beginning");
  const { offset } = files.client.callSync("seek", {
    handle: request.u32(ARGS + LSEEK_IN.at.fh),
    offset: from,
    isHole: request.u32(ARGS + LSEEK_IN.at.whence) === SEEK_HOLE,
  });
  return ask.reply.lseek(offset);
};
