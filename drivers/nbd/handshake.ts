/**
 * The messages of NBD's handshake (fixed newstyle).
 *
 * ```
 * server   "NBDMAGIC" │ "IHAVEOPT" │ HANDSHAKE_FLAGs u16
 * client   HANDSHAKE_FLAGs u32
 * client   "IHAVEOPT" │ option u32 │ byteLength u32 │ data               any number of times
 * server   reply magic u64 │ option u32 │ kind u32 │ byteLength u32 │ data   one or more for each
 * ```
 *
 * `GO` and `EXPORT_NAME` end it. What a peer sent is copied before it is read here, and a reader
 * answers `undefined` for what is malformed: too short, too long, not UTF-8, bytes left over.
 *
 * @module
 */

import { readU64, writeU64 } from "./transmission.ts";
import {
  EXPORT_NAME_ZEROES,
  HANDSHAKE_FLAG,
  HANDSHAKE_MAGIC,
  INFO,
  STRING_BYTES_MAX,
} from "./wire.ts";

/** Bytes of the server's greeting. */
export const GREETING_BYTES = 18;

/** Bytes of the client's answer to the greeting. */
export const CLIENT_FLAGS_BYTES = 4;

/** Bytes of an option without its data. */
export const OPTION_BYTES = 16;

/** Bytes of an answer to an option, without its data. */
export const OPTION_REPLY_BYTES = 20;

type Magic = readonly [number, number];

/** The server's greeting. */
export function encodeGreeting(flags: number): Uint8Array<ArrayBuffer> {
  const [bytes, view] = message(GREETING_BYTES);
  writeMagic(view, 0, HANDSHAKE_MAGIC.GREETING);
  writeMagic(view, 8, HANDSHAKE_MAGIC.OPTION);
  view.setUint16(16, flags);
  return bytes;
}

/** The `HANDSHAKE_FLAG`s of a greeting. */
export function decodeGreeting(bytes: Uint8Array): number | undefined {
  const view = viewOf(bytes);
  if (bytes.byteLength !== GREETING_BYTES || !hasMagic(view, 0, HANDSHAKE_MAGIC.GREETING)) {
    return undefined;
  }
  return hasMagic(view, 8, HANDSHAKE_MAGIC.OPTION) ? view.getUint16(16) : undefined;
}

/** The client's answer to the greeting. */
export function encodeClientFlags(flags: number): Uint8Array<ArrayBuffer> {
  const [bytes, view] = message(CLIENT_FLAGS_BYTES);
  view.setUint32(0, flags);
  return bytes;
}

/** An option with its data. */
export function encodeOption(
  option: number,
  data: Uint8Array = new Uint8Array(0),
): Uint8Array<ArrayBuffer> {
  const [bytes, view] = message(OPTION_BYTES + data.byteLength);
  writeMagic(view, 0, HANDSHAKE_MAGIC.OPTION);
  view.setUint32(8, option);
  view.setUint32(12, data.byteLength);
  bytes.set(data, OPTION_BYTES);
  return bytes;
}

/** The head of an option: which one, and how many bytes of data follow. */
export interface OptionHeader {
  /** An `OPTION`, or a number that is none. */
  readonly option: number;
  /** Bytes of data that follow. */
  readonly byteLength: number;
}

/** Reads the head of an option. */
export function decodeOptionHeader(bytes: Uint8Array): OptionHeader | undefined {
  const view = viewOf(bytes);
  if (bytes.byteLength < OPTION_BYTES || !hasMagic(view, 0, HANDSHAKE_MAGIC.OPTION)) {
    return undefined;
  }
  return { option: view.getUint32(8), byteLength: view.getUint32(12) };
}

/** An answer to an option, with its data. */
export function encodeOptionReply(
  option: number,
  kind: number,
  data: Uint8Array = new Uint8Array(0),
): Uint8Array<ArrayBuffer> {
  const [bytes, view] = message(OPTION_REPLY_BYTES + data.byteLength);
  writeMagic(view, 0, HANDSHAKE_MAGIC.OPTION_REPLY);
  view.setUint32(8, option);
  view.setUint32(12, kind);
  view.setUint32(16, data.byteLength);
  bytes.set(data, OPTION_REPLY_BYTES);
  return bytes;
}

/** The head of an answer to an option. */
export interface OptionReplyHeader extends OptionHeader {
  /** An `OPTION_REPLY`, or a number that is none. */
  readonly kind: number;
}

/** Reads the head of an answer to an option. */
export function decodeOptionReplyHeader(bytes: Uint8Array): OptionReplyHeader | undefined {
  const view = viewOf(bytes);
  if (
    bytes.byteLength < OPTION_REPLY_BYTES || !hasMagic(view, 0, HANDSHAKE_MAGIC.OPTION_REPLY)
  ) return undefined;
  return { option: view.getUint32(8), kind: view.getUint32(12), byteLength: view.getUint32(16) };
}

