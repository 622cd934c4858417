/**
 * NBD's transmission from the server's side: reads requests as fast as they come, has many under way,
 * and answers each when the volume has.
 *
 * ```text
 * socket ──▶ chunk of requests ──▶ volume ──▶ reply, in a chunk of its own or small ──▶ socket
 *            payloads lie there              data are read to there
 * ```
 *
 * A client may have so many requests, and so many bytes of answers, under way; beyond that its socket
 * is not read. Volumes answer whoever dies behind them, so none of this waits for ever.
 *
 * @module
 */

import {
  COMMAND,
  COMMAND_FLAG,
  NBD_ERROR,
  PAYLOAD_BYTES_MAX,
  readRequest,
  REQUEST_BYTES,
  TRANSMISSION_FLAG,
} from "@hako/drivers/nbd";
import { SECTOR_BYTES } from "@hako/storage-server";
import { tellExtents } from "./block_status.ts";
import type { BufferPools } from "./buffer_pools.ts";
import { RequestInput } from "./input.ts";
import type { Agreement } from "./negotiation.ts";
import type { Peer } from "./peer.ts";
import { trimRange, zeroRange } from "./ranges.ts";
import { beginRead } from "./reading.ts";
import { type Ask, newAsk, Session } from "./session.ts";
import { beginWrite } from "./writing.ts";

/** Which flags each command may have. `FUA` is harmless everywhere, as the protocol's text has it. */
const FLAGS_OF: Readonly<Record<number, number>> = {
  [COMMAND.READ]: COMMAND_FLAG.FUA | COMMAND_FLAG.DF,
  [COMMAND.WRITE]: COMMAND_FLAG.FUA,
  [COMMAND.FLUSH]: COMMAND_FLAG.FUA,
  [COMMAND.TRIM]: COMMAND_FLAG.FUA,
  [COMMAND.CACHE]: COMMAND_FLAG.FUA,
  [COMMAND.WRITE_ZEROES]: COMMAND_FLAG.FUA | COMMAND_FLAG.NO_HOLE | COMMAND_FLAG.FAST_ZERO,
  [COMMAND.BLOCK_STATUS]: COMMAND_FLAG.FUA | COMMAND_FLAG.REQ_ONE,
};

/** The commands that change a volume. */
const CHANGES: readonly number[] = [COMMAND.WRITE, COMMAND.TRIM, COMMAND.WRITE_ZEROES];

/** Serves a client that has chosen, until it leaves or is left. */
export async function transmit(peer: Peer, agreed: Agreement, pools: BufferPools): Promise<void> {
  const session = new Session(peer, agreed, pools);
  const input = new RequestInput(peer, pools.requests, agreed.ahead);
  try {
    await takeRequests(session, input);
    await session.idle(); // What was begun is answered, as long as somebody reads it.
  } finally {
    input.close();
  }
}

/** Takes requests until the client disconnects, or says what is none. */
async function takeRequests(session: Session, input: RequestInput): Promise<void> {
  while (!session.peer.isClosed) {
    if (input.available < REQUEST_BYTES && !await input.header()) return;
    if (!session.hasRoom) await session.room();
    const ask = newAsk();
    if (!readRequest(input.chunk.view, input.begin, ask)) return session.peer.close();
    input.begin += REQUEST_BYTES;
    if (ask.command === COMMAND.DISC) return;
    const taken = begin(session, ask, input);
    if (taken !== undefined && await taken === false) return;
  }
}

/** Begins what is asked for. What it answers resolves to `false` if the client is gone. Hot path. */
function begin(
  session: Session,
  ask: Ask,
  input: RequestInput,
): Promise<boolean | void> | undefined {
  const error = fault(session, ask);
  if (error !== 0) return refuse(session, ask, error, input);
  switch (ask.command) {
    case COMMAND.READ:
      return beginRead(session, ask);
    case COMMAND.WRITE:
      return beginWrite(session, ask, input);
    case COMMAND.FLUSH:
      session.owe();
      return void session.volume.flush(session.acknowledging(ask));
    case COMMAND.CACHE: // The host caches what it likes.
      session.owe();
      return void session.answer(ask, 0);
    case COMMAND.TRIM:
      return void trimRange(session, ask);
    case COMMAND.WRITE_ZEROES:
      return void zeroRange(session, ask);
    case COMMAND.BLOCK_STATUS:
      return void tellExtents(session, ask);
  }
}

/** What is wrong with a request; 0 if nothing. Hot path. */
function fault({ exported }: Session, ask: Ask): number {
  const { command, flags, offset, byteLength } = ask;
  const known = FLAGS_OF[command];
  if (known === undefined || (flags & ~known) !== 0) return NBD_ERROR.EINVAL;
  if (command === COMMAND.FLUSH) return 0;
  const isChange = CHANGES.includes(command);
  if (isChange && exported.flags & TRANSMISSION_FLAG.READ_ONLY) return NBD_ERROR.EPERM;
  const isPayload = command === COMMAND.READ || command === COMMAND.WRITE;
  if (isPayload && byteLength > PAYLOAD_BYTES_MAX) return NBD_ERROR.EINVAL;
  const isInside = offset >= 0 && offset <= exported.byteLength &&
    byteLength <= exported.byteLength - offset;
  if (!isInside) return isChange ? NBD_ERROR.ENOSPC : NBD_ERROR.EINVAL;
  const isWhole = byteLength > 0 && offset % SECTOR_BYTES === 0 && byteLength % SECTOR_BYTES === 0;
  return isWhole ? 0 : NBD_ERROR.EINVAL;
}

function refuse(
  session: Session,
  ask: Ask,
  error: number,
  input: RequestInput,
): Promise<boolean> | undefined {
  session.owe();
  if (ask.command === COMMAND.WRITE) return refusePayload(session, ask, error, input);
  const hasData = ask.command === COMMAND.READ || ask.command === COMMAND.BLOCK_STATUS;
  if (hasData) session.refuseData(ask, error);
  else session.answer(ask, error);
}

/** Behind a write comes its payload, whatever is wrong with it. */
async function refusePayload(
  session: Session,
  ask: Ask,
  error: number,
  input: RequestInput,
): Promise<boolean> {
  const isPassed = await input.skip(ask.byteLength);
  session.answer(ask, error);
  return isPassed;
}
