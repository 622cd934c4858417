/**
 * `BLOCK_STATUS` for `base:allocation`: which parts of a range are zeroes.
 *
 * @module
 */

import {
  BLOCK_STATUS_BYTES,
  COMMAND_FLAG,
  type Extent,
  EXTENT_BYTES,
  EXTENT_FLAG,
  NBD_ERROR,
  writeBlockStatus,
} from "@hako/drivers/nbd";
import { OsError } from "@hako/ipc";
import { RANGE_BYTES_MAX } from "@hako/storage-server";
import { BASE_ALLOCATION_ID } from "./negotiation.ts";
import { type Ask, nbdError, type Session } from "./session.ts";

/** Most extents that one answer tells of. A client asks again for the rest. */
const EXTENTS_MAX = 64;

/** Tells what a range begins with: one extent if so asked, else up to 64. */
export async function tellExtents(session: Session, ask: Ask): Promise<void> {
  session.owe();
  if (!session.hasAllocation) return session.refuseData(ask, NBD_ERROR.EINVAL);
  const extentsMax = ask.flags & COMMAND_FLAG.REQ_ONE ? 1 : EXTENTS_MAX;
  let extents: Extent[];
  try {
    extents = await extentsOf(session, ask, extentsMax);
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    return session.refuseData(ask, nbdError(-error.errno));
  }
  const bytes = new Uint8Array(BLOCK_STATUS_BYTES + EXTENT_BYTES * extents.length);
  writeBlockStatus(new DataView(bytes.buffer), 0, ask, { contextId: BASE_ALLOCATION_ID, extents });
  session.replies.push({ send: () => session.peer.write(bytes) });
}

async function extentsOf(session: Session, ask: Ask, extentsMax: number): Promise<Extent[]> {
  const extents: { byteLength: number; flags: number }[] = [];
  for (let at = 0; at < ask.byteLength && !session.peer.isClosed;) {
    const asked = Math.min(RANGE_BYTES_MAX, ask.byteLength - at);
    const { byteLength, isZero } = await session.volume.extent(ask.offset + at, asked);
    if (byteLength === 0) throw new OsError("EIO", "hear of an extent of no bytes");
    const flags = isZero === 0 ? 0 : EXTENT_FLAG.HOLE | EXTENT_FLAG.ZERO;
    const last = extents.at(-1);
    if (last?.flags === flags) last.byteLength += byteLength;
    else if (extents.length === extentsMax) break;
    else extents.push({ byteLength, flags });
    at += byteLength;
  }
  return extents;
}
