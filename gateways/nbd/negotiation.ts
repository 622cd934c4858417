/**
 * NBD's handshake from the server's side (fixed newstyle): what the client may ask before it chooses
 * an export, and what it is answered. Whatever is not understood is refused and the client may go on;
 * only what leaves no way to find the next option ends the connection.
 *
 * @module
 */

import {
  BASE_ALLOCATION,
  CLIENT_FLAGS_BYTES,
  type ContextQuery,
  decodeContextQuery,
  decodeExportQuery,
  decodeOptionHeader,
  encodeBlockSizes,
  encodeContextReply,
  encodeExportInfo,
  encodeExportNameReply,
  encodeGreeting,
  encodeListedExport,
  encodeOptionReply,
  encodeTextInfo,
  HANDSHAKE_FLAG,
  INFO,
  OPTION,
  OPTION_BYTES,
  OPTION_REPLY,
  PAYLOAD_BYTES_MAX,
  readU32,
  STRING_BYTES_MAX,
} from "@hako/drivers/nbd";
import { BLOCK_BYTES, SECTOR_BYTES } from "@hako/storage-server";
import type { Export, Exports } from "./exports.ts";
import type { Peer } from "./peer.ts";

/** Data of an option that are read; longer ones are passed over. Ten names of the longest kind. */
const OPTION_DATA_BYTES_MAX = 64 * 1024;

/** Data of an option that are passed over; a longer one is no NBD. */
const OPTION_SKIPPED_BYTES_MAX = 16 * 1024 * 1024;

/** Bytes that are read from the socket at once. */
const READ_BYTES = 1024;

/** The number by which replies name `base:allocation`. */
export const BASE_ALLOCATION_ID = 1;

const SERVER_FLAGS = HANDSHAKE_FLAG.FIXED_NEWSTYLE | HANDSHAKE_FLAG.NO_ZEROES;

/** What client and server have agreed on. */
export interface Agreement {
  /** The export that the client has chosen. */
  readonly exported: Export;
  /** Whether reads are answered by structured replies. */
  readonly isStructured: boolean;
  /** Whether the client may ask for `base:allocation`. */
  readonly hasAllocation: boolean;
  /** What the client has sent already after its choice. */
  readonly ahead: Uint8Array;
}

/** Greets a client and answers its options, until it has chosen; `undefined` if it does not. */
export async function negotiate(peer: Peer, exports: Exports): Promise<Agreement | undefined> {
  if (!await peer.write(encodeGreeting(SERVER_FLAGS))) return undefined;
  const input = new Input(peer);
  const flags = await input.take(CLIENT_FLAGS_BYTES);
  if (flags === undefined) return undefined;
  const clientFlags = readU32(flags, 0);
  if ((clientFlags & ~SERVER_FLAGS) !== 0) return undefined; // It wants what it cannot have.
  return await new Negotiation(peer, exports, input, clientFlags).run();
}

/** What one option leads to. */
type Step = "go on" | "end" | Export;

class Negotiation {
  readonly #peer: Peer;
  readonly #exports: Exports;
  readonly #input: Input;
  readonly #clientFlags: number;
  #isStructured = false;
  /** The export for which `base:allocation` was chosen. */
  #allocationOf: Export | undefined;

  constructor(peer: Peer, exports: Exports, input: Input, clientFlags: number) {
    this.#peer = peer;
    this.#exports = exports;
    this.#input = input;
    this.#clientFlags = clientFlags;
  }

  async run(): Promise<Agreement | undefined> {
    for (;;) {
      const step = await this.#step();
      if (step === "end" || this.#peer.isClosed) return undefined;
      if (step === "go on") continue;
      return {
        exported: step,
        isStructured: this.#isStructured,
        hasAllocation: this.#allocationOf === step,
        ahead: this.#input.rest(),
      };
    }
  }

  async #step(): Promise<Step> {
    const head = await this.#input.take(OPTION_BYTES);
    const header = head === undefined ? undefined : decodeOptionHeader(head);
    if (header === undefined || header.byteLength > OPTION_SKIPPED_BYTES_MAX) return "end";
    const { option, byteLength } = header;
    if (byteLength > OPTION_DATA_BYTES_MAX) {
      if (!await this.#input.skip(byteLength)) return "end";
      return await this.#answer(option, OPTION_REPLY.ERR_TOO_BIG);
    }
    const data = await this.#input.take(byteLength);
    return data === undefined ? "end" : await this.#obey(option, data);
  }

  async #obey(option: number, data: Uint8Array): Promise<Step> {
    switch (option) {
      case OPTION.EXPORT_NAME:
        return await this.#begin(data);
      case OPTION.ABORT:
        await this.#answer(option, OPTION_REPLY.ACK);
        return "end";
      case OPTION.LIST:
        return data.byteLength > 0 ? await this.#refuse(option) : await this.#list();
      case OPTION.INFO:
      case OPTION.GO:
        return await this.#tell(option, data);
      case OPTION.STRUCTURED_REPLY:
        if (data.byteLength > 0) return await this.#refuse(option);
        this.#isStructured = true;
        return await this.#answer(option, OPTION_REPLY.ACK);
      case OPTION.LIST_META_CONTEXT:
      case OPTION.SET_META_CONTEXT:
        return await this.#contexts(option, data);
      default:
        return await this.#answer(option, OPTION_REPLY.ERR_UNSUP);
    }
  }

