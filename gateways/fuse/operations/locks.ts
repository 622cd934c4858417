/**
 * Operations on locks: of ranges, as fcntl(2) has them, and of whole files, as flock(2) has them.
 *
 * @module
 */

import { LOCK } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import type { Ask } from "../ask.ts";
import type { Gateway, Operation } from "../gateway.ts";
import type { WantedLock } from "../lock_waits.ts";
import { ownerName } from "../lock_owners.ts";
import {
  ARGS,
  FLUSH_IN,
  type FuseRequest,
  INTERRUPT_IN,
  LK_FLAG,
  LK_IN,
  LOCK_TYPE,
} from "../wire/mod.ts";

const HANDLE = ARGS + LK_IN.at.fh;
const OWNER = ARGS + LK_IN.at.owner;
const START = ARGS + LK_IN.at.start;
const END = ARGS + LK_IN.at.end;
const TYPE = ARGS + LK_IN.at.type;
const PID = ARGS + LK_IN.at.pid;
const FLAGS = ARGS + LK_IN.at.lk_flags;

/** The number of an owner who has no lock. */
const NOBODY = 0xffffffff;

/** Who is in the way of a lock. */
export const getlk: Operation = (ask, { files, owners }) => {
  const { request, reply } = ask;
  const kind = kindOf(request);
  const owner = owners.find(request.nodeInode, request.u32(OWNER), request.u32(OWNER + 4)) ||
    NOBODY;
  const range = { offset: request.saturated(START), byteLength: byteLengthOf(request) };
  const lock = { handle: request.u32(HANDLE), owner, kind, ...range };
  const found = files.client.callSync("testLock", lock);
  if (found.kind === LOCK.none) {
    return reply.lock({ start: 0, end: 0, type: LOCK_TYPE.UNLOCK, pid: 0 });
  }
  return reply.lock({
    start: found.offset,
    end: found.byteLength === 0 ? Infinity : found.offset + found.byteLength - 1,
    type: found.kind === LOCK.exclusive ? LOCK_TYPE.WRITE : LOCK_TYPE.READ,
    pid: found.isOwnClient ? owners.pidOf(found.owner) : 0,
  });
};

/** Locks or unlocks, at once or not at all. */
export const setlk: Operation = (ask, gateway) => {
  const { waits } = gateway;
  const isUnlock = ask.request.u32(TYPE) === LOCK_TYPE.UNLOCK;
  if (isUnlock && isRange(ask.request) && ownerOf(ask.request, gateway) === 0) {
    return ask.reply.empty(); // Who has no lock gives none up.
  }
  waits.lock(wantedLock(ask, gateway));
  waits.wake();
  return ask.reply.empty();
};

/** Locks, or waits for that. */
export const setlkw: Operation = (ask, gateway) => {
  if (ask.request.u32(TYPE) === LOCK_TYPE.UNLOCK) return setlk(ask, gateway);
  return gateway.waits.lockOrWait(wantedLock(ask, gateway)) ? ask.reply.empty() : 0;
};

/** The lock that a request asks for. @throws {OsError} `ENOLCK`, `EINVAL` */
export function wantedLock({ request }: Ask, { owners }: Gateway): WantedLock {
  const { uniqueLow, uniqueHigh, nodeInode } = request;
  const handle = request.u32(HANDLE);
  const kind = kindOf(request);
  const low = request.u32(OWNER);
  const high = request.u32(OWNER + 4);
  const whole = { owner: 0, ownerName: "", offset: 0, byteLength: 0 };
  if (!isRange(request)) return { uniqueLow, uniqueHigh, handle, kind, ...whole };
  return {
    ...{ uniqueLow, uniqueHigh, handle, kind },
    owner: owners.make(nodeInode, low, high, { handle, pid: request.u32(PID) }),
    ownerName: ownerName(low, high),
    offset: request.saturated(START),
    byteLength: byteLengthOf(request),
  };
}

/** A program has closed a file, which others may still have open: its locks of ranges are gone. */
export const flush: Operation = (ask, { files, owners, waits }) => {
  const { request } = ask;
  const at = ARGS + FLUSH_IN.at.lock_owner;
  const owner = owners.find(request.nodeInode, request.u32(at), request.u32(at + 4));
  if (owner === 0) return ask.reply.empty();
  const handle = request.u32(ARGS + FLUSH_IN.at.fh);
  const all = { offset: 0, byteLength: 0, wait: false };
  files.client.callSync("lock", { handle, owner, kind: LOCK.none, ...all });
  owners.remove(owner);
  waits.wake();
  return ask.reply.empty();
};

/** Somebody who waits has a signal to hear of. Never answered. */
export const interrupt: Operation = ({ request }, { waits }) => {
  const at = ARGS + INTERRUPT_IN.at.unique;
  waits.interrupt(request.u32(at), request.u32(at + 4));
  return 0;
};

function isRange(request: FuseRequest): boolean {
  return (request.u32(FLAGS) & LK_FLAG.FLOCK) === 0;
}

function ownerOf(request: FuseRequest, { owners }: Gateway): number {
  return owners.find(request.nodeInode, request.u32(OWNER), request.u32(OWNER + 4));
}

function kindOf(request: FuseRequest): number {
  const type = request.u32(TYPE);
  if (type === LOCK_TYPE.READ) return LOCK.shared;
  if (type === LOCK_TYPE.WRITE) return LOCK.exclusive;
  if (type === LOCK_TYPE.UNLOCK) return LOCK.none;
  throw new OsError("EINVAL", `lock as ${type}`);
}

/** 0 where a lock reaches to the end, wherever that will be. */
function byteLengthOf(request: FuseRequest): number {
  const start = request.saturated(START);
  const end = request.saturated(END);
  if (end >= Number.MAX_SAFE_INTEGER) return 0;
  if (end < start) throw new OsError("EINVAL", "lock a range that ends before it begins");
  return end - start + 1;
}
