/**
 * One request of Linux from its reading to its answer, in its part of the gateway's window.
 *
 * @module
 */

import type { Files } from "./files.ts";
import type { Known } from "./known.ts";
import type { Filling, Pages } from "./pages.ts";
import { BUFFER_BYTES, DATA_OFFSET, DirectoryPacker, FuseReply, FuseRequest } from "./wire/mod.ts";

/** What an answer that comes later is made with. */
export interface EndingParts {
  /** The file server. */
  readonly files: Files;
  /** What need not be asked for. */
  readonly known: Known;
  /** Pages of files, where Linux keeps none. */
  readonly pages: Pages | undefined;
}

/** What answers a request when the file server has answered what was posted for it. */
export interface Ending {
  /**
   * Makes the answer.
   *
   * @param result A count, or a negative errno.
   * @returns Its bytes, or 0 if more has been posted.
   */
  ended(ask: Ask, parts: EndingParts, result: number): number;
}

/** A request and its buffer. It is used again when it is answered. */
export class Ask {
  /** The request. */
  readonly request: FuseRequest;
  /** Its answer. */
  readonly reply: FuseReply;
  /** The handle that its answer gives to Linux; 0 if none. */
  opened = 0;
  /** What has been posted for it; -1 if nothing is under way. */
  ticket = -1;
  /** What answers it then. */
  ending: Ending | undefined;
  /** Pages that are read for it. */
  filling: Filling | undefined;
  /** Bytes that have been written for it. */
  written = 0;
  /** Whether Linux tells the times of what it writes itself. */
  keepTimes = false;
  readonly #bytes: Uint8Array;
  #packer: DirectoryPacker | undefined;
  #data: Uint8Array;

  /** A place for requests in one buffer of `BUFFER_BYTES`. */
  constructor(buffer: Uint8Array) {
    this.request = new FuseRequest(buffer);
    this.reply = new FuseReply(this.request);
    this.#bytes = buffer.subarray(DATA_OFFSET);
    this.#data = this.#bytes;
  }

  /** What packs the answer to a listing. */
  get packer(): DirectoryPacker {
    return this.#packer ??= new DirectoryPacker(this.request.buffer);
  }

  /** Where data of the answer go, so many bytes; no more than there are. Hot path. */
  data(byteLength: number): Uint8Array {
    if (this.#data.byteLength !== byteLength) this.#data = this.#bytes.subarray(0, byteLength);
    return this.#data;
  }

  /** Data of a WRITE behind those that have been written. */
  rest(byteLength: number): Uint8Array {
    return this.#bytes.subarray(this.written, byteLength);
  }

  /** Forgets the request before. Hot path. */
  begin(): void {
    this.opened = 0;
    this.ticket = -1;
    this.ending = undefined;
    this.filling = undefined;
    this.written = 0;
  }
}

/** Divides a window into places for requests. */
export function divideWindow(window: Uint8Array): Ask[] {
  const count = Math.floor(window.byteLength / BUFFER_BYTES);
  return Array.from({ length: count }, (_, index) => {
    const offset = index * BUFFER_BYTES;
    return new Ask(window.subarray(offset, offset + BUFFER_BYTES));
  });
}
