/**
 * An NBD server in memory for the tests of its client: it can lose what it has not flushed, keep its
 * answers back, hang up, and say what no server says.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  decodeOptionHeader,
  encodeBlockSizes,
  encodeExportInfo,
  encodeGreeting,
  encodeOptionReply,
  OPTION_BYTES,
} from "../../nbd/handshake.ts";
import {
  emptyRequest,
  type NbdRequest,
  OFFSET_DATA_BYTES,
  readRequest,
  REQUEST_BYTES,
  SIMPLE_REPLY_BYTES,
  writeErrorChunk,
  writeNoneChunk,
  writeOffsetData,
  writeSimpleReply,
} from "../../nbd/transmission.ts";
import {
  COMMAND,
  COMMAND_FLAG,
  HANDSHAKE_FLAG,
  INFO,
  OPTION,
  OPTION_REPLY,
  TRANSMISSION_FLAG,
} from "../../nbd/wire.ts";
import { type ByteStream, StreamReader, writeAll } from "./byte_stream.ts";

const { HAS_FLAGS, SEND_FLUSH, SEND_FUA, SEND_TRIM, SEND_WRITE_ZEROES } = TRANSMISSION_FLAG;

/** How a server is. */
export interface FakeServerOptions {
  /** `TRANSMISSION_FLAG`s; all that the client uses if left out. */
  readonly flags?: number;
  /** Whether it answers in chunks. */
  readonly structured?: boolean;
  /** Its sizes of requests. */
  readonly sizes?: { readonly least: number; readonly most: number };
  /** Its size in bytes. */
  readonly byteLength?: number;
}

/** What the server was asked, in the order in which it came. */
export type Asked = Readonly<NbdRequest>;

/** A server, whatever happens to its connections. */
export class FakeServer {
  /** What survives it. */
  readonly medium: Uint8Array;
  /** What it answers from. */
  cache: Uint8Array;
  /** All that it was asked. */
  readonly asked: Asked[] = [];
  /** How many connections it has had. */
  connections = 0;
  /** Whether nobody can connect. */
  isDown = false;
  /** What it answers to a request instead of 0. */
  errorOf: (request: Asked) => number = () => 0;
  /** What it says instead of an answer's bytes. */
  garbled: (answer: Uint8Array) => Uint8Array = (answer) => answer;
  /** Whether it does a request, and says so, or hangs up instead. */
  hangsUpAt: (request: Asked) => "before" | "after" | undefined = () => undefined;
  readonly #options: Required<FakeServerOptions>;
  readonly #open: Set<ByteStream> = new Set();
  #held: (() => Promise<void>)[] | undefined;
  #heard: (() => void)[] = [];

  /** A server of zeroes. */
  constructor(options: FakeServerOptions = {}) {
    this.#options = {
      flags: HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_TRIM | SEND_WRITE_ZEROES,
      structured: true,
      sizes: { least: 1, most: 32 * 1024 * 1024 },
      byteLength: 16 * 4096,
      ...options,
    };
    this.medium = new Uint8Array(this.#options.byteLength);
    this.cache = this.medium.slice();
  }

