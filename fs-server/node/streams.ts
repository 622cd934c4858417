/**
 * `createReadStream` and `createWriteStream`: streams of our own, or of the classes of `node:stream`
 * if the caller has given them.
 *
 * @module
 */

import { encodingIn, type Options, optionsOf, type PathLike } from "./arguments.ts";
import type { Context, StreamClasses } from "./context.ts";
import type { Emitter } from "./events.ts";
import { prematureClose, ReadStream } from "./read_stream.ts";
import { StreamEnd } from "./stream_ends.ts";
import { WriteStream } from "./write_stream.ts";

/** A stream, of our own or of Node's classes. */
export type NodeStream = Emitter;

/** What Node's classes hand to the functions that they are built of. */
type Done = (error?: unknown, value?: unknown) => void;

/** A stream that reads a file. */
export function createReadStream(
  context: Context,
  path: PathLike,
  options?: unknown,
): NodeStream {
  const given = optionsOf(options);
  const encoding = encodingIn(given);
  const end = new StreamEnd(context, path, { options: given, otherwise: "r" });
  const stream = context.streams === undefined
    ? new ReadStream(end, encoding)
    : nodeReadable(context.streams, end, given);
  return abortable(stream, given);
}

/** A stream that writes a file. */
export function createWriteStream(
  context: Context,
  path: PathLike,
  options?: unknown,
): NodeStream {
  const given = optionsOf(options);
  const encoding = encodingIn(given);
  const end = new StreamEnd(context, path, { options: given, otherwise: "w" });
  const stream = context.streams === undefined
    ? new WriteStream(end, encoding)
    : nodeWritable(context.streams, end, given);
  return abortable(stream, given);
}

/** What Node's streams have beyond events. */
interface Destroyable extends Emitter {
  destroy(error?: unknown): unknown;
}

interface NodeReadable extends Destroyable {
  push(piece: unknown): boolean;
  readonly readableEnded: boolean;
}

interface NodeWritable extends Destroyable {
  end(): unknown;
}

function nodeReadable(classes: StreamClasses, end: StreamEnd, options: Options): NodeReadable {
  const stream = new classes.Readable({
    encoding: options["encoding"],
    highWaterMark: end.pieceBytes,
    emitClose: options["emitClose"] !== false,
    autoDestroy: end.autoClose,
    ...life(() => stream, end),
    read: (byteLength: number) => {
      try {
        stream.push(end.read(byteLength));
      } catch (error) {
        stream.destroy(error);
      }
    },
  }) as NodeReadable;
  describe(stream, end, "bytesRead");
  return Object.assign(stream, {
    close(callback?: (error: unknown) => void) {
      const tell = () => callback?.(stream.readableEnded ? null : prematureClose());
      stream.once("close", tell);
      stream.destroy();
    },
  });
}

function nodeWritable(classes: StreamClasses, end: StreamEnd, options: Options): NodeWritable {
  const stream = new classes.Writable({
    highWaterMark: options["highWaterMark"],
    defaultEncoding: options["encoding"] ?? "utf8",
    decodeStrings: true,
    emitClose: options["emitClose"] !== false,
    autoDestroy: end.autoClose,
    ...life(() => stream, end),
    write: (piece: Uint8Array, _encoding: unknown, done: Done) => {
      try {
        end.write(piece);
      } catch (error) {
        return done(error);
      }
      done(null);
    },
  }) as NodeWritable;
  describe(stream, end, "bytesWritten");
  return Object.assign(stream, {
    close(callback?: (error: unknown) => void) {
      if (callback !== undefined) stream.once("close", () => callback(null));
      if (!end.autoClose) stream.once("finish", () => stream.destroy());
      stream.end();
    },
  });
}

/** How a stream of Node opens its file and closes it. */
function life(stream: () => Emitter, end: StreamEnd) {
  return {
    construct: (done: Done) => {
      try {
        const fd = end.open();
        done();
        stream().emit("open", fd);
        stream().emit("ready");
      } catch (error) {
        done(error);
      }
    },
    destroy: (cause: unknown, done: Done) => {
      try {
        end.close();
      } catch (error) {
        return done(cause ?? error);
      }
      done(cause);
    },
  };
}

function describe(stream: object, end: StreamEnd, bytes: string): void {
  Object.defineProperties(stream, {
    path: { value: end.path, enumerable: true },
    fd: { get: () => end.fd ?? null, enumerable: true },
    pending: { get: () => end.fd === undefined, enumerable: true },
    [bytes]: { get: () => end.bytes, enumerable: true },
  });
}

/** A signal among the options ends the stream. */
function abortable<T extends Destroyable>(stream: T, options: Options): T {
  const { signal } = options;
  if (!(signal instanceof AbortSignal)) return stream;
  const abort = () => {
    const error = new Error("The operation was aborted", { cause: signal.reason });
    stream.destroy(Object.assign(error, { name: "AbortError", code: "ABORT_ERR" }));
  };
  if (signal.aborted) queueMicrotask(abort);
  else signal.addEventListener("abort", abort, { once: true });
  return stream;
}
