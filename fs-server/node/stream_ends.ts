/**
 * The file behind a stream: opened, read or written piece by piece, and closed.
 *
 * @module
 */

import {
  integerOf,
  type Options,
  outOfRange,
  type PathLike,
  pathOf,
  positionOf,
  shown,
  wrongType,
} from "./arguments.ts";
import type { Context } from "./context.ts";
import { descriptorOf } from "./arguments.ts";
import { close, open, readPart, writePart } from "./file_functions.ts";

/** Bytes of a piece that is read, where nobody says otherwise. */
export const PIECE_BYTES: number = 64 * 1024;

/** What a file handle has for a stream. */
interface HandleLike {
  readonly fd: number;
  close(): Promise<void>;
}

/** The file of a stream. */
export class StreamEnd {
  /** The path, as it was given. */
  readonly path: string | undefined;
  /** Whether the stream closes the file at its end. */
  readonly autoClose: boolean;
  /** Bytes of a piece. */
  readonly pieceBytes: number;
  /** Bytes read or written. */
  bytes = 0;
  readonly #context: Context;
  readonly #handle: HandleLike | undefined;
  readonly #open: () => number;
  #fd: number | undefined;
  #position: number | undefined;
  /** Bytes that may still be read. */
  #left = Infinity;

  /** The file that options of `createReadStream` or `createWriteStream` name. */
  constructor(context: Context, path: PathLike, how: { options: Options; otherwise: string }) {
    const { options, otherwise } = how;
    const { fd, start, end } = options;
    this.#context = context;
    this.autoClose = options["autoClose"] !== false;
    this.pieceBytes = integerOf(options["highWaterMark"] ?? PIECE_BYTES, "highWaterMark", {
      min: 1,
    });
    this.#position = positionOf(start, "start");
    if (end !== undefined && end !== Infinity) {
      const last = integerOf(end, "end", { min: 0 });
      if (last < (this.#position ?? 0)) {
        throw outOfRange("start", `<= "end" (here: ${last})`, start);
      }
      this.#left = last - (this.#position ?? 0) + 1;
    }
    if (fd === undefined || fd === null) {
      const given = pathOf(path);
      this.path = shown(given);
      this.#open = () => open(context, given, options["flags"] ?? otherwise, options["mode"]);
      return;
    }
    this.#handle = typeof fd === "object" ? fd as HandleLike : undefined;
    if (this.#handle === undefined && typeof fd !== "number") {
      throw wrongType("options.fd", "of type number or an instance of FileHandle", fd);
    }
    const number = descriptorOf(this.#handle?.fd ?? fd);
    this.#open = () => number;
  }

  /** The number of the file, once it is open. */
  get fd(): number | undefined {
    return this.#fd;
  }

  /** Opens the file unless it is open; answers its number. */
  open(): number {
    return this.#fd ??= this.#open();
  }

  /** The next piece; `null` at the end. */
  read(byteLength: number = this.pieceBytes): Uint8Array | null {
    const descriptor = this.#context.descriptors.get(this.open(), "read");
    const piece = new Uint8Array(Math.min(byteLength, this.#left));
    const count = readPart(descriptor, piece, this.#position);
    if (count === 0) return null;
    this.#moveBy(count);
    this.#left -= count;
    return this.#context.toBuffer(count < piece.byteLength ? piece.subarray(0, count) : piece);
  }

  /** Writes all of a piece. */
  write(piece: Uint8Array): void {
    const descriptor = this.#context.descriptors.get(this.open(), "write");
    for (let done = 0; done < piece.byteLength;) {
      const count = writePart(descriptor, piece.subarray(done), this.#position);
      this.#moveBy(count);
      done += count;
    }
  }

  /** Closes the file if it is open, and the stream's to close. */
  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd === undefined || !this.autoClose) return;
    if (this.#handle === undefined) close(this.#context, fd);
    else void this.#handle.close();
  }

  #moveBy(count: number): void {
    this.bytes += count;
    if (this.#position !== undefined) this.#position += count;
  }
}
