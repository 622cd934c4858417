/**
 * Requests and replies of NBD's transmission phase, as they stand on the wire.
 *
 * ```
 * request (28)       magic u32 │ flags u16 │ command u16 │ cookie u64 │ offset u64 │ byteLength u32 │ payload of WRITE
 * simple reply (16)  magic u32 │ error u32 │ cookie u64 │ bytes read, unless there is an error
 * chunk (20)         magic u32 │ flags u16 │ kind u16 │ cookie u64 │ byteLength u32 │ payload
 * ```
 *
 * A cookie is 64 bits that mean nothing to a server. Here it is two numbers, its high and its low
 * half. Whoever reads a header makes sure first that all its bytes are there; the readers fill an
 * object of the caller's, so that nothing is allocated for a request.
 *
 * @module
 */

import { CHUNK, CHUNK_FLAG, MAGIC } from "./wire.ts";

/** Bytes of a request without its payload. */
export const REQUEST_BYTES = 28;

/** Bytes of a simple reply without its payload. */
export const SIMPLE_REPLY_BYTES = 16;

/** Bytes at the head of each chunk of a structured reply. */
export const CHUNK_HEADER_BYTES = 20;

/** Bytes of an `OFFSET_DATA` chunk's head with the offset: the data follow. */
export const OFFSET_DATA_BYTES = 28;

/** Bytes of a whole `OFFSET_HOLE` chunk. */
export const OFFSET_HOLE_BYTES = 32;

/** Bytes of a whole `ERROR` chunk without a text. */
export const ERROR_CHUNK_BYTES = 26;

/** Bytes of a whole `ERROR_OFFSET` chunk without a text. */
export const ERROR_OFFSET_CHUNK_BYTES = 34;

/** Bytes of a `BLOCK_STATUS` chunk before its extents. */
export const BLOCK_STATUS_BYTES = 24;

/** Bytes of one extent in a `BLOCK_STATUS` chunk. */
export const EXTENT_BYTES = 8;

/** A request without its payload. */
export interface NbdRequest {
  /** `COMMAND_FLAG`s. */
  flags: number;
  /** A `COMMAND`, or a number that is none. */
  command: number;
  /** The high half of the cookie. */
  cookieHigh: number;
  /** The low half of the cookie. */
  cookieLow: number;
  /** A byte offset; -1 for one beyond 2^53 - 1. */
  offset: number;
  /** How many bytes it is about. */
  byteLength: number;
}

/** A request to read into. */
export function emptyRequest(): NbdRequest {
  return { flags: 0, command: 0, cookieHigh: 0, cookieLow: 0, offset: 0, byteLength: 0 };
}

/** Reads a request's 28 bytes; `false` unless they begin with its magic. Hot path. */
export function readRequest(view: DataView, at: number, request: NbdRequest): boolean {
  if (view.getUint32(at) !== MAGIC.REQUEST) return false;
  request.flags = view.getUint16(at + 4);
  request.command = view.getUint16(at + 6);
  request.cookieHigh = view.getUint32(at + 8);
  request.cookieLow = view.getUint32(at + 12);
  request.offset = readU64(view, at + 16);
  request.byteLength = view.getUint32(at + 24);
  return true;
}

/** Writes a request's 28 bytes. Hot path. */
export function writeRequest(view: DataView, at: number, request: NbdRequest): void {
  view.setUint32(at, MAGIC.REQUEST);
  view.setUint16(at + 4, request.flags);
  view.setUint16(at + 6, request.command);
  view.setUint32(at + 8, request.cookieHigh);
  view.setUint32(at + 12, request.cookieLow);
  writeU64(view, at + 16, request.offset);
  view.setUint32(at + 24, request.byteLength);
}

/** A simple reply without its payload. */
export interface SimpleReply {
  /** 0, or an `NBD_ERROR`. */
  error: number;
  /** The high half of the request's cookie. */
  cookieHigh: number;
  /** The low half of the request's cookie. */
  cookieLow: number;
}

