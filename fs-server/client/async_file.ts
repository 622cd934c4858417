/**
 * One open file of an asynchronous client.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Connection } from "./connection.ts";
import type { FileCalls, FileRange, RangeLock, StandingLock } from "./file_calls.ts";
import type { SeekWhence } from "./file.ts";
import type { FileInfo, Moment } from "./info.ts";
import type { OpenFile } from "./open_file.ts";
import type { Steps } from "./steps.ts";
import { LOCK } from "../protocol.ts";

/** Bytes of a chunk of a stream. */
const CHUNK_BYTES = 64 * 1024;

/** An open file whose functions answer promises; as `Deno.FsFile`. */
export class AsyncFsFile implements AsyncDisposable, Disposable {
  readonly #connection: Connection;
  readonly #calls: FileCalls;
  readonly #file: OpenFile;
  #position = 0;
  #isClosed = false;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  /** Made by `AsyncFileSystemClient.open`. */
  constructor(connection: Connection, file: OpenFile) {
    this.#connection = connection;
    this.#calls = file.calls;
    this.#file = file;
  }

  /** The server's number for this open file. */
  get handle(): number {
    return this.#calls.handle;
  }

  /** The bytes from the position on, in chunks. The file is closed at its end. */
  get readable(): ReadableStream<Uint8Array> {
    this.#readable ??= new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const chunk = new Uint8Array(CHUNK_BYTES);
        const count = await this.read(chunk);
        if (count !== null) return controller.enqueue(chunk.subarray(0, count));
        this.#closeOnce();
        controller.close();
      },
      cancel: () => this.#closeOnce(),
    }, { highWaterMark: 0 });
    return this.#readable;
  }

  /** Takes bytes for the position and what is behind it. The file is closed with it. */
  get writable(): WritableStream<Uint8Array> {
    this.#writable ??= new WritableStream<Uint8Array>({
      write: (chunk) => this.writeAll(chunk),
      close: () => this.#closeOnce(),
      abort: () => this.#closeOnce(),
    });
    return this.#writable;
  }

  /**
   * Reads into a buffer; answers the count, or `null` at the end.
   *
   * @param offset Where in the file; by default at the position, which then moves on.
   */
  read(buffer: Uint8Array, offset?: number): Promise<number | null> {
    if (buffer.byteLength === 0) return Promise.resolve(0);
    return this.#promise(() => this.#readSteps(buffer, offset));
  }

  /** Writes from a buffer; answers the count, which is less if the disk got full. */
  write(buffer: Uint8Array, offset?: number): Promise<number> {
    return this.#promise(() => this.#writeSteps(buffer, offset));
  }

  /** Writes all of a buffer at the position. */
  async writeAll(buffer: Uint8Array): Promise<void> {
    for (let done = 0; done < buffer.byteLength;) {
      const count = await this.write(buffer.subarray(done));
      if (count === 0) throw this.#calls.named(new OsError("ENOSPC", "write"), "write");
      done += count;
    }
  }

  /** Moves the position; answers the new one. Whence 0: from the start, 1: from here, 2: the end. */
  async seek(offset: number, whence: SeekWhence = 0): Promise<number> {
    let base = 0;
    if (whence === 1) base = this.#position;
    if (whence === 2) base = await this.#promise(() => this.#file.size());
    if (!Number.isSafeInteger(base + offset) || base + offset < 0) {
      throw new OsError("EINVAL", `seek '${this.#calls.path}' to ${base + offset}`);
    }
    this.#position = base + offset;
    return this.#position;
  }

  /** The next byte at or behind `offset` that lies in a hole. */
  seekHole(offset: number): Promise<number> {
    return this.#promise(() => this.#calls.seek(offset, true));
  }

  /** The next byte at or behind `offset` that lies in no hole. @throws {OsError} `ENXIO`: none. */
  seekData(offset: number): Promise<number> {
    return this.#promise(() => this.#calls.seek(offset, false));
  }

  /** Tells about the open file. */
  stat(): Promise<FileInfo> {
    return this.#promise(() => this.#calls.stat());
  }

  /** Makes the file longer, with a hole, or shorter. */
  truncate(size = 0): Promise<void> {
    return this.#done(() => this.#calls.truncate(size));
  }

  /** Takes blocks for a range, punches a hole or zeroes: bits of `ALLOCATE`. */
  allocate(range: FileRange, flags = 0): Promise<void> {
    return this.#done(() => this.#calls.allocate(flags, range));
  }

  /** Resolves when everything done before would survive the death of the process. */
  sync(): Promise<void> {
    return this.#done(() => this.#calls.sync(false));
  }

  /** The same for the data and what is needed to read it. */
  syncData(): Promise<void> {
    return this.#done(() => this.#calls.sync(true));
  }

  /** Sets times; `null` leaves one as it is, `"now"` is the server's clock. */
  utime(atime: Moment | "now" | null, mtime: Moment | "now" | null): Promise<void> {
    return this.#done(() => this.#calls.utime(atime, mtime));
  }

  /** Sets the permissions. */
  chmod(mode: number): Promise<void> {
    return this.#done(() => this.#calls.chmod(mode));
  }

  /** Sets owner and group; `null` leaves one as it is. */
  chown(uid: number | null, gid: number | null): Promise<void> {
    return this.#done(() => this.#calls.chown(uid, gid));
  }

  /** Locks the whole file, against files opened elsewhere or again; others go on meanwhile. */
  async lock(exclusive = false): Promise<void> {
    const kind = exclusive ? LOCK.exclusive : LOCK.shared;
    await this.#connection.promiseAtOnce(this.#calls.flock(kind, true));
  }

  /** Lets go of the lock on the whole file. */
  unlock(): Promise<void> {
    return this.#done(() => this.#calls.flock(LOCK.none, false));
  }

  /** Locks a range, against other owners; others go on meanwhile. */
  async lockRange(lock: RangeLock): Promise<void> {
    await this.#connection.promiseAtOnce(this.#calls.lockRange(lock, true));
  }

  /** Lets go of a range. */
  unlockRange(owner: number, range: FileRange): Promise<void> {
    return this.#done(() => this.#calls.unlockRange(owner, range));
  }

  /** The first lock that stands in the way of such a one. */
  testLock(lock: RangeLock): Promise<StandingLock | undefined> {
    return this.#promise(() => this.#calls.testLock(lock));
  }

  /** Closes the file, after what was asked for before. */
  close(): Promise<void> {
    if (this.#isClosed) {
      return Promise.reject(new OsError("EBADF", `close '${this.#calls.path}' twice`));
    }
    this.#isClosed = true;
    return this.#done(() => this.#closeSteps());
  }

  /** Closes the file unless it is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) await this.close();
  }

  /** Closes the file unless it is closed; what was asked for before may still be under way. */
  [Symbol.dispose](): void {
    this.#closeOnce();
  }

  *#readSteps(buffer: Uint8Array, offset: number | undefined): Steps<number | null> {
    const from = offset ?? this.#position;
    const count = yield* this.#file.read(buffer, from);
    if (offset === undefined) this.#position = from + count;
    return count === 0 ? null : count;
  }

  *#writeSteps(buffer: Uint8Array, offset: number | undefined): Steps<number> {
    const from = offset ?? this.#position;
    const count = yield* this.#file.write(buffer, from);
    if (offset !== undefined) return count;
    this.#position = this.#file.isAppend ? yield* this.#file.size() : from + count;
    return count;
  }

  *#closeSteps(): Steps<void> {
    this.#file.leave();
    yield* this.#calls.close();
  }

  #closeOnce(): void {
    if (!this.#isClosed) this.close().catch(() => {});
  }

  #promise<T>(begin: () => Steps<T>): Promise<T> {
    return this.#connection.promise(begin);
  }

  async #done(begin: () => Steps<unknown>): Promise<void> {
    await this.#connection.promise(begin);
  }
}
