/**
 * An open file of `node:fs/promises`.
 *
 * @module
 */

import { bytesOf, optionsOf, type PathLike } from "./arguments.ts";
import type { Context } from "./context.ts";
import { emitEvents, type Emitter } from "./events.ts";
import {
  appendFile,
  close,
  fchmod,
  fchown,
  fdatasync,
  fstat,
  fsync,
  ftruncate,
  futimes,
  open,
  readAnyhow,
  readFile,
  readPart,
  readv,
  write,
  writeFile,
  writev,
} from "./file_functions.ts";
import type { BigIntStats, Stats } from "./stats.ts";
import { createReadStream, createWriteStream, type NodeStream } from "./streams.ts";
import { decode } from "./encoding.ts";

/** Bytes that are read where nobody says how many. */
const READ_BYTES = 16 * 1024;

/** The number of a handle that is closed. */
const CLOSED = -1;

/** An open file whose methods answer by promises. It tells `"close"`. */
export class FileHandle {
  readonly #context: Context;
  #fd: number;

  /** Made by `promises.open`. */
  constructor(context: Context, fd: number) {
    this.#context = context;
    this.#fd = fd;
  }

  /** The number of the open file; -1 when it is closed. */
  get fd(): number {
    return this.#fd;
  }

  /** Writes at the end. */
  appendFile(data: unknown, options?: unknown): Promise<void> {
    return answer(() => appendFile(this.#context, this.#fd, data, options));
  }

  /** Sets the permissions. */
  chmod(mode: unknown): Promise<void> {
    return answer(() => fchmod(this.#context, this.#fd, mode));
  }

  /** Sets owner and group. */
  chown(uid: unknown, gid: unknown): Promise<void> {
    return answer(() => fchown(this.#context, this.#fd, uid, gid));
  }

  /** Closes the file; a second time does nothing. */
  close(): Promise<void> {
    return answer(() => {
      const fd = this.#fd;
      if (fd === CLOSED) return;
      this.#fd = CLOSED;
      close(this.#context, fd);
      this.emit("close");
    });
  }

  /** Returns when the data would survive the death of the process. */
  datasync(): Promise<void> {
    return answer(() => fdatasync(this.#context, this.#fd));
  }

  /** Returns when everything would survive the death of the process. */
  sync(): Promise<void> {
    return answer(() => fsync(this.#context, this.#fd));
  }

  /** Reads into a part of a buffer; all of it may stand in options. */
  read(
    buffer?: unknown,
    offset?: unknown,
    length?: unknown,
    position?: unknown,
  ): Promise<{ bytesRead: number; buffer: unknown }> {
    return answer(() => {
      const [context, fd] = [this.#context, this.#fd];
      const [bytesRead, target] = readAnyhow(context, fd, buffer, offset, length, position);
      return { bytesRead, buffer: target };
    });
  }

  /** Reads into buffers, one after the other. */
  readv(
    buffers: readonly unknown[],
    position?: unknown,
  ): Promise<{ bytesRead: number; buffers: readonly unknown[] }> {
    return answer(() => {
      return { bytesRead: readv(this.#context, this.#fd, buffers, position), buffers };
    });
  }

  /** What is left of the file. */
  readFile(options?: unknown): Promise<string | Uint8Array> {
    return answer(() => readFile(this.#context, this.#fd, options));
  }

  /** The lines of what is left of the file. */
  async *readLines(options?: unknown): AsyncIterableIterator<string> {
    const content = await this.readFile(options);
    const text = typeof content === "string" ? content : decode(bytesOf(content));
    const lines = text.split(/\r\n|\n|\r/);
    if (lines.at(-1) === "") lines.pop();
    yield* lines;
  }

  /** The rest of the file as a web stream of bytes. */
  readableWebStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const descriptor = this.#context.descriptors.get(this.#fd, "read");
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        const bytes = new Uint8Array(READ_BYTES);
        const count = readPart(descriptor, bytes, undefined);
        if (count > 0) return controller.enqueue(bytes.subarray(0, count));
        controller.close();
        controller.byobRequest?.respond(0);
      },
    });
  }

  /** Tells about the file. */
  stat(options?: { bigint?: boolean }): Promise<Stats | BigIntStats> {
    return answer(() => fstat(this.#context, this.#fd, options));
  }

  /** Makes the file longer, with a hole, or shorter. */
  truncate(length?: unknown): Promise<void> {
    return answer(() => ftruncate(this.#context, this.#fd, length));
  }

  /** Sets the times. */
  utimes(atime: unknown, mtime: unknown): Promise<void> {
    return answer(() => futimes(this.#context, this.#fd, atime, mtime));
  }

  /** Writes text, or a part of a buffer. */
  write(
    data: unknown,
    offset?: unknown,
    length?: unknown,
    position?: unknown,
  ): Promise<{ bytesWritten: number; buffer: unknown }> {
    return answer(() => {
      const bytesWritten = write(this.#context, this.#fd, data, offset, length, position);
      return { bytesWritten, buffer: data };
    });
  }

  /** Writes to the file from its position on. */
  writeFile(data: unknown, options?: unknown): Promise<void> {
    return answer(() => writeFile(this.#context, this.#fd, data, options));
  }

  /** Writes buffers, one after the other. */
  writev(
    buffers: readonly unknown[],
    position?: unknown,
  ): Promise<{ bytesWritten: number; buffers: readonly unknown[] }> {
    return answer(() => {
      return { bytesWritten: writev(this.#context, this.#fd, buffers, position), buffers };
    });
  }

  /** A stream that reads the file. */
  createReadStream(options?: unknown): NodeStream {
    return createReadStream(this.#context, "", { ...optionsOf(options), fd: this });
  }

  /** A stream that writes the file. */
  createWriteStream(options?: unknown): NodeStream {
    return createWriteStream(this.#context, "", { ...optionsOf(options), fd: this });
  }

  /** Closes the file unless it is closed. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What a handle tells of. */
export interface FileHandle extends Emitter {}

emitEvents(FileHandle.prototype);

/** Opens a file. */
export function openHandle(
  context: Context,
  path: PathLike,
  flags?: unknown,
  mode?: unknown,
): FileHandle {
  return new FileHandle(context, open(context, path, flags, mode));
}

function answer<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => resolve(act()));
}
