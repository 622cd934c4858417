/**
 * A connection as a stream of bytes, and its bytes in a buffer.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** What a connection of the host is used for here. */
export interface ByteStream {
  /** Reads what there is; `null` at the end. */
  read(target: Uint8Array): Promise<number | null>;
  /** Writes some of it; answers how much. */
  write(source: Uint8Array): Promise<number>;
  /** Ends both directions. What is under way is rejected. */
  close(): void;
}

/** Bytes read ahead. */
const BUFFER_BYTES = 64 * 1024;

/** Reads whole messages from a stream: as much as comes at once, and large payloads past its buffer. */
export class StreamReader {
  readonly #stream: ByteStream;
  readonly #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(BUFFER_BYTES);
  /** What is in the buffer, for headers. */
  readonly view: DataView = new DataView(this.#buffer.buffer);
  #start = 0;
  #end = 0;

  /** A reader that has read nothing. */
  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Where in {@linkcode view} the next byte lies. */
  get at(): number {
    return this.#start;
  }

  /** Whether so many bytes are there already. */
  has(byteLength: number): boolean {
    return this.#end - this.#start >= byteLength;
  }

  /**
   * Waits until so many bytes are in the buffer; no more than fit there.
   *
   * @throws {OsError} `ENODEV` at the end of the stream; else what the host throws.
   */
  async need(byteLength: number): Promise<void> {
    if (this.#start + byteLength > BUFFER_BYTES || this.#start === this.#end) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    while (this.#end - this.#start < byteLength) {
      this.#end += await this.#read(this.#buffer.subarray(this.#end));
    }
  }

  /** Goes past bytes that are in the buffer. */
  skip(byteLength: number): void {
    this.#start += byteLength;
  }

  /** Moves what is in the buffer into `target`; answers how much of it is there then. */
  take(target: Uint8Array): number {
    const byteLength = Math.min(target.byteLength, this.#end - this.#start);
    target.set(this.#buffer.subarray(this.#start, this.#start + byteLength));
    this.#start += byteLength;
    return byteLength;
  }

  /** Fills `target`, past the buffer where that is empty. @throws {OsError} As `need`. */
  async fill(target: Uint8Array): Promise<void> {
    for (let done = this.take(target); done < target.byteLength;) {
      done += await this.#read(target.subarray(done));
    }
  }

  /** The next bytes, as a copy. @throws {OsError} As `need`. */
  async bytes(byteLength: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(byteLength);
    await this.fill(bytes);
    return bytes;
  }

  async #read(target: Uint8Array): Promise<number> {
    const byteLength = await this.#stream.read(target);
    if (byteLength === null) throw new OsError("ENODEV", "read from the server: it hung up");
    return byteLength;
  }
}

/** Writes all of `source`. */
export async function writeAll(stream: ByteStream, source: Uint8Array): Promise<void> {
  for (let done = 0; done < source.byteLength;) done += await stream.write(source.subarray(done));
}
