/**
 * What goes back to one client: replies in the order in which they are ready, as many as there are
 * with each write to the socket. Data are written straight from the chunk that the volume read into,
 * where each has its header in front of it; replies that lie side by side go out together.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import type { Chunk, ChunkPool } from "./chunk_pool.ts";
import type { Peer } from "./peer.ts";

/** Bytes of replies without data that are written together. */
const SMALL_BYTES = 4096;

/** Most bytes of a reply without data. */
const SMALL_REPLY_BYTES_MAX = 64;

/** Replies are placed at multiples of this, so that volumes may look at data as words. */
const ALIGNMENT = 4;

/** Bytes in a chunk. */
export interface Place {
  /** The chunk, in which this counts as a use. */
  readonly chunk: Chunk;
  /** Where it begins. */
  readonly at: number;
  /** How many bytes. */
  readonly byteLength: number;
}

/** A reply that is ready; just one of these. */
export type Reply =
  | { readonly place: Place }
  /** At most 64 bytes: writes them, and answers how many. */
  | { readonly compose: (view: DataView, at: number) => number }
  /** Sends itself, and nothing else is sent meanwhile; answers whether all went well. */
  | { readonly send: () => Promise<boolean> };

/** The replies to one client. */
export class Replies {
  readonly #peer: Peer;
  readonly #pool: ChunkPool;
  readonly #onSent: () => void;
  readonly #small: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(SMALL_BYTES));
  /** Bytes of all places that have not been left. */
  bytes = 0;
  #chunk: Chunk | undefined;
  #at = 0;
  #ready: Reply[] = [];
  #isWriting = false;

  /**
   * @param peer The client.
   * @param pool Where data to be sent lie.
   * @param onSent Told after each reply that was sent, or never will be.
   */
  constructor(peer: Peer, pool: ChunkPool, onSent: () => void) {
    this.#peer = peer;
    this.#pool = pool;
    this.#onSent = onSent;
  }

  /** Room for a reply, if there is some now. Hot path. */
  place(byteLength: number): Place | undefined {
    assert(byteLength <= this.#pool.chunkBytes, "a reply with data fits in a chunk");
    if (this.#chunk !== undefined && byteLength > this.#pool.chunkBytes - this.#at) {
      this.#pool.close(this.#chunk);
      this.#chunk = undefined;
    }
    if (this.#chunk === undefined) {
      this.#chunk = this.#pool.take();
      this.#at = 0;
    }
    return this.#chunk === undefined ? undefined : this.#placeIn(this.#chunk, byteLength);
  }

  /** Room for a reply, as soon as there is some. */
  async placed(byteLength: number): Promise<Place> {
    const place = this.place(byteLength);
    if (place !== undefined) return place;
    this.#chunk = await this.#pool.taken();
    this.#at = 0;
    return this.#placeIn(this.#chunk, byteLength);
  }

  /** Gives back room in which there will be no reply. */
  leave({ chunk, byteLength }: Place): void {
    this.bytes -= byteLength;
    this.#pool.release(chunk);
    // An open chunk with nothing in it would be kept from others.
    if (chunk !== this.#chunk || chunk.uses > 0) return;
    this.#chunk = undefined;
    this.#pool.close(chunk);
  }

  /** Sends a reply as soon as those before it are gone. Hot path. */
  push(reply: Reply): void {
    this.#ready.push(reply);
    if (this.#isWriting) return;
    this.#isWriting = true;
    // Answers come several at once: what this turn brings goes out together.
    queueMicrotask(() => this.#write());
  }

  #placeIn(chunk: Chunk, byteLength: number): Place {
    const at = this.#at;
    chunk.uses++;
    this.bytes += byteLength;
    this.#at = (at + byteLength + ALIGNMENT - 1) & -ALIGNMENT;
    return { chunk, at, byteLength };
  }

  async #write(): Promise<void> {
    while (this.#ready.length > 0) {
      const batch = this.#ready;
      this.#ready = [];
      for (let index = 0; index < batch.length;) index += await this.#writeFrom(batch, index);
    }
    this.#isWriting = false;
  }

  /** Writes the reply at `index` and those that can go with it; answers how many. */
  async #writeFrom(batch: readonly Reply[], index: number): Promise<number> {
    const first = batch[index]!;
    let count = 1;
    if ("send" in first) {
      if (!this.#peer.isClosed && !await first.send()) this.#peer.close();
    } else if ("place" in first) {
      count = adjacent(batch, index);
      await this.#writeRun(batch, index, count);
    } else count = await this.#writeSmall(batch, index);
    for (let sent = 0; sent < count; sent++) {
      const reply = batch[index + sent]!;
      if ("place" in reply) this.leave(reply.place);
      this.#onSent();
    }
    return count;
  }

  async #writeRun(batch: readonly Reply[], index: number, count: number): Promise<void> {
    const { chunk, at } = placeOf(batch[index]!)!;
    const last = placeOf(batch[index + count - 1]!)!;
    if (this.#peer.isClosed) return;
    await this.#peer.write(chunk.bytes.subarray(at, last.at + last.byteLength));
  }

  async #writeSmall(batch: readonly Reply[], index: number): Promise<number> {
    let count = 0;
    let byteLength = 0;
    for (; index + count < batch.length; count++) {
      const reply = batch[index + count]!;
      if (!("compose" in reply) || byteLength > SMALL_BYTES - SMALL_REPLY_BYTES_MAX) break;
      byteLength += reply.compose(this.#small, byteLength);
    }
    if (!this.#peer.isClosed) {
      await this.#peer.write(new Uint8Array(this.#small.buffer, 0, byteLength));
    }
    return count;
  }
}

/** How many replies from `index` on lie side by side. */
function adjacent(batch: readonly Reply[], index: number): number {
  let count = 1;
  for (; index + count < batch.length; count++) {
    const before = placeOf(batch[index + count - 1]!)!;
    const next = placeOf(batch[index + count]!);
    if (next?.chunk !== before.chunk || next.at !== before.at + before.byteLength) break;
  }
  return count;
}

function placeOf(reply: Reply): Place | undefined {
  return "place" in reply ? reply.place : undefined;
}
