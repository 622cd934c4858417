/**
 * The pages that listen: each has a stream of lines. There are only so many, and none may be far
 * behind.
 *
 * @module
 */

import type { PageLine } from "./history.ts";

/** Pages that may listen at once. */
export const LISTENERS_MAX = 8;

/** Bytes that may wait for a page to read them; one that is further behind must come again. */
const BEHIND_BYTES_MAX = 4 * 1024 * 1024;

type Listener = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

/** All who listen. */
export class Audience {
  readonly #listeners: Set<Listener> = new Set();
  #isClosed = false;

  /** How many listen. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Whether nobody else may listen. */
  get isFull(): boolean {
    return this.#listeners.size >= LISTENERS_MAX;
  }

  /** A stream that begins with these lines and goes on with all that are told from now on. */
  join(lines: readonly PageLine[]): ReadableStream<Uint8Array<ArrayBuffer>> {
    let self: Listener;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (listener) => {
        self = listener;
        for (const line of lines) listener.enqueue(bytesOf(line));
        if (this.#isClosed) listener.close();
        else this.#listeners.add(listener);
      },
      cancel: () => void this.#listeners.delete(self),
    }, new ByteLengthQueuingStrategy({ highWaterMark: BEHIND_BYTES_MAX }));
  }

  /** Tells everybody. */
  tell(line: PageLine): void {
    const bytes = bytesOf(line);
    for (const listener of this.#listeners) {
      if ((listener.desiredSize ?? 0) >= bytes.byteLength) listener.enqueue(bytes);
      else this.#leave(listener);
    }
  }

  /** Ends every stream after what it was told. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) this.#leave(listener);
  }

  #leave(listener: Listener): void {
    this.#listeners.delete(listener);
    listener.close();
  }
}

function bytesOf(line: PageLine): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(line)}\n`);
}
