/**
 * Sockets in memory, for tests without permissions: two ends, each with as much room as a socket has.
 *
 * @module
 */

import type { ByteStream } from "./peer.ts";

/** Bytes that one direction holds before its writer waits. */
const ROOM_BYTES = 64 * 1024;

/** Two ends: what is written to one is read from the other. */
export function pipePair(): [ByteStream, ByteStream] {
  const there = new Direction();
  const back = new Direction();
  return [new End(there, back), new End(back, there)];
}

/** One direction of bytes. */
class Direction {
  isClosed = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #waiting: (() => void)[] = [];

  async read(target: Uint8Array): Promise<number | null> {
    while (this.#bytes.byteLength === 0) {
      if (this.isClosed) return null;
      await this.#change();
    }
    const count = Math.min(target.byteLength, this.#bytes.byteLength);
    target.set(this.#bytes.subarray(0, count));
    this.#bytes = this.#bytes.subarray(count);
    this.#changed();
    return count;
  }

  async write(source: Uint8Array): Promise<number> {
    for (;;) {
      if (this.isClosed) throw new Deno.errors.BrokenPipe("the other end is closed");
      const count = Math.min(source.byteLength, ROOM_BYTES - this.#bytes.byteLength);
      if (count > 0) {
        const joined = new Uint8Array(this.#bytes.byteLength + count);
        joined.set(this.#bytes);
        joined.set(source.subarray(0, count), this.#bytes.byteLength);
        this.#bytes = joined;
        this.#changed();
        return count;
      }
      await this.#change();
    }
  }

  close(): void {
    this.isClosed = true;
    this.#changed();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

class End implements ByteStream {
  readonly #in: Direction;
  readonly #out: Direction;

  constructor(input: Direction, output: Direction) {
    this.#in = input;
    this.#out = output;
  }

  read(target: Uint8Array): Promise<number | null> {
    return this.#in.read(target);
  }

  write(source: Uint8Array): Promise<number> {
    return this.#out.write(source);
  }

  close(): void {
    this.#in.close();
    this.#out.close();
  }
}