/** What `INFO` and `GO` carry: the export, and the `INFO`s that are asked for. */
export interface ExportQuery {
  /** The export's name; "" is the default export. */
  readonly name: string;
  /** `INFO`s, or numbers that are none. */
  readonly infos: readonly number[];
}

/** The data of `INFO` and `GO`. */
export function encodeExportQuery(query: ExportQuery): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(query.name);
  const [bytes, view] = message(4 + name.byteLength + 2 + 2 * query.infos.length);
  view.setUint32(0, name.byteLength);
  bytes.set(name, 4);
  let at = 4 + name.byteLength;
  view.setUint16(at, query.infos.length);
  for (const info of query.infos) view.setUint16(at += 2, info);
  return bytes;
}

/** Reads the data of `INFO` and `GO`. */
export function decodeExportQuery(bytes: Uint8Array): ExportQuery | undefined {
  const reader = new Reader(bytes);
  const name = reader.text(reader.u32());
  const count = reader.u16();
  const infos: number[] = [];
  for (let index = 0; index < count && !reader.failed; index++) infos.push(reader.u16());
  return reader.isDone && name !== undefined ? { name, infos } : undefined;
}

/** The size and the abilities of an export, as `INFO.EXPORT` tells them. */
export interface ExportInfo {
  /** How many bytes; -1 for one beyond 2^53 - 1. */
  readonly byteLength: number;
  /** `TRANSMISSION_FLAG`s. */
  readonly flags: number;
}

/** The data of an `INFO` answer that tells of the export. */
export function encodeExportInfo(info: ExportInfo): Uint8Array<ArrayBuffer> {
  const [bytes, view] = message(12);
  view.setUint16(0, INFO.EXPORT);
  writeU64(view, 2, info.byteLength);
  view.setUint16(10, info.flags);
  return bytes;
}

/** What `INFO.BLOCK_SIZE` tells: the bytes of a request. */
export interface BlockSizes {
  /** Offsets and lengths are multiples of this. */
  readonly least: number;
  /** What is done best. */
  readonly preferred: number;
  /** No payload is longer. */
  readonly most: number;
}

/** The data of an `INFO` answer that tells the sizes of requests. */
export function encodeBlockSizes(sizes: BlockSizes): Uint8Array<ArrayBuffer> {
  const [bytes, view] = message(14);
  view.setUint16(0, INFO.BLOCK_SIZE);
  view.setUint32(2, sizes.least);
  view.setUint32(6, sizes.preferred);
  view.setUint32(10, sizes.most);
  return bytes;
}

/** The data of an `INFO` answer that is a text: `INFO.NAME` or `INFO.DESCRIPTION`. */
export function encodeTextInfo(info: number, text: string): Uint8Array<ArrayBuffer> {
  const encoded = new TextEncoder().encode(text);
  const [bytes, view] = message(2 + encoded.byteLength);
  view.setUint16(0, info);
  bytes.set(encoded, 2);
  return bytes;
}

/** One fact of an `INFO` answer. A kind that is not known has neither of the others. */
export interface InfoReply {
  /** An `INFO`, or a number that is none. */
  readonly info: number;
  /** With `INFO.EXPORT`. */
  readonly exported?: ExportInfo;
  /** With `INFO.BLOCK_SIZE`. */
  readonly blockSizes?: BlockSizes;
}

/** Reads the data of an `INFO` answer. */
export function decodeInfoReply(bytes: Uint8Array): InfoReply | undefined {
  if (bytes.byteLength < 2) return undefined;
  const view = viewOf(bytes);
  const info = view.getUint16(0);
  if (info === INFO.EXPORT) {
    if (bytes.byteLength !== 12) return undefined;
    return { info, exported: { byteLength: readU64(view, 2), flags: view.getUint16(10) } };
  }
  if (info !== INFO.BLOCK_SIZE) return { info };
  if (bytes.byteLength !== 14) return undefined;
  const least = view.getUint32(2);
  return {
    info,
    blockSizes: { least, preferred: view.getUint32(6), most: view.getUint32(10) },
  };
}

/**
 * The whole answer to `EXPORT_NAME`.
 *
 * @param info The export.
 * @param flags The `HANDSHAKE_FLAG`s of the client: with `NO_ZEROES` it is 124 bytes shorter.
 */