  /** `EXPORT_NAME`, the old way to choose, has no answer that says no. */
  async #begin(data: Uint8Array): Promise<Step> {
    if (data.byteLength > STRING_BYTES_MAX) return "end";
    const exported = this.#exports.find(new TextDecoder().decode(data));
    if (exported === undefined) return "end";
    await this.#peer.write(encodeExportNameReply(exported, this.#clientFlags));
    return exported;
  }

  async #list(): Promise<Step> {
    for (const name of this.#exports.names) {
      await this.#answer(OPTION.LIST, OPTION_REPLY.SERVER, encodeListedExport(name));
    }
    return await this.#answer(OPTION.LIST, OPTION_REPLY.ACK);
  }

  async #tell(option: number, data: Uint8Array): Promise<Step> {
    const query = decodeExportQuery(data);
    if (query === undefined) return await this.#refuse(option);
    const exported = this.#exports.find(query.name);
    if (exported === undefined) return await this.#answer(option, OPTION_REPLY.ERR_UNKNOWN);
    const facts = [
      encodeExportInfo(exported),
      // Told to those, too, that did not ask: whoever knows the sizes keeps to them.
      encodeBlockSizes({ least: SECTOR_BYTES, preferred: BLOCK_BYTES, most: PAYLOAD_BYTES_MAX }),
      ...(query.infos.includes(INFO.NAME) ? [encodeTextInfo(INFO.NAME, exported.name)] : []),
    ];
    for (const fact of facts) await this.#answer(option, OPTION_REPLY.INFO, fact);
    await this.#answer(option, OPTION_REPLY.ACK);
    return option === OPTION.GO ? exported : "go on";
  }

  async #contexts(option: number, data: Uint8Array): Promise<Step> {
    const query = decodeContextQuery(data);
    const isSetting = option === OPTION.SET_META_CONTEXT;
    if (isSetting) this.#allocationOf = undefined;
    if (query === undefined || (isSetting && !this.#isStructured)) {
      return await this.#refuse(option);
    }
    const exported = this.#exports.find(query.name);
    if (exported === undefined) return await this.#answer(option, OPTION_REPLY.ERR_UNKNOWN);
    if (isSetting ? query.queries.includes(BASE_ALLOCATION) : asksForAllocation(query)) {
      if (isSetting) this.#allocationOf = exported;
      const contextId = isSetting ? BASE_ALLOCATION_ID : 0;
      const reply = encodeContextReply({ contextId, name: BASE_ALLOCATION });
      await this.#answer(option, OPTION_REPLY.META_CONTEXT, reply);
    }
    return await this.#answer(option, OPTION_REPLY.ACK);
  }

  #refuse(option: number): Promise<Step> {
    return this.#answer(option, OPTION_REPLY.ERR_INVALID);
  }

  async #answer(option: number, kind: number, data?: Uint8Array): Promise<Step> {
    return await this.#peer.write(encodeOptionReply(option, kind, data)) ? "go on" : "end";
  }
}

/** Whoever lists without a question, or with a namespace alone, wants all that is in it. */
function asksForAllocation({ queries }: ContextQuery): boolean {
  return queries.length === 0 ||
    queries.some((query) => query === "base:" || query === BASE_ALLOCATION);
}

/** What a client sends, in pieces of the size that is wanted. */
class Input {
  readonly #peer: Peer;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** Exactly so many bytes; `undefined` at the end. */
  async take(byteLength: number): Promise<Uint8Array | undefined> {
    while (this.#bytes.byteLength < byteLength) if (!await this.#readMore()) return undefined;
    const taken = this.#bytes.subarray(0, byteLength);
    this.#bytes = this.#bytes.subarray(byteLength);
    return taken;
  }

  /** Passes over so many bytes; answers whether they came. */
  async skip(byteLength: number): Promise<boolean> {
    let left = byteLength;
    for (;;) {
      const passed = Math.min(left, this.#bytes.byteLength);
      this.#bytes = this.#bytes.subarray(passed);
      left -= passed;
      if (left === 0) return true;
      if (!await this.#readMore()) return false;
    }
  }

  /** What was read beyond what was taken. */
  rest(): Uint8Array {
    return this.#bytes;
  }

  async #readMore(): Promise<boolean> {
    const before = this.#bytes.byteLength;
    const bytes = new Uint8Array(before + READ_BYTES);
    const count = await this.#peer.read(bytes.subarray(before));
    bytes.set(this.#bytes);
    this.#bytes = bytes.subarray(0, before + count);
    return count > 0;
  }
}
