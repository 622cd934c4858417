/**
 * A client of NBD for tests: says byte for byte what a test wants, and reads what comes back.
 *
 * @module
 */

import {
  CHUNK,
  CHUNK_FLAG,
  CHUNK_HEADER_BYTES,
  type ChunkHeader,
  COMMAND,
  decodeOptionReplyHeader,
  encodeClientFlags,
  encodeContextQuery,
  encodeExportQuery,
  encodeOption,
  type Extent,
  GREETING_BYTES,
  HANDSHAKE_FLAG,
  MAGIC,
  OPTION,
  OPTION_REPLY,
  OPTION_REPLY_BYTES,
  readBlockStatus,
  readChunkHeader,
  readErrorChunk,
  readU32,
  readU64,
  REQUEST_BYTES,
  SIMPLE_REPLY_BYTES,
  writeRequest,
} from "@hako/drivers/nbd";
import { assert, assertEquals } from "@std/assert";
import { divideWindow } from "./buffer_pools.ts";
import { Exports, transmissionFlags } from "./exports.ts";
import type { ByteStream } from "./peer.ts";
import { NbdServer } from "./server.ts";
import { FakeVolume } from "./test_fake_volume.ts";
import { pipePair } from "./test_pipe.ts";

const FLAGS = HANDSHAKE_FLAG.FIXED_NEWSTYLE | HANDSHAKE_FLAG.NO_ZEROES;

/** Bytes of the fake volume. */
export const VOLUME_BYTES: number = 4 * 1024 * 1024;

/** A gateway on a fake volume. */
export interface Rig {
  /** The volume. */
  readonly volume: FakeVolume;
  /** What serves it, as "disk". */
  readonly server: NbdServer;
  /** The client's end of a new connection, and when the server is done with it. */
  connect(): { readonly stream: ByteStream; readonly served: Promise<void> };
  /** Checks that every buffer has come back. */
  assertIdle(): void;
}

/** How the gateway of a test is made. */
export interface RigOptions {
  /** `VOLUME_FLAG`s. */
  readonly volumeFlags?: number;
  /** Bytes of the window. */
  readonly windowBytes?: number;
  /** Bytes of a chunk. */
  readonly chunkBytes?: number;
}

/** Makes a gateway on a fake volume. */
export function rig({ volumeFlags = 2, windowBytes = 8 << 20, chunkBytes }: RigOptions = {}): Rig {
  const volume = new FakeVolume(VOLUME_BYTES);
  const flags = transmissionFlags(volumeFlags);
  const exports = new Exports([{ name: "disk", byteLength: VOLUME_BYTES, flags, volume }]);
  const pools = divideWindow(new Uint8Array(new SharedArrayBuffer(windowBytes)), chunkBytes);
  const server = new NbdServer(exports, pools, { handshakeTicks: 3, stallTicks: 3 });
  return {
    volume,
    server,
    connect() {
      const [stream, ours] = pipePair();
      return { stream, served: server.serve(ours) };
    },
    assertIdle() {
      assertEquals(pools.requests.free, pools.requests.count);
      assertEquals(pools.replies.free, pools.replies.count);
      assertEquals(server.connectionCount, 0);
    },
  };
}

/** A reply to one request: all its chunks together. */
export interface Answer {
  /** The request's cookie. */
  readonly cookie: number;
  /** 0, or the first error. */
  readonly error: number;
  /** Data by their offset; of a simple reply at 0. */
  readonly data: Map<number, Uint8Array>;
  /** What a block status tells. */
  readonly extents: readonly Extent[];
}

/** A request of a test. */
export interface Wanted {
  /** A `COMMAND`. */
  readonly command: number;
  /** A number by which the answer is known. */
  readonly cookie: number;
  /** `COMMAND_FLAG`s; none if left out. */
  readonly flags?: number;
  /** A byte offset. */
  readonly offset?: number;
  /** How many bytes; those of the payload if left out. */
  readonly byteLength?: number;
  /** What follows. */
  readonly payload?: Uint8Array;
}

/** The bytes of a request. */
export function requestBytes(wanted: Wanted): Uint8Array {
  const { command, cookie, flags = 0, offset = 0, payload = new Uint8Array(0) } = wanted;
  const { byteLength = payload.byteLength } = wanted;
  const bytes = new Uint8Array(REQUEST_BYTES + payload.byteLength);
  const request = { flags, command, cookieHigh: 7, cookieLow: cookie, offset, byteLength };
  writeRequest(new DataView(bytes.buffer), 0, request);
  bytes.set(payload, REQUEST_BYTES);
  return bytes;
}

/** The client. */
export class TestClient {
  readonly #stream: ByteStream;
  /** Bytes of simple replies with data, by cookie. */
  readonly #wanted: Map<number, number> = new Map();
  #isStructured = false;

  /** A client at its end of a connection. */
  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Hears the greeting and answers it. */
  async greet(flags = FLAGS): Promise<void> {
    await this.read(GREETING_BYTES);
    await this.send(encodeClientFlags(flags));
  }

