/**
 * One connection in transmission: requests go out in the order in which they are posted, many under
 * way at once, and their answers come in any order. What is read lands where it is to lie.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  CHUNK_HEADER_BYTES,
  type ChunkHeader,
  emptyRequest,
  readChunkHeader,
  readErrorChunk,
  readSimpleReply,
  readU64,
  REQUEST_BYTES,
  SIMPLE_REPLY_BYTES,
  type SimpleReply,
  writeRequest,
} from "../../nbd/transmission.ts";
import { CHUNK, CHUNK_FLAG, COMMAND, MAGIC } from "../../nbd/wire.ts";
import { type ByteStream, type StreamReader, writeAll } from "./byte_stream.ts";

/** One request to the server. */
export interface Command {
  /** A `COMMAND`. */
  readonly command: number;
  /** `COMMAND_FLAG`s. */
  readonly flags: number;
  /** The first byte. */
  readonly offset: number;
  /** How many. */
  readonly byteLength: number;
  /** `WRITE`: what is written. */
  readonly source?: Uint8Array;
  /** `READ`: where it is to lie. */
  readonly target?: Uint8Array;
  /** Whether nobody waits for it any more: then it is not sent. Looked at just before. */
  isAbandoned(): boolean;
  /** Hears of the answer: 0, or an `NBD_ERROR`. */
  answered(error: number): void;
  /** Hears that it was not sent, since nobody waits for it. */
  dropped(): void;
}

/** What of a read has come. */
interface Pending {
  readonly command: Command;
  byteLength: number;
  error: number;
}

/** What is gathered for one write: payloads beyond this go out by themselves. */
const STAGE_BYTES = 64 * 1024;

/** The longest payload that is copied to go out with others. */
const STAGED_PAYLOAD_BYTES_MAX = 32 * 1024;

/** Bytes of an error's text, and what stands around it. */
const ERROR_BYTES_MAX = 8 * 1024;

/** A connection until it breaks. */
export class Connection {
  readonly #stream: ByteStream;
  readonly #reader: StreamReader;
  readonly #structured: boolean;
  readonly #stage: Uint8Array<ArrayBuffer> = new Uint8Array(STAGE_BYTES);
  readonly #stageView: DataView = new DataView(this.#stage.buffer);
  readonly #request = emptyRequest();
  readonly #simple: SimpleReply = { error: 0, cookieHigh: 0, cookieLow: 0 };
  readonly #chunk: ChunkHeader = { flags: 0, kind: 0, cookieHigh: 0, cookieLow: 0, byteLength: 0 };
  readonly #pending: Map<number, Pending> = new Map();
  #queue: Command[] = [];
  #cookie = 0;
  #isSending = false;
  #sending: Promise<void> = Promise.resolve();
  #staged = 0;
  #broken: unknown;
  #answers = 0;

  /**
   * A connection that has gone through the handshake.
   *
   * @param stream What is written to.
   * @param reader What is read from.
   * @param how Whether reads are answered in chunks.
   */
  constructor(
    stream: ByteStream,
    reader: StreamReader,
    how: { readonly structured: boolean },
  ) {
    this.#stream = stream;
    this.#reader = reader;
    this.#structured = how.structured;
  }

  /** How many answers have come. */
  get answers(): number {
    return this.#answers;
  }

  /** How many requests the server has not answered. */
  get underWay(): number {
    return this.#pending.size;
  }