/** Reads a simple reply's 16 bytes; `false` unless they begin with its magic. Hot path. */
export function readSimpleReply(view: DataView, at: number, reply: SimpleReply): boolean {
  if (view.getUint32(at) !== MAGIC.SIMPLE_REPLY) return false;
  reply.error = view.getUint32(at + 4);
  reply.cookieHigh = view.getUint32(at + 8);
  reply.cookieLow = view.getUint32(at + 12);
  return true;
}

/** Writes a simple reply's 16 bytes. Hot path. */
export function writeSimpleReply(view: DataView, at: number, reply: SimpleReply): void {
  view.setUint32(at, MAGIC.SIMPLE_REPLY);
  view.setUint32(at + 4, reply.error);
  view.setUint32(at + 8, reply.cookieHigh);
  view.setUint32(at + 12, reply.cookieLow);
}

/** The head of a chunk of a structured reply. */
export interface ChunkHeader {
  /** `CHUNK_FLAG`s. */
  flags: number;
  /** A `CHUNK`, or a number that is none. */
  kind: number;
  /** The high half of the request's cookie. */
  cookieHigh: number;
  /** The low half of the request's cookie. */
  cookieLow: number;
  /** Bytes of payload that follow. */
  byteLength: number;
}

/** Reads a chunk's 20 bytes; `false` unless they begin with its magic. Hot path. */
export function readChunkHeader(view: DataView, at: number, header: ChunkHeader): boolean {
  if (view.getUint32(at) !== MAGIC.STRUCTURED_REPLY) return false;
  header.flags = view.getUint16(at + 4);
  header.kind = view.getUint16(at + 6);
  header.cookieHigh = view.getUint32(at + 8);
  header.cookieLow = view.getUint32(at + 12);
  header.byteLength = view.getUint32(at + 16);
  return true;
}

/** Writes a chunk's 20 bytes. Hot path. */
export function writeChunkHeader(view: DataView, at: number, header: ChunkHeader): void {
  view.setUint32(at, MAGIC.STRUCTURED_REPLY);
  view.setUint16(at + 4, header.flags);
  view.setUint16(at + 6, header.kind);
  view.setUint32(at + 8, header.cookieHigh);
  view.setUint32(at + 12, header.cookieLow);
  view.setUint32(at + 16, header.byteLength);
}

/** The cookie of the request that is answered. */
export interface Cookie {
  /** Its high half. */
  readonly cookieHigh: number;
  /** Its low half. */
  readonly cookieLow: number;
}

/** Writes the last chunk of a reply that has nothing more to say: 20 bytes. Hot path. */
export function writeNoneChunk(view: DataView, at: number, cookie: Cookie): void {
  writeHead(view, at, cookie, CHUNK.NONE, 0);
}

/**
 * Writes the head of the last `OFFSET_DATA` chunk of a reply, 28 bytes; `byteLength` bytes of data
 * are to follow. Hot path.
 */
export function writeOffsetData(
  view: DataView,
  at: number,
  cookie: Cookie,
  offset: number,
  byteLength: number,
): void {
  writeHead(view, at, cookie, CHUNK.OFFSET_DATA, byteLength + 8);
  writeU64(view, at + CHUNK_HEADER_BYTES, offset);
}

/** Takes the mark of the last chunk from one that was written: more are to follow. */
export function unmarkLast(view: DataView, at: number): void {
  view.setUint16(at + 4, 0);
}

/** Writes a last chunk that tells of an error without a text: 26 bytes. */
export function writeErrorChunk(view: DataView, at: number, cookie: Cookie, error: number): void {
  writeHead(view, at, cookie, CHUNK.ERROR, 6);
  view.setUint32(at + 20, error);
  view.setUint16(at + 24, 0);
}