  /** Shakes hands as most clients do: structured replies, `base:allocation`, `GO`. */
  async go(name = "disk"): Promise<void> {
    await this.greet();
    await this.wantStructured();
    const query = encodeContextQuery({ name, queries: ["base:allocation"] });
    await this.option(OPTION.SET_META_CONTEXT, query);
    await this.choose(name);
  }

  /** Asks for structured replies. */
  async wantStructured(): Promise<void> {
    assertEquals(await this.option(OPTION.STRUCTURED_REPLY), [[OPTION_REPLY.ACK, ""]]);
    this.#isStructured = true;
  }

  /** Chooses an export. */
  async choose(name = "disk"): Promise<void> {
    const replies = await this.option(OPTION.GO, encodeExportQuery({ name, infos: [] }));
    assertEquals(replies.at(-1)?.[0], OPTION_REPLY.ACK);
  }

  /** Sends an option; answers the kinds and data, in hex, of all that it is answered. */
  async option(option: number, data?: Uint8Array): Promise<[number, string][]> {
    await this.send(encodeOption(option, data));
    const replies: [number, string][] = [];
    for (;;) {
      const header = decodeOptionReplyHeader(await this.read(OPTION_REPLY_BYTES));
      assert(header !== undefined && header.option === option);
      replies.push([header.kind, (await this.read(header.byteLength)).toHex()]);
      if (header.kind === OPTION_REPLY.ACK || header.kind >= OPTION_REPLY.ERR_UNSUP) return replies;
    }
  }

  /** Sends a request. */
  async ask(wanted: Wanted): Promise<void> {
    if (wanted.command === COMMAND.READ && !this.#isStructured) {
      this.#wanted.set(wanted.cookie, wanted.byteLength ?? 0);
    }
    await this.send(requestBytes(wanted));
  }

  /** Sends a request and hears its answer, which must be the next one. */
  async call(wanted: Wanted): Promise<Answer> {
    const [answer] = await Promise.all([this.answer(), this.ask(wanted)]);
    assertEquals(answer.cookie, wanted.cookie);
    return answer;
  }

  /** The next answer. Chunks of others in between are a mistake of the test. */
  async answer(): Promise<Answer> {
    const magic = await this.read(4);
    if (readU32(magic, 0) === MAGIC.SIMPLE_REPLY) {
      const rest = new DataView((await this.read(SIMPLE_REPLY_BYTES - 4)).buffer);
      const [error, cookie] = [rest.getUint32(0), rest.getUint32(8)];
      const byteLength = error === 0 ? this.#wanted.get(cookie) ?? 0 : 0;
      const data = byteLength === 0 ? [] : [[0, await this.read(byteLength)] as const];
      return { cookie, error, data: new Map(data), extents: [] };
    }
    const answer = { cookie: -1, error: 0, data: new Map<number, Uint8Array>(), extents: [] };
    await this.#chunks(answer, magic);
    return answer;
  }

  /** So many bytes. */
  async read(byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(byteLength);
    for (let at = 0; at < byteLength;) {
      const count = await this.#stream.read(bytes.subarray(at));
      if (count === null) throw new Error(`the connection ended after ${at} of ${byteLength}`);
      at += count;
    }
    return bytes;
  }

  /** Whether nothing more comes. */
  async isLeft(): Promise<boolean> {
    return await this.#stream.read(new Uint8Array(1)) === null;
  }

  /** Sends bytes. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) at += await this.#stream.write(bytes.subarray(at));
  }

  /** Leaves without a word. */
  close(): void {
    this.#stream.close();
  }

  async #chunks(
    answer: { cookie: number; error: number; data: Map<number, Uint8Array>; extents: Extent[] },
    magic: Uint8Array,
  ): Promise<void> {
    const header: ChunkHeader = { flags: 0, kind: 0, cookieHigh: 0, cookieLow: 0, byteLength: 0 };
    for (let first = magic;; first = await this.read(4)) {
      const head = new Uint8Array([...first, ...await this.read(CHUNK_HEADER_BYTES - 4)]);
      assert(
        readChunkHeader(new DataView(head.buffer), 0, header),
        "a chunk begins with its magic",
      );
      assert(answer.cookie === -1 || answer.cookie === header.cookieLow, "chunks of one answer");
      assertEquals(header.cookieHigh, 7);
      answer.cookie = header.cookieLow;
      const payload = await this.read(header.byteLength);
      if (header.kind === CHUNK.OFFSET_DATA) {
        answer.data.set(readU64(new DataView(payload.buffer), 0), payload.subarray(8));
      } else if (header.kind === CHUNK.BLOCK_STATUS) {
        answer.extents = readBlockStatus(payload)!.extents;
      } else if (header.kind >= CHUNK.ERROR) {
        answer.error ||= readErrorChunk(header.kind, payload)!.error;
      }
      if (header.flags & CHUNK_FLAG.DONE) return;
    }
  }
}