export function encodeExportNameReply(info: ExportInfo, flags: number): Uint8Array<ArrayBuffer> {
  const zeroes = (flags & HANDSHAKE_FLAG.NO_ZEROES) === 0 ? EXPORT_NAME_ZEROES : 0;
  const [bytes, view] = message(10 + zeroes);
  writeU64(view, 0, info.byteLength);
  view.setUint16(8, info.flags);
  return bytes;
}

/** The data of a `SERVER` answer to `LIST`: an export's name. */
export function encodeListedExport(name: string): Uint8Array<ArrayBuffer> {
  const encoded = new TextEncoder().encode(name);
  const [bytes, view] = message(4 + encoded.byteLength);
  view.setUint32(0, encoded.byteLength);
  bytes.set(encoded, 4);
  return bytes;
}

/** What `LIST_META_CONTEXT` and `SET_META_CONTEXT` carry. */
export interface ContextQuery {
  /** The export's name; "" is the default export. */
  readonly name: string;
  /** The names, or patterns, of contexts. */
  readonly queries: readonly string[];
}

/** The data of `LIST_META_CONTEXT` and `SET_META_CONTEXT`. */
export function encodeContextQuery(query: ContextQuery): Uint8Array<ArrayBuffer> {
  const texts = [query.name, ...query.queries].map((text) => new TextEncoder().encode(text));
  const [bytes, view] = message(4 + texts.reduce((sum, text) => sum + 4 + text.byteLength, 0));
  let at = 0;
  for (const [index, text] of texts.entries()) {
    view.setUint32(at, text.byteLength);
    bytes.set(text, at + 4);
    at += 4 + text.byteLength;
    if (index === 0) {
      view.setUint32(at, query.queries.length);
      at += 4;
    }
  }
  return bytes;
}

/** Reads the data of `LIST_META_CONTEXT` and `SET_META_CONTEXT`. */
export function decodeContextQuery(bytes: Uint8Array): ContextQuery | undefined {
  const reader = new Reader(bytes);
  const name = reader.text(reader.u32());
  const count = reader.u32();
  const queries: string[] = [];
  for (let index = 0; index < count && !reader.failed; index++) {
    queries.push(reader.text(reader.u32()) ?? "");
  }
  return reader.isDone && name !== undefined ? { name, queries } : undefined;
}

/** The data of a `META_CONTEXT` answer: the number by which replies name a context. */
export interface ContextReply {
  /** The number in `BLOCK_STATUS` chunks. */
  readonly contextId: number;
  /** The context's name. */
  readonly name: string;
}

/** The data of a `META_CONTEXT` answer. */
export function encodeContextReply(context: ContextReply): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(context.name);
  const [bytes, view] = message(4 + name.byteLength);
  view.setUint32(0, context.contextId);
  bytes.set(name, 4);
  return bytes;
}

/** Reads the data of a `META_CONTEXT` answer. */
export function decodeContextReply(bytes: Uint8Array): ContextReply | undefined {
  const reader = new Reader(bytes);
  const contextId = reader.u32();
  const name = reader.text(bytes.byteLength - 4);
  return reader.isDone && name !== undefined ? { contextId, name } : undefined;
}

/** Reads fields in order. Once one was not there, all that follow are 0 or `undefined`. */
class Reader {
  /** Whether something was not there, or not as it should be. */
  failed = false;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  get isDone(): boolean {
    return !this.failed && this.#at === this.#bytes.byteLength;
  }

  u16(): number {
    const at = this.#step(2);
    return at === undefined ? 0 : this.#view.getUint16(at);
  }

  u32(): number {
    const at = this.#step(4);
    return at === undefined ? 0 : this.#view.getUint32(at);
  }

  text(byteLength: number): string | undefined {
    const at = byteLength > STRING_BYTES_MAX ? this.#fail() : this.#step(byteLength);
    if (at === undefined) return undefined;
    try {
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      return decoder.decode(this.#bytes.slice(at, this.#at));
    } catch {
      return this.#fail();
    }
  }

  #step(byteLength: number): number | undefined {
    if (this.failed || byteLength < 0 || byteLength > this.#bytes.byteLength - this.#at) {
      return this.#fail();
    }
    this.#at += byteLength;
    return this.#at - byteLength;
  }

  #fail(): undefined {
    this.failed = true;
  }
}

function message(byteLength: number): [Uint8Array<ArrayBuffer>, DataView] {
  const bytes = new Uint8Array(byteLength);
  return [bytes, viewOf(bytes)];
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function writeMagic(view: DataView, at: number, magic: Magic): void {
  view.setUint32(at, magic[0]);
  view.setUint32(at + 4, magic[1]);
}

function hasMagic(view: DataView, at: number, magic: Magic): boolean {
  return view.byteLength >= at + 8 && view.getUint32(at) === magic[0] &&
    view.getUint32(at + 4) === magic[1];
}