/** Writes a last chunk that tells of an error and where it was met, without a text: 34 bytes. */
export function writeErrorOffsetChunk(
  view: DataView,
  at: number,
  cookie: Cookie,
  error: number,
  offset: number,
): void {
  writeHead(view, at, cookie, CHUNK.ERROR_OFFSET, 14);
  view.setUint32(at + 20, error);
  view.setUint16(at + 24, 0);
  writeU64(view, at + 26, offset);
}

/** A part of an export, and its `EXTENT_FLAG`s. */
export interface Extent {
  /** How many bytes. */
  readonly byteLength: number;
  /** `EXTENT_FLAG`s. */
  readonly flags: number;
}

/** Writes a last chunk that tells of extents: 24 bytes, and 8 for each. Returns how many bytes. */
export function writeBlockStatus(
  view: DataView,
  at: number,
  cookie: Cookie,
  status: { readonly contextId: number; readonly extents: readonly Extent[] },
): number {
  const byteLength = EXTENT_BYTES * status.extents.length;
  writeHead(view, at, cookie, CHUNK.BLOCK_STATUS, 4 + byteLength);
  view.setUint32(at + CHUNK_HEADER_BYTES, status.contextId);
  let next = at + BLOCK_STATUS_BYTES;
  for (const extent of status.extents) {
    view.setUint32(next, extent.byteLength);
    view.setUint32(next + 4, extent.flags);
    next += EXTENT_BYTES;
  }
  return BLOCK_STATUS_BYTES + byteLength;
}

/** Reads a `BLOCK_STATUS` chunk's payload; `undefined` if it is malformed. */
export function readBlockStatus(
  payload: Uint8Array,
): { readonly contextId: number; readonly extents: Extent[] } | undefined {
  if (payload.byteLength < 4 + EXTENT_BYTES || payload.byteLength % EXTENT_BYTES !== 4) {
    return undefined;
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const extents: Extent[] = [];
  for (let at = 4; at < payload.byteLength; at += EXTENT_BYTES) {
    extents.push({ byteLength: view.getUint32(at), flags: view.getUint32(at + 4) });
  }
  return { contextId: view.getUint32(0), extents };
}

/** An error as an `ERROR` or `ERROR_OFFSET` chunk tells it. */
export interface ChunkError {
  /** An `NBD_ERROR`, or a number that is none. */
  readonly error: number;
  /** Where it was met, if that is said. */
  readonly offset: number | undefined;
}

/** Reads an error chunk's payload; `undefined` if it is malformed. */
export function readErrorChunk(kind: number, payload: Uint8Array): ChunkError | undefined {
  const tail = kind === CHUNK.ERROR_OFFSET ? 8 : 0;
  if (payload.byteLength < 6 + tail) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const textBytes = view.getUint16(4);
  if (payload.byteLength - 6 - tail !== textBytes) return undefined;
  const offset = tail === 0 ? undefined : readU64(view, 6 + textBytes);
  return { error: view.getUint32(0), offset };
}

/** Reads a u64; -1 for one beyond 2^53 - 1. Hot path. */
export function readU64(view: DataView, at: number): number {
  const high = view.getUint32(at);
  return high > 0x1f_ffff ? -1 : high * 0x1_0000_0000 + view.getUint32(at + 4);
}

/** Reads a u32 of bytes that nobody has a view of. */
export function readU32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}

/** Writes a u64, a whole number from 0 to 2^53 - 1. Hot path. */
export function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 4, value >>> 0);
}

function writeHead(
  view: DataView,
  at: number,
  cookie: Cookie,
  kind: number,
  byteLength: number,
): void {
  view.setUint32(at, MAGIC.STRUCTURED_REPLY);
  view.setUint16(at + 4, CHUNK_FLAG.DONE);
  view.setUint16(at + 6, kind);
  view.setUint32(at + 8, cookie.cookieHigh);
  view.setUint32(at + 12, cookie.cookieLow);
  view.setUint32(at + 16, byteLength);
}
