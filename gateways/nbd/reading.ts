/**
 * `READ`: data go from the volume into a chunk, behind their header, and from there to the client.
 *
 * What fits in a chunk is one request to the volume and one reply. What does not is split: with
 * structured replies every part is a chunk of the reply and goes out as soon as it is read; with a
 * simple reply the parts follow one another, and an error after the first ends the connection, since
 * there is no other way to tell of it.
 *
 * @module
 */

import {
  COMMAND_FLAG,
  NBD_ERROR,
  OFFSET_DATA_BYTES,
  SIMPLE_REPLY_BYTES,
  unmarkLast,
  writeOffsetData,
  writeSimpleReply,
} from "@hako/drivers/nbd";
import { ERRNO } from "@hako/ipc";
import { PIECE_BYTES_MAX } from "./buffer_pools.ts";
import type { Place } from "./replies.ts";
import { type Ask, asked, nbdError, type Session } from "./session.ts";
import type { Asker } from "./volume_port.ts";

/** Begins to read; what it answers, if anything, resolves when the next request may be looked at. */
export function beginRead(session: Session, ask: Ask): Promise<void> | undefined {
  const headBytes = session.isStructured ? OFFSET_DATA_BYTES : SIMPLE_REPLY_BYTES;
  const pieceBytes = Math.min(PIECE_BYTES_MAX, session.pools.replies.chunkBytes - headBytes);
  if (ask.byteLength > pieceBytes) return readMuch(session, ask, pieceBytes);
  session.owe();
  const place = session.replies.place(headBytes + ask.byteLength);
  if (place === undefined) return readWhenPlaced(session, ask, headBytes);
  beginPiece(session, ask, place, ask.offset);
}

async function readWhenPlaced(session: Session, ask: Ask, headBytes: number): Promise<void> {
  const place = await session.replies.placed(headBytes + ask.byteLength);
  beginPiece(session, ask, place, ask.offset);
}

function readMuch(session: Session, ask: Ask, pieceBytes: number): Promise<void> {
  if (!session.isStructured) return stream(session, ask, pieceBytes);
  if ((ask.flags & COMMAND_FLAG.DF) === 0) return readPieces(session, ask, pieceBytes);
  session.owe();
  session.refuseData(ask, NBD_ERROR.EOVERFLOW);
  return Promise.resolve();
}

async function readPieces(session: Session, ask: Ask, pieceBytes: number): Promise<void> {
  ask.parts = Math.ceil(ask.byteLength / pieceBytes);
  for (let at = 0; at < ask.byteLength; at += pieceBytes) {
    if (!session.hasRoom) await session.room();
    session.owe();
    const byteLength = Math.min(pieceBytes, ask.byteLength - at);
    const place = await session.replies.placed(OFFSET_DATA_BYTES + byteLength);
    beginPiece(session, ask, place, ask.offset + at);
  }
}

/** Hot path. */
function beginPiece(session: Session, ask: Ask, place: Place, offset: number): void {
  const headBytes = session.isStructured ? OFFSET_DATA_BYTES : SIMPLE_REPLY_BYTES;
  const { chunk, at, byteLength } = place;
  const target = chunk.bytes.subarray(at + headBytes, at + byteLength);
  session.volume.read(new ReadPiece(session, ask, place, offset), offset, target);
}

/** A part of a read that is under way. */
class ReadPiece implements Asker {
  readonly #session: Session;
  readonly #ask: Ask;
  readonly #place: Place;
  readonly #offset: number;

  constructor(session: Session, ask: Ask, place: Place, offset: number) {
    this.#session = session;
    this.#ask = ask;
    this.#place = place;
    this.#offset = offset;
  }

  /** Hot path. */
  ended(result: number): void {
    const { isStructured, replies } = this.#session;
    const ask = this.#ask;
    const { chunk: { view }, at, byteLength } = this.#place;
    const dataBytes = byteLength - (isStructured ? OFFSET_DATA_BYTES : SIMPLE_REPLY_BYTES);
    ask.parts--;
    if (result !== dataBytes) return this.#failed(result);
    if (isStructured) {
      writeOffsetData(view, at, ask, this.#offset, dataBytes);
      if (ask.parts > 0) unmarkLast(view, at);
    } else writeSimpleReply(view, at, ask);
    replies.push({ place: this.#place });
  }

  #failed(result: number): void {
    this.#session.replies.leave(this.#place);
    const error = nbdError(Math.min(result, 0)) || NBD_ERROR.EIO; // Too short is no data either.
    if (this.#session.isStructured) this.#session.refusePart(this.#ask, error, this.#offset);
    else this.#session.answer(this.#ask, error);
  }
}

async function stream(session: Session, ask: Ask, pieceBytes: number): Promise<void> {
  session.owe();
  const place = await session.replies.placed(SIMPLE_REPLY_BYTES + pieceBytes);
  session.replies.push({ send: () => sendStream(session, ask, place, pieceBytes) });
}

/** Reads and writes part after part in one place, which is given back at the end. */
async function sendStream(
  session: Session,
  ask: Ask,
  place: Place,
  pieceBytes: number,
): Promise<boolean> {
  const { chunk, at } = place;
  try {
    for (let done = 0; done < ask.byteLength; done += pieceBytes) {
      const dataBytes = Math.min(pieceBytes, ask.byteLength - done);
      const data = at + SIMPLE_REPLY_BYTES;
      const target = chunk.bytes.subarray(data, data + dataBytes);
      const result = await asked((asker) => session.volume.read(asker, ask.offset + done, target));
      const isRead = result === dataBytes;
      if (!isRead && done > 0) return false;
      const error = isRead ? 0 : nbdError(result < 0 ? result : -ERRNO.EIO);
      writeSimpleReply(chunk.view, at, { ...ask, error });
      const begin = done === 0 ? at : data;
      const end = isRead ? data + dataBytes : data;
      if (!await session.peer.write(chunk.bytes.subarray(begin, end))) return false;
      if (!isRead) return true;
    }
    return true;
  } finally {
    session.replies.leave(place);
  }
}
