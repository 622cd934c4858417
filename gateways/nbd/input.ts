/**
 * What one client sends after its handshake: a stream of requests and payloads in chunks of the
 * gateway's window, from which a volume writes payloads where they lie.
 *
 * A client that sends nothing holds a chunk only while there are plenty. Otherwise it waits with the
 * few bytes of a request's header, and gets a chunk when they have come.
 *
 * @module
 */

import { REQUEST_BYTES } from "@hako/drivers/nbd";
import type { Chunk, ChunkPool } from "./chunk_pool.ts";
import type { Peer } from "./peer.ts";

/** With less room than this behind what was read, the next bytes go to another chunk. */
const ROOM_MIN = 64 * 1024;

/** What was read and not yet taken lies between `begin` and `end` of `chunk`. */
export class RequestInput {
  /** Where the next byte to be looked at lies in {@linkcode RequestInput.chunk}. */
  begin = 0;
  readonly #peer: Peer;
  readonly #pool: ChunkPool;
  #chunk: Chunk | undefined;
  #end = 0;
  /** What has come while there was no chunk. */
  #ahead: Uint8Array;

  /**
   * @param peer The client.
   * @param pool Where chunks come from.
   * @param ahead What was read from the client already; at most a chunk.
   */
  constructor(peer: Peer, pool: ChunkPool, ahead: Uint8Array) {
    this.#peer = peer;
    this.#pool = pool;
    this.#ahead = ahead;
  }

  /** How many bytes from `begin` on are there. Hot path. */
  get available(): number {
    return this.#end - this.begin;
  }

  /** How many bytes from `begin` on can ever be there side by side. */
  get reach(): number {
    return this.#pool.chunkBytes - this.begin;
  }

  /** Where those bytes lie; there are some. */
  get chunk(): Chunk {
    return this.#chunk!;
  }

  /** Waits for a header of a request, for ever; answers whether it came. */
  async header(): Promise<boolean> {
    if (this.available === 0 && this.#ahead.byteLength === 0 && !await this.#idle()) return false;
    return await this.more(REQUEST_BYTES);
  }

  /** Reads until so many bytes are there, at most a chunk; answers whether they came. */
  async more(byteLength: number): Promise<boolean> {
    while (this.available < byteLength) {
      await this.#makeRoom(byteLength);
      if (this.available >= byteLength) break;
      const chunk = this.#chunk!;
      const count = await this.#peer.readOwed(chunk.bytes.subarray(this.#end));
      if (count === 0) return false;
      this.#end += count;
    }
    return true;
  }

  /** Passes over so many bytes; answers whether they came. */
  async skip(byteLength: number): Promise<boolean> {
    for (let left = byteLength;;) {
      const passed = Math.min(left, this.available);
      this.begin += passed;
      left -= passed;
      if (left === 0) return true;
      if (!await this.more(1)) return false;
    }
  }

  /** Moves what is left to the beginning of a chunk: there is no room behind it. */
  async move(): Promise<void> {
    const chunk = this.#chunk!;
    const left = chunk.bytes.slice(this.begin, this.#end);
    this.#leave();
    this.#ahead = left;
    await this.#takeChunk();
  }

  /** Gives the chunk back, as soon as nothing in it is under way. */
  close(): void {
    if (this.#chunk !== undefined) this.#leave();
  }

  /** Waits for the first bytes of a request. */
  async #idle(): Promise<boolean> {
    this.#reuse();
    const isPlenty = 2 * this.#pool.free >= this.#pool.count;
    if (this.#chunk !== undefined && !isPlenty) this.#leave();
    if (this.#chunk === undefined && isPlenty) await this.#takeChunk();
    if (this.#chunk === undefined) {
      const header = new Uint8Array(REQUEST_BYTES);
      const count = await this.#peer.read(header);
      this.#ahead = header.subarray(0, count);
      return count > 0;
    }
    const count = await this.#peer.read(this.#chunk.bytes.subarray(this.#end));
    this.#end += count;
    return count > 0;
  }

  async #makeRoom(byteLength: number): Promise<void> {
    this.#reuse();
    if (this.#chunk === undefined) return await this.#takeChunk();
    if (this.reach < byteLength) await this.move();
  }

  /** Begins anew in a chunk of which all was taken and is done; leaves one that is nearly full. */
  #reuse(): void {
    if (this.#chunk === undefined || this.available > 0) return;
    if (this.#chunk.uses === 0) this.begin = this.#end = 0;
    else if (this.reach < ROOM_MIN) this.#leave();
  }

  async #takeChunk(): Promise<void> {
    this.#chunk = await this.#pool.taken();
    this.#chunk.bytes.set(this.#ahead);
    this.begin = 0;
    this.#end = this.#ahead.byteLength;
    this.#ahead = new Uint8Array(0);
  }

  #leave(): void {
    this.#pool.close(this.#chunk!);
    this.#chunk = undefined;
    this.begin = this.#end = 0;
  }
}
