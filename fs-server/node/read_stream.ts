/**
 * A stream that reads a file, as far as `stream.Readable` of Node is commonly used.
 *
 * @module
 */

import { callbackOf } from "./arguments.ts";
import { emitEvents, type Emitter, type Listener } from "./events.ts";
import type { Encoding } from "./encoding.ts";
import { encodingOf } from "./encoding.ts";
import { stateError } from "./errors.ts";
import { PieceDecoder } from "./piece_decoder.ts";
import type { StreamEnd } from "./stream_ends.ts";

/** Where {@linkcode ReadStream.pipe} leads to. */
export interface PipeTarget {
  /** Takes a piece; answers false when it wants no more for now. */
  write(piece: unknown): boolean;
  /** Takes no more. */
  end(): unknown;
  /** Tells `"drain"` when it wants more. */
  once(event: string, listener: Listener): unknown;
}

/**
 * Reads a file piece by piece. It tells `"open"`, `"ready"`, `"data"`, `"end"`, `"error"` and
 * `"close"`. It flows from the first `"data"` listener on.
 */
export class ReadStream {
  readonly #end: StreamEnd;
  #decoder: PieceDecoder | undefined;
  #isFlowing = false;
  #isScheduled = false;
  #hasEnded = false;
  #isDestroyed = false;
  #isClosed = false;

  /** Made by `createReadStream`. */
  constructor(end: StreamEnd, encoding: Encoding | undefined) {
    this.#end = end;
    if (encoding !== undefined) this.#decoder = new PieceDecoder(encoding);
    queueMicrotask(() => this.#open());
  }

  /** The path of the file. */
  get path(): string | undefined {
    return this.#end.path;
  }

  /** The number of the file, once it is open. */
  get fd(): number | null {
    return this.#end.fd ?? null;
  }

  /** Bytes read so far. */
  get bytesRead(): number {
    return this.#end.bytes;
  }

  /** Whether the file is not open yet. */
  get pending(): boolean {
    return this.fd === null;
  }

  /** Whether it was ended, by an error or by {@linkcode ReadStream.destroy}. */
  get destroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Whether all was read. */
  get readableEnded(): boolean {
    return this.#hasEnded;
  }

  /** Lets pieces be text. */
  setEncoding(encoding: unknown): this {
    this.#decoder = new PieceDecoder(encodingOf(encoding) ?? "utf8");
    return this;
  }

  /** Reads on. */
  resume(): this {
    this.#isFlowing = true;
    this.#schedule();
    return this;
  }

  /** Reads no more for now. */
  pause(): this {
    this.#isFlowing = false;
    return this;
  }

  /** Whether it does not read for now. */
  isPaused(): boolean {
    return !this.#isFlowing;
  }

  /** The next piece, for a stream that does not flow; `null` at the end. */
  read(): unknown {
    if (this.#isDestroyed || this.#hasEnded) return null;
    try {
      const piece = this.#next();
      if (piece === null) this.#finish();
      return piece;
    } catch (error) {
      this.destroy(error);
      return null;
    }
  }

  /** Sends all pieces to a stream that can be written, and ends it. */
  pipe<T extends PipeTarget>(target: T, options: { readonly end?: boolean } = {}): T {
    this.on("data", (piece) => {
      if (target.write(piece)) return;
      this.pause();
      target.once("drain", () => this.resume());
    });
    if (options.end !== false) this.on("end", () => target.end());
    return target;
  }

  /** Ends it; the file is closed. */
  destroy(error?: unknown): this {
    if (this.#isDestroyed) return this;
    this.#isDestroyed = true;
    let cause = error;
    try {
      this.#end.close();
    } catch (failure) {
      cause ??= failure;
    }
    queueMicrotask(() => {
      if (cause !== undefined && cause !== null) this.emit("error", cause);
      this.#isClosed = true;
      this.emit("close");
    });
    return this;
  }

  /** The same, and tells when it is done: with an error if not all was read. */
  close(callback?: unknown): void {
    if (callback !== undefined) {
      const call = callbackOf(callback);
      const tell = () => call(this.#hasEnded ? null : prematureClose());
      if (this.#isClosed) queueMicrotask(tell);
      else this.once("close", tell);
    }
    this.destroy();
  }

  /** All pieces that are left. */
  async toArray(): Promise<unknown[]> {
    const pieces: unknown[] = [];
    for await (const piece of this) pieces.push(piece);
    return pieces;
  }

  /** All pieces that are left. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<unknown> {
    let failure: unknown;
    this.once("error", (error) => failure = error);
    try {
      while (true) {
        await Promise.resolve();
        const piece = this.read();
        if (piece !== null) {
          yield piece;
          continue;
        }
        // An error is told a turn after it has ended the stream.
        await Promise.resolve();
        if (failure !== undefined) throw failure;
        return;
      }
    } finally {
      this.destroy();
    }
  }

  #open(): void {
    if (this.#isDestroyed) return;
    try {
      const fd = this.#end.open();
      this.emit("open", fd);
      this.emit("ready");
    } catch (error) {
      this.destroy(error);
    }
  }

  /** One piece for each turn, so that others get theirs. */
  #schedule(): void {
    if (this.#isScheduled || !this.#isFlowing) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (!this.#isFlowing || this.#isDestroyed || this.#hasEnded) return;
      const piece = this.read();
      if (piece === null) return;
      this.emit("data", piece);
      this.#schedule();
    });
  }

  #next(): unknown {
    while (true) {
      const piece = this.#end.read();
      if (this.#decoder === undefined) return piece;
      const text = piece === null ? this.#decoder.end() : this.#decoder.decode(piece);
      if (text !== "") return text;
      if (piece === null) return null;
    }
  }

  #finish(): void {
    this.#hasEnded = true;
    queueMicrotask(() => {
      this.emit("end");
      if (this.#end.autoClose) this.destroy();
    });
  }
}

/** What it tells. */
export interface ReadStream extends Emitter {}

emitEvents(ReadStream.prototype);

const { on } = ReadStream.prototype;

/** A listener for pieces lets them flow. */
ReadStream.prototype.on = function (this: ReadStream, event: string, listener: Listener) {
  on.call(this, event, listener);
  if (event === "data") this.resume();
  return this;
};

/** The error of a stream that was closed before its end. */
export function prematureClose(): Error {
  return stateError("ERR_STREAM_PREMATURE_CLOSE", "Premature close");
}
