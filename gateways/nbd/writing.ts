/**
 * `WRITE`: the volume writes payloads from where the socket put them.
 *
 * A payload that fits in what is left of a chunk is one request to the volume, however it trickles in.
 * A longer one is split where a chunk ends, at a multiple of the volume's block, so that every block
 * is still written whole.
 *
 * @module
 */

import { COMMAND_FLAG, NBD_ERROR } from "@hako/drivers/nbd";
import { BLOCK_BYTES, WRITE_FLAG } from "@hako/storage-server";
import type { Chunk } from "./chunk_pool.ts";
import type { RequestInput } from "./input.ts";
import { type Ask, nbdError, type Session } from "./session.ts";
import type { Asker } from "./volume_port.ts";

/** `WRITE_FLAG`s of a request. */
export function writeFlags({ flags }: Ask): number {
  return flags & COMMAND_FLAG.FUA ? WRITE_FLAG.FUA : 0;
}

/**
 * Begins to write. What it answers, if anything, resolves when the payload was taken, with whether all
 * of it came.
 */
export function beginWrite(
  session: Session,
  ask: Ask,
  input: RequestInput,
): Promise<boolean> | undefined {
  session.owe();
  if (input.available < ask.byteLength) return receive(session, ask, input);
  writePiece(session, ask, input, { offset: ask.offset, byteLength: ask.byteLength });
}

async function receive(session: Session, ask: Ask, input: RequestInput): Promise<boolean> {
  let offset = ask.offset;
  const end = ask.offset + ask.byteLength;
  ask.parts = 1; // Ours, until all was taken.
  while (offset < end) {
    if (!await input.more(Math.min(end - offset, input.reach))) break;
    const byteLength = pieceLength(offset, end, input.available);
    if (byteLength === 0) await input.move();
    else {
      ask.parts++;
      writePiece(session, ask, input, { offset, byteLength });
      offset += byteLength;
    }
  }
  const isWhole = offset === end;
  // Nobody waits for the answer to half a request, but what was begun is waited for.
  if (--ask.parts === 0) session.answer(ask, isWhole ? ask.error : NBD_ERROR.EINVAL);
  return isWhole;
}

/** As much as there is, but only whole blocks unless it is the end. */
function pieceLength(offset: number, end: number, available: number): number {
  if (end - offset <= available) return end - offset;
  const reached = offset + available;
  return Math.max(0, reached - reached % BLOCK_BYTES - offset);
}

/** Hot path. */
function writePiece(
  session: Session,
  ask: Ask,
  input: RequestInput,
  { offset, byteLength }: { readonly offset: number; readonly byteLength: number },
): void {
  const { chunk, begin } = input;
  input.begin += byteLength;
  chunk.uses++;
  const source = chunk.bytes.subarray(begin, begin + byteLength);
  session.volume.write(
    new WritePiece(session, ask, source, chunk),
    offset,
    source,
    writeFlags(ask),
  );
}

/** A part of a write that is under way. */
class WritePiece implements Asker {
  readonly #session: Session;
  readonly #ask: Ask;
  readonly #source: Uint8Array;
  readonly #chunk: Chunk;

  constructor(session: Session, ask: Ask, source: Uint8Array, chunk: Chunk) {
    this.#session = session;
    this.#ask = ask;
    this.#source = source;
    this.#chunk = chunk;
  }

  /** Hot path. */
  ended(result: number): void {
    const ask = this.#ask;
    this.#session.pools.requests.release(this.#chunk);
    if (result !== this.#source.byteLength && ask.error === 0) {
      ask.error = nbdError(Math.min(result, 0)) || NBD_ERROR.EIO;
    }
    if (--ask.parts === 0) this.#session.answer(ask, ask.error);
  }
}