  /** Sends a request after those posted before. */
  post(command: Command): void {
    this.#queue.push(command);
    if (this.#isSending) return;
    this.#isSending = true;
    this.#sending = this.#send();
  }

  /** Ends it; `run` tells why. */
  break(reason: unknown): void {
    if (this.#broken !== undefined) return;
    this.#broken = reason;
    this.#stream.close();
  }

  /**
   * Takes answers until the connection breaks; nothing is read or written any more then. Requests
   * that were not answered hear nothing.
   *
   * @returns Why it broke.
   */
  async run(): Promise<unknown> {
    try {
      for (;;) await this.#receive();
    } catch (error) {
      this.break(error);
    }
    await this.#sending;
    return this.#broken;
  }

  /** Says goodbye, so that the server need not take it for a failure. */
  async disconnect(): Promise<void> {
    await this.#sending;
    const request = { ...emptyRequest(), command: COMMAND.DISC };
    writeRequest(this.#stageView, 0, request);
    await writeAll(this.#stream, this.#stage.subarray(0, REQUEST_BYTES)).catch(() => {});
    this.break(new OsError("ESHUTDOWN", "serve: the driver ends"));
  }

  async #send(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#broken === undefined) {
        const payload = this.#gather();
        await writeAll(this.#stream, this.#stage.subarray(0, this.#staged));
        if (payload !== undefined) await writeAll(this.#stream, payload);
      }
    } catch (error) {
      this.break(error);
    }
    this.#isSending = false;
  }

  /** Fills the stage; answers a payload that is to follow it. */
  #gather(): Uint8Array | undefined {
    this.#staged = 0;
    let next = 0;
    let payload: Uint8Array | undefined;
    while (next < this.#queue.length && payload === undefined) {
      const command = this.#queue[next]!;
      const copied = command.source !== undefined &&
          command.source.byteLength <= STAGED_PAYLOAD_BYTES_MAX
        ? command.source.byteLength
        : 0;
      if (this.#staged + REQUEST_BYTES + copied > STAGE_BYTES) break;
      next++;
      if (command.isAbandoned()) {
        command.dropped();
        continue;
      }
      this.#stageRequest(command);
      if (copied > 0) this.#stage.set(command.source!, this.#staged);
      else payload = command.source;
      this.#staged += copied;
    }
    this.#queue = next === this.#queue.length ? [] : this.#queue.slice(next);
    return payload;
  }

  #stageRequest(command: Command): void {
    const request = this.#request;
    this.#cookie = (this.#cookie + 1) >>> 0;
    request.command = command.command;
    request.flags = command.flags;
    request.offset = command.offset;
    request.byteLength = command.byteLength;
    request.cookieLow = this.#cookie;
    writeRequest(this.#stageView, this.#staged, request);
    this.#staged += REQUEST_BYTES;
    this.#pending.set(this.#cookie, { command, byteLength: 0, error: 0 });
  }

  /** One simple reply, or one chunk. */
  async #receive(): Promise<void> {
    const reader = this.#reader;
    if (!reader.has(SIMPLE_REPLY_BYTES)) await reader.need(SIMPLE_REPLY_BYTES);
    const magic = reader.view.getUint32(reader.at);
    if (magic === MAGIC.SIMPLE_REPLY) return await this.#receiveSimple();
    if (magic !== MAGIC.STRUCTURED_REPLY || !this.#structured) garbled("the head of a reply");
    if (!reader.has(CHUNK_HEADER_BYTES)) await reader.need(CHUNK_HEADER_BYTES);
    const chunk = this.#chunk;
    readChunkHeader(reader.view, reader.at, chunk);
    reader.skip(CHUNK_HEADER_BYTES);
    const pending = this.#pendingOf(chunk.cookieHigh, chunk.cookieLow);
    if (chunk.kind === CHUNK.OFFSET_DATA) await this.#receiveData(pending, chunk.byteLength);
    else if (chunk.kind === CHUNK.OFFSET_HOLE) await this.#receiveHole(pending, chunk.byteLength);
    else if (chunk.kind === CHUNK.ERROR || chunk.kind === CHUNK.ERROR_OFFSET) {
      await this.#receiveError(pending, chunk.kind, chunk.byteLength);
    } else if (chunk.kind !== CHUNK.NONE || chunk.byteLength !== 0) garbled("the kind of a chunk");
    if ((chunk.flags & CHUNK_FLAG.DONE) !== 0) this.#end(chunk.cookieLow, pending);
  }

  async #receiveSimple(): Promise<void> {
    const reader = this.#reader;
    const reply = this.#simple;
    readSimpleReply(reader.view, reader.at, reply);
    reader.skip(SIMPLE_REPLY_BYTES);
    const cookie = reply.cookieLow;
    const pending = this.#pendingOf(reply.cookieHigh, cookie);
    const { target } = pending.command;
    pending.error = reply.error;
    if (target !== undefined && reply.error === 0) {
      if (this.#structured) garbled("the reply to a read");
      await reader.fill(target);
      pending.byteLength = target.byteLength;
    }
    this.#end(cookie, pending);
  }

  async #receiveData(pending: Pending, byteLength: number): Promise<void> {
    const part = await this.#placeOf(pending, byteLength - 8);
    const taken = this.#reader.take(part);
    if (taken < part.byteLength) await this.#reader.fill(part.subarray(taken));
  }

  async #receiveHole(pending: Pending, byteLength: number): Promise<void> {
    if (byteLength !== 12) garbled("a hole");
    await this.#reader.need(12);
    const { view, at } = this.#reader;
    const part = await this.#placeOf(pending, view.getUint32(at + 8));
    this.#reader.skip(4);
    part.fill(0);
  }

  /** Reads a chunk's offset: the part of the target that it speaks of. */
  async #placeOf(pending: Pending, byteLength: number): Promise<Uint8Array> {
    const { command } = pending;
    await this.#reader.need(8);
    const start = readU64(this.#reader.view, this.#reader.at) - command.offset;
    this.#reader.skip(8);
    if (command.target === undefined || byteLength < 0 || start < 0) garbled("a chunk's place");
    if (start > command.byteLength || byteLength > command.byteLength - start) {
      garbled("a chunk's place");
    }
    pending.byteLength += byteLength;
    return command.target.subarray(start, start + byteLength);
  }

  async #receiveError(pending: Pending, kind: number, byteLength: number): Promise<void> {
    if (byteLength > ERROR_BYTES_MAX) garbled("an error's length");
    const told = readErrorChunk(kind, await this.#reader.bytes(byteLength));
    if (told === undefined || told.error === 0) garbled("an error");
    pending.error = told.error;
  }

  #pendingOf(cookieHigh: number, cookieLow: number): Pending {
    const pending = cookieHigh === 0 ? this.#pending.get(cookieLow) : undefined;
    if (pending === undefined) garbled("the cookie of a reply");
    return pending;
  }

  #end(cookie: number, { command, byteLength, error }: Pending): void {
    if (error === 0 && command.target !== undefined && byteLength !== command.byteLength) {
      garbled("the length of what was read");
    }
    this.#pending.delete(cookie);
    this.#answers++;
    command.answered(error);
  }
}

function garbled(what: string): never {
  throw new OsError("EPROTO", `read from the server: ${what} is not as NBD has it`);
}
