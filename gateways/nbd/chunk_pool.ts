/**
 * Memory for what comes from and goes to sockets: chunks of one size, cut out of the gateway's window,
 * so that volumes read and write them in place. There are so many and never more; who finds none
 * waits, in the order of coming.
 *
 * @module
 */

import { assert } from "@hako/ipc";

/** A piece of the window. Whoever has taken it owns it until it is given back. */
export class Chunk {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** The same, for numbers of the wire. */
  readonly view: DataView;
  /** Requests and replies that lie in it and are not done. */
  uses = 0;
  /** Whether somebody still puts new ones in. */
  isOpen = false;

  /** Takes the bytes as its own. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** The chunks of one region. */
export class ChunkPool {
  /** Bytes of each chunk. */
  readonly chunkBytes: number;
  /** How many chunks there are. */
  readonly count: number;
  readonly #free: Chunk[] = [];
  readonly #waiting: ((chunk: Chunk) => void)[] = [];

  /**
   * Cuts a region into chunks.
   *
   * @param region Bytes of a window; what is left over at its end is not used.
   * @param chunkBytes Bytes of each chunk.
   */
  constructor(region: Uint8Array, chunkBytes: number) {
    this.chunkBytes = chunkBytes;
    this.count = Math.floor(region.byteLength / chunkBytes);
    if (this.count === 0) throw new RangeError(`Cannot cut ${region.byteLength} bytes into chunks`);
    for (let index = this.count - 1; index >= 0; index--) {
      const at = index * chunkBytes;
      this.#free.push(new Chunk(region.subarray(at, at + chunkBytes)));
    }
  }

  /** How many chunks nobody has. */
  get free(): number {
    return this.#free.length;
  }

  /** A chunk, if one is free. */
  take(): Chunk | undefined {
    const chunk = this.#free.pop();
    if (chunk !== undefined) chunk.isOpen = true;
    return chunk;
  }

  /** A chunk, as soon as one is free. */
  taken(): Promise<Chunk> {
    const chunk = this.take();
    if (chunk !== undefined) return Promise.resolve(chunk);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Says that nothing new is put in a chunk: it is free as soon as nothing in it is under way. */
  close(chunk: Chunk): void {
    assert(chunk.isOpen, "only an open chunk is closed");
    chunk.isOpen = false;
    if (chunk.uses === 0) this.#give(chunk);
  }

  /** Says that something in a chunk is done. */
  release(chunk: Chunk): void {
    assert(chunk.uses > 0, "what is done was under way");
    chunk.uses--;
    if (chunk.uses === 0 && !chunk.isOpen) this.#give(chunk);
  }

  #give(chunk: Chunk): void {
    const first = this.#waiting.shift();
    if (first === undefined) return void this.#free.push(chunk);
    chunk.isOpen = true;
    first(chunk);
  }
}