  /** A client's end of a new connection. */
  connect(): Promise<ByteStream> {
    if (this.isDown) return Promise.reject(new OsError("ENODEV", "connect: nobody listens"));
    const [ours, theirs] = duplex();
    this.#open.add(ours);
    this.connections++;
    this.#serve(ours).catch(() => {}).finally(() => {
      this.#open.delete(ours);
      ours.close();
    });
    return Promise.resolve(theirs);
  }

  /** Hangs up on everybody. */
  cut(): void {
    for (const stream of this.#open) stream.close();
  }

  /** Dies, with what it has not flushed, and is there again. */
  die(): void {
    this.cache = this.medium.slice();
    this.#held = undefined;
    this.cut();
  }

  /** From now on it does what it is asked, and answers when told. */
  hold(): void {
    this.#held = [];
  }

  /** Gives the answers that it has kept back, in another order if told; keeps back no more. */
  async release(reorder: (answers: unknown[]) => void = () => {}): Promise<void> {
    const held = this.#held ?? [];
    this.#held = undefined;
    reorder(held);
    for (const answer of held) {
      await answer();
      await settled();
    }
  }

  /** Resolves when it has been asked so much in all. */
  async heard(count: number): Promise<void> {
    while (this.asked.length < count) {
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  async #serve(stream: ByteStream): Promise<void> {
    const reader = new StreamReader(stream);
    const structured = await this.#negotiate(stream, reader);
    for (;;) {
      await reader.need(REQUEST_BYTES);
      const request = emptyRequest();
      readRequest(reader.view, reader.at, request);
      reader.skip(REQUEST_BYTES);
      const hasPayload = request.command === COMMAND.WRITE;
      const payload = hasPayload ? await reader.bytes(request.byteLength) : new Uint8Array(0);
      if (request.command === COMMAND.DISC) return;
      this.asked.push(request);
      for (const heard of this.#heard.splice(0)) heard();
      const hangsUp = this.hangsUpAt(request);
      if (hangsUp === "before") return;
      const error = this.errorOf(request);
      if (error === 0) this.#do(request, payload);
      if (hangsUp === "after") return;
      const answer = this.#answer(request, error, structured);
      const say = () => writeAll(stream, this.garbled(answer)).catch(() => {});
      if (this.#held === undefined) await say();
      else this.#held.push(say);
    }
  }

  async #negotiate(stream: ByteStream, reader: StreamReader): Promise<boolean> {
    const { structured, sizes, flags, byteLength } = this.#options;
    const both = HANDSHAKE_FLAG.FIXED_NEWSTYLE | HANDSHAKE_FLAG.NO_ZEROES;
    await writeAll(stream, this.garbled(encodeGreeting(both)));
    await reader.bytes(4);
    for (;;) {
      const header = decodeOptionHeader(await reader.bytes(OPTION_BYTES))!;
      await reader.bytes(header.byteLength);
      const say = (kind: number, data?: Uint8Array) =>
        writeAll(stream, encodeOptionReply(header.option, kind, data));
      if (header.option !== OPTION.GO) {
        await say(structured ? OPTION_REPLY.ACK : OPTION_REPLY.ERR_UNSUP);
        continue;
      }
      await say(OPTION_REPLY.INFO, encodeExportInfo({ byteLength, flags }));
      await say(OPTION_REPLY.INFO, Uint8Array.of(0, INFO.NAME, 65));
      await say(OPTION_REPLY.INFO, encodeBlockSizes({ ...sizes, preferred: sizes.least }));
      await say(OPTION_REPLY.ACK);
      return structured;
    }
  }

  #do({ command, flags, offset, byteLength }: NbdRequest, payload: Uint8Array): void {
    const end = offset + byteLength;
    if (command === COMMAND.WRITE) this.cache.set(payload, offset);
    if (command === COMMAND.WRITE_ZEROES) this.cache.fill(0, offset, end);
    if ((flags & COMMAND_FLAG.FUA) !== 0) this.medium.set(this.cache.subarray(offset, end), offset);
    if (command === COMMAND.FLUSH) this.medium.set(this.cache);
  }

  #answer(request: NbdRequest, error: number, structured: boolean): Uint8Array {
    const { command, offset, byteLength, cookieHigh, cookieLow } = request;
    const isRead = command === COMMAND.READ && error === 0;
    const data = isRead ? this.cache.slice(offset, offset + byteLength) : new Uint8Array(0);
    const headBytes = !structured || (!isRead && error === 0 && offset % 8192 === 0)
      ? SIMPLE_REPLY_BYTES
      : isRead
      ? OFFSET_DATA_BYTES
      : error === 0
      ? 20
      : 26;
    const bytes = new Uint8Array(headBytes + data.byteLength);
    const view = new DataView(bytes.buffer);
    if (headBytes === SIMPLE_REPLY_BYTES) {
      writeSimpleReply(view, 0, { error, cookieHigh, cookieLow });
    } else if (isRead) writeOffsetData(view, 0, request, offset, byteLength);
    else if (error === 0) writeNoneChunk(view, 0, request);
    else writeErrorChunk(view, 0, request, error);
    bytes.set(data, headBytes);
    return bytes;
  }
}

/** A clock that goes on when told. */
export class FakeClock {
  #nowMs = 0;
  #alarms: { readonly atMs: number; readonly call: () => void }[] = [];

  /** Its time. */
  readonly nowMs = (): number => this.#nowMs;

  /** Calls back after so many milliseconds. */
  readonly after = (ms: number, call: () => void): () => void => {
    const alarm = { atMs: this.#nowMs + ms, call };
    this.#alarms.push(alarm);
    return () => this.#alarms = this.#alarms.filter((other) => other !== alarm);
  };

  /** How many wait for a time to come. */
  get alarms(): number {
    return this.#alarms.length;
  }

  /** Lets so much time pass, and all happen that happens meanwhile. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      const due = this.#alarms.filter(({ atMs }) => atMs <= endMs);
      if (due.length === 0) break;
      const next = due.reduce((one, other) => other.atMs < one.atMs ? other : one);
      this.#nowMs = next.atMs;
      this.#alarms = this.#alarms.filter((other) => other !== next);
      next.call();
    }
    this.#nowMs = endMs;
  }
}

/** Lets everything happen that needs no time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The two ends of a connection. */
function duplex(): [ByteStream, ByteStream] {
  const [there, back] = [new Pipe(), new Pipe()];
  return [new End(there, back), new End(back, there)];
}

class End implements ByteStream {
  readonly #from: Pipe;
  readonly #to: Pipe;

  constructor(from: Pipe, to: Pipe) {
    this.#from = from;
    this.#to = to;
  }

  read(target: Uint8Array): Promise<number | null> {
    return this.#from.read(target);
  }

  write(source: Uint8Array): Promise<number> {
    return this.#to.write(source);
  }

  close(): void {
    this.#from.close();
    this.#to.close();
  }
}

/** Bytes on their way, in pieces as the writer wrote them, or smaller. */
class Pipe {
  readonly #chunks: Uint8Array[] = [];
  #isClosed = false;
  #changed: () => void = () => {};

  async read(target: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.#isClosed) return null;
      await new Promise<void>((resolve) => this.#changed = resolve);
    }
    const chunk = this.#chunks[0]!;
    const byteLength = Math.min(target.byteLength, chunk.byteLength, 5000);
    target.set(chunk.subarray(0, byteLength));
    if (byteLength === chunk.byteLength) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(byteLength);
    return byteLength;
  }

  async write(source: Uint8Array): Promise<number> {
    await Promise.resolve();
    if (this.#isClosed) throw new Error("the connection is closed");
    const byteLength = Math.min(source.byteLength, 40_000);
    this.#chunks.push(source.slice(0, byteLength));
    this.#changed();
    return byteLength;
  }

  close(): void {
    this.#isClosed = true;
    this.#chunks.length = 0; // Whoever hangs up loses what is on its way.
    this.#changed();
  }
}
