/**
 * A stream that writes a file, as far as `stream.Writable` of Node is commonly used.
 *
 * @module
 */

import { callbackOf, contentOf } from "./arguments.ts";
import { emitEvents, type Emitter } from "./events.ts";
import { type Encoding, encodingOf } from "./encoding.ts";
import { stateError } from "./errors.ts";
import type { StreamEnd } from "./stream_ends.ts";

/**
 * Writes a file piece by piece; each is written when it is taken. It tells `"open"`, `"ready"`,
 * `"finish"`, `"error"` and `"close"`.
 */
export class WriteStream {
  readonly #end: StreamEnd;
  #encoding: Encoding | undefined;
  #hasEnded = false;
  #isFinished = false;
  #isDestroyed = false;
  #isClosed = false;

  /** Made by `createWriteStream`. */
  constructor(end: StreamEnd, encoding: Encoding | undefined) {
    this.#end = end;
    this.#encoding = encoding;
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

  /** Bytes written so far. */
  get bytesWritten(): number {
    return this.#end.bytes;
  }

  /** Whether the file is not open yet. */
  get pending(): boolean {
    return this.fd === null;
  }

  /** Whether it was ended, by an error or by {@linkcode WriteStream.destroy}. */
  get destroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Whether all was written. */
  get writableFinished(): boolean {
    return this.#isFinished;
  }

  /** Takes text in this encoding, where none is named. */
  setDefaultEncoding(encoding: unknown): this {
    this.#encoding = encodingOf(encoding);
    return this;
  }

  /** Writes a piece; answers whether more is wanted at once, which is always so. */
  write(piece: unknown, encoding?: unknown, callback?: unknown): boolean {
    const done = typeof encoding === "function" ? encoding : callback;
    const named = typeof encoding === "function" ? undefined : encodingOf(encoding);
    const bytes = contentOf(piece, named ?? this.#encoding);
    let failure: unknown = null;
    if (this.#hasEnded) failure = stateError("ERR_STREAM_WRITE_AFTER_END", "write after end");
    else if (this.#isDestroyed) failure = destroyed();
    else failure = this.#attempt(() => this.#end.write(bytes));
    if (failure !== null) this.destroy(failure);
    if (done !== undefined) queueMicrotask(() => callbackOf(done)(failure));
    return true;
  }

  /** Takes no more; the file is closed. */
  end(piece?: unknown, encoding?: unknown, callback?: unknown): this {
    const done = [piece, encoding, callback].find((value) => typeof value === "function");
    if (piece !== undefined && piece !== null && typeof piece !== "function") {
      this.write(piece, typeof encoding === "function" ? undefined : encoding);
    }
    if (done !== undefined) this.#tellFinished(callbackOf(done));
    if (this.#hasEnded || this.#isDestroyed) return this;
    this.#hasEnded = true;
    const failure = this.#attempt(() => void this.#end.open());
    if (failure !== null) return this.destroy(failure);
    queueMicrotask(() => {
      if (this.#isDestroyed) return;
      this.#isFinished = true;
      this.emit("finish");
      if (this.#end.autoClose) this.destroy();
    });
    return this;
  }

  /** Ends it; the file is closed. */
  destroy(error?: unknown): this {
    if (this.#isDestroyed) return this;
    this.#isDestroyed = true;
    const failure = this.#attempt(() => this.#end.close());
    const cause = error ?? failure;
    queueMicrotask(() => {
      if (cause !== null && cause !== undefined) this.emit("error", cause);
      this.#isClosed = true;
      this.emit("close");
    });
    return this;
  }

  /** Takes no more, and tells when the file is closed. */
  close(callback?: unknown): void {
    if (callback !== undefined) {
      const call = callbackOf(callback);
      if (this.#isClosed) queueMicrotask(() => call(null));
      else this.once("close", () => call(null));
    }
    if (!this.#hasEnded) this.end();
    if (!this.#end.autoClose) this.once("finish", () => this.destroy());
  }

  /** Everything is written at once; does nothing. */
  cork(): void {}

  /** Everything is written at once; does nothing. */
  uncork(): void {}

  #open(): void {
    if (this.#isDestroyed) return;
    const failure = this.#attempt(() => void this.#end.open());
    if (failure !== null) {
      this.destroy(failure);
      return;
    }
    this.emit("open", this.#end.fd);
    this.emit("ready");
  }

  #tellFinished(call: (...results: unknown[]) => void): void {
    if (this.#isFinished) return queueMicrotask(() => call(null));
    if (this.#isDestroyed) return queueMicrotask(() => call(destroyed()));
    const settle = (error: unknown) => {
      this.off("finish", finished);
      this.off("error", settle);
      call(error);
    };
    const finished = () => settle(null);
    this.on("finish", finished);
    this.on("error", settle);
  }

  /** What was thrown; `null` if nothing was. */
  #attempt(act: () => void): unknown {
    try {
      act();
      return null;
    } catch (error) {
      return error;
    }
  }
}

/** What it tells. */
export interface WriteStream extends Emitter {}

emitEvents(WriteStream.prototype);

function destroyed(): Error {
  return stateError("ERR_STREAM_DESTROYED", "Cannot call write after a stream was destroyed");
}
