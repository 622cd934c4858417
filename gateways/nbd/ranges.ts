/**
 * `WRITE_ZEROES` and `TRIM`: ranges of any length, in requests of which each takes a bounded time.
 *
 * @module
 */

import { COMMAND_FLAG, NBD_ERROR, TRANSMISSION_FLAG } from "@hako/drivers/nbd";
import { RANGE_BYTES_MAX, WRITE_FLAG } from "@hako/storage-server";
import { type Ask, asked, nbdError, type Session } from "./session.ts";
import { writeFlags } from "./writing.ts";
import type { Asker } from "./volume_port.ts";

/** Makes a range read as zeroes: a hole if it may be one, else zeroes that are written. */
export async function zeroRange(session: Session, ask: Ask): Promise<void> {
  session.owe();
  const isFast = (ask.flags & COMMAND_FLAG.FAST_ZERO) !== 0;
  const hasFast = (session.exported.flags & TRANSMISSION_FLAG.SEND_FAST_ZERO) !== 0;
  if (isFast && !hasFast) return session.answer(ask, NBD_ERROR.EINVAL);
  const flags = writeFlags(ask) | (isFast ? WRITE_FLAG.FAST : 0);
  if ((ask.flags & COMMAND_FLAG.NO_HOLE) === 0) {
    return await inParts(session, ask, RANGE_BYTES_MAX, (asker, offset, byteLength) => {
      session.volume.zero(asker, offset, byteLength, flags);
    });
  }
  if (isFast) return session.answer(ask, NBD_ERROR.ENOTSUP);
  const { zeroes } = session.pools;
  await inParts(session, ask, zeroes.byteLength, (asker, offset, byteLength) => {
    session.volume.write(asker, offset, zeroes.subarray(0, byteLength), flags);
  });
}

/** Gives up what a range holds. */
export async function trimRange(session: Session, ask: Ask): Promise<void> {
  session.owe();
  await inParts(session, ask, RANGE_BYTES_MAX, (asker, offset, byteLength) => {
    session.volume.trim(asker, offset, byteLength, writeFlags(ask));
  });
}

async function inParts(
  session: Session,
  ask: Ask,
  partBytes: number,
  begin: (asker: Asker, offset: number, byteLength: number) => void,
): Promise<void> {
  for (let at = 0; at < ask.byteLength && !session.peer.isClosed;) {
    // Parts end at multiples of their size: so no block is split.
    const offset = ask.offset + at;
    const byteLength = Math.min(partBytes - offset % partBytes, ask.byteLength - at);
    const result = await asked((asker) => begin(asker, offset, byteLength));
    if (result < 0) return session.answer(ask, nbdError(result));
    at += byteLength;
  }
  session.answer(ask, 0);
}
