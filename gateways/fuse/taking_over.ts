/**
 * What a successor does before it serves: it has Linux give again what was not answered, and makes the
 * one request first that its predecessor may have made already, since what the file server remembers of
 * that is overwritten in time.
 *
 * @module
 */

import { ERRNO, OsError } from "@hako/ipc";
import type { Ask } from "./ask.ts";
import type { Gateway } from "./gateway.ts";
import type { Line } from "./line.ts";
import { wantedLock } from "./operations/mod.ts";
import type { Serving } from "./serving.ts";
import type { Unanswered } from "./unanswered.ts";
import {
  ARGS,
  BUFFER_BYTES_MIN,
  FuseNotification,
  FuseReply,
  type FuseRequest,
  INIT2,
  LK_IN,
  LOCK_TYPE,
  OPCODE,
} from "./wire/mod.ts";

/** What is taken over. */
export interface Inheritance {
  readonly line: Line;
  readonly gateway: Gateway;
  readonly serving: Serving;
  readonly unanswered: Unanswered;
}

/** Takes over what the predecessor has left. */
export function takeOver({ line, gateway, serving, unanswered }: Inheritance): void {
  const agreed = gateway.keep.agreed;
  const isGivenAgain = agreed === undefined || (agreed.flags2 & INIT2.HAS_RESEND) !== 0;
  const notification = new FuseNotification();
  if (!isGivenAgain || !line.tell(notification.source, notification.resend())) {
    return giveUp(line, unanswered);
  }
  gateway.files.point("fuse.takeover.resent");
  unanswered.takeAll();
  if (gateway.keep.hasRecord) recordedFirst(line, gateway, serving);
}

/** A Linux older than 6.9 gives nothing again: whoever waits is told that it failed. */
function giveUp(line: Line, unanswered: Unanswered): void {
  const buffer = new Uint8Array(BUFFER_BYTES_MIN);
  for (const unique of unanswered.takeAll()) {
    const asked = { buffer, ...unique };
    const reply = new FuseReply(asked);
    line.send(asked, reply, reply.error(ERRNO.EIO));
  }
}

/**
 * Reads what is given again until the recorded request is found, and does that one first. If it is
 * not among those it was answered. What is given again comes before anything new, and no more of it
 * than there are places, but for waits for locks, which need none.
 */
function recordedFirst(line: Line, gateway: Gateway, serving: Serving): void {
  const others: Ask[] = [];
  let recorded: Ask | undefined;
  while (recorded === undefined) {
    const ask = serving.takePlace();
    if (ask === undefined) break;
    const { request } = ask;
    const byteLength = line.read(request);
    if (byteLength === 0) {
      serving.giveBack(ask);
      break;
    }
    if (!request.take(byteLength)) {
      serving.refuse(ask);
      continue;
    }
    if (!request.isAnswered) {
      serving.handle(ask); // Makes no request of the file server.
      continue;
    }
    line.owe(request);
    if (isRecorded(request, gateway)) recorded = ask;
    else if (request.isResent && waitsAgain(ask, gateway)) serving.giveBack(ask);
    else {
      others.push(ask);
      if (!request.isResent) break; // What comes now is new.
    }
  }
  if (recorded !== undefined) serving.handle(recorded);
  for (const ask of others) serving.handle(ask);
}

function isRecorded({ isResent, uniqueLow, uniqueHigh }: FuseRequest, { keep }: Gateway): boolean {
  return isResent && keep.isRecorded(uniqueLow, uniqueHigh);
}

/** A wait for a lock needs no place, and is asked for when there is time. */
function waitsAgain(ask: Ask, gateway: Gateway): boolean {
  const { request } = ask;
  const isUnlock = () => request.u32(ARGS + LK_IN.at.type) === LOCK_TYPE.UNLOCK;
  if (request.opcode !== OPCODE.SETLKW || isUnlock()) return false;
  try {
    gateway.waits.add(wantedLock(ask, gateway));
    return true;
  } catch (error) {
    if (error instanceof OsError) return false; // It is told so when it is its turn.
    throw error;
  }
}
