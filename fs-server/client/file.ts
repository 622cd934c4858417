/**
 * One open file of a client, with a position of its own.
 *
 * @module
 */

import { type Client, OsError } from "@hako/ipc";
import { type FileInfo, infoOf } from "./info.ts";
import type { FileSystem } from "../protocol.ts";

/** How a file's bytes travel. */
export interface Transfer {
  /** The file server. */
  readonly client: Client<FileSystem>;
  /** The app's window: I/O on views of it is copy-free. */
  readonly window: Uint8Array;
  /** The part of the window through which other bytes are copied. */
  readonly staging: Uint8Array;
}

/** What `open` answered. */
export interface OpenedFile {
  /** The server's number for it. */
  readonly handle: number;
  /** Bytes when it was opened. */
  readonly size: number;
  /** For error messages. */
  readonly path: string;
}

/** Where a seek starts; the numbers of `Deno.SeekMode`. */
export type SeekWhence = 0 | 1 | 2;

/** An open file; as `Deno.FsFile`. */
export class FsFile implements Disposable {
  readonly #transfer: Transfer;
  readonly #opened: OpenedFile;
  #position = 0;
  #isClosed = false;

  /** Made by `FileSystemClient.openSync`. */
  constructor(transfer: Transfer, opened: OpenedFile) {
    this.#transfer = transfer;
    this.#opened = opened;
  }

  /** The server's number for this open file. */
  get handle(): number {
    return this.#opened.handle;
  }

  /** Bytes in the file when it was opened. */
  get sizeAtOpen(): number {
    return this.#opened.size;
  }

  /**
   * Reads into a buffer; answers the count, or `null` at the end.
   *
   * @param offset Where in the file; by default at the position, which then moves on.
   */
  readSync(buffer: Uint8Array, offset?: number): number | null {
    if (buffer.byteLength === 0) return 0;
    const from = offset ?? this.#position;
    const count = this.#read(buffer, from);
    if (offset === undefined) this.#position = from + count;
    return count === 0 ? null : count;
  }

  /**
   * Writes from a buffer; answers the count, which may be less than asked for.
   *
   * @param offset Where in the file; by default at the position, which then moves on. A file
   *   opened with `append` is written at its end in any case.
   */
  writeSync(buffer: Uint8Array, offset?: number): number {
    const from = offset ?? this.#position;
    const { staging } = this.#transfer;
    let done = 0;
    while (done < buffer.byteLength) {
      const isOurs = this.#isOurs(buffer);
      const most = isOurs ? buffer.byteLength : done + staging.byteLength;
      const part = buffer.subarray(done, most);
      const source = isOurs ? part : staging.subarray(0, part.byteLength);
      if (!isOurs) source.set(part);
      const count = this.#write(source, from + done);
      done += count;
      if (count < part.byteLength) break;
    }
    if (offset === undefined) this.#position = from + done;
    return done;
  }

  /** Writes all of a buffer at the position. */
  writeAllSync(buffer: Uint8Array): void {
    for (let done = 0; done < buffer.byteLength;) done += this.writeSync(buffer.subarray(done));
  }

  /**
   * All bytes from the position to the end, in memory of their own.
   *
   * @param size Bytes in the file, if the caller knows; otherwise the server is asked.
   */
  readAllSync(size: number = this.statSync().size): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, size - this.#position));
    let done = 0;
    while (done < bytes.byteLength) {
      const count = this.readSync(bytes.subarray(done));
      if (count === null) return bytes.slice(0, done);
      done += count;
    }
    return bytes;
  }

  /** Moves the position; answers the new one. Whence 0: from the start, 1: from here, 2: the end. */
  seekSync(offset: number, whence: SeekWhence = 0): number {
    let base = 0;
    if (whence === 1) base = this.#position;
    if (whence === 2) base = this.statSync().size;
    if (!Number.isSafeInteger(base + offset) || base + offset < 0) {
      throw new OsError("EINVAL", `seek '${this.#opened.path}' to ${base + offset}`);
    }
    this.#position = base + offset;
    return this.#position;
  }

  /** Tells about the open file. */
  statSync(): FileInfo {
    return infoOf(this.#transfer.client.callSync("fstat", { handle: this.handle }));
  }

  /** Makes the file longer, with a hole, or shorter. */
  truncateSync(size = 0): void {
    this.#transfer.client.callSync("truncate", { handle: this.handle, size });
  }

  /** Returns when everything done before would survive the death of the process. */
  syncSync(): void {
    this.#transfer.client.callSync("fsync", { handle: this.handle });
  }

  /** Closes the file. */
  close(): void {
    if (this.#isClosed) throw new OsError("EBADF", `close '${this.#opened.path}' twice`);
    this.#isClosed = true;
    this.#transfer.client.callSync("close", { handle: this.handle });
  }

  /** Closes the file unless it is closed. */
  [Symbol.dispose](): void {
    if (!this.#isClosed) this.close();
  }

  #isOurs(buffer: Uint8Array): boolean {
    return buffer.buffer === this.#transfer.window.buffer;
  }

  #read(buffer: Uint8Array, from: number): number {
    const { client, staging } = this.#transfer;
    const { handle } = this;
    if (this.#isOurs(buffer)) {
      return client.callSync("read", { handle, offset: from, target: buffer });
    }
    let done = 0;
    while (done < buffer.byteLength) {
      const target = staging.subarray(0, Math.min(staging.byteLength, buffer.byteLength - done));
      const count = client.callSync("read", { handle, offset: from + done, target });
      buffer.set(target.subarray(0, count), done);
      done += count;
      if (count < target.byteLength) break;
    }
    return done;
  }

  #write(source: Uint8Array, offset: number): number {
    const { handle } = this;
    return this.#transfer.client.callSync("write", { handle, offset, append: false, source });
  }
}
