/**
 * One open file of a client, with a position of its own.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Connection } from "./connection.ts";
import type { FileCalls, FileRange, RangeLock, StandingLock } from "./file_calls.ts";
import { type FileInfo, infoOf, type Moment } from "./info.ts";
import type { OpenFile } from "./open_file.ts";
import { NOT_CACHED } from "./page_cache.ts";
import type { Steps } from "./steps.ts";
import { ATTRIBUTES_BYTES } from "../layouts/attributes.ts";
import { LOCK } from "../protocol.ts";

/** The record of one file at a time. */
const record = new Uint8Array(ATTRIBUTES_BYTES);

/** Where a seek starts; the numbers of `Deno.SeekMode`. */
export type SeekWhence = 0 | 1 | 2;

/** Bytes of a file in the window, for reading in place. */
export class FileMapping implements Disposable {
  /** The bytes. To be read only: they are nobody's copy. */
  readonly bytes: Uint8Array;
  readonly #end: () => void;
  #isOver = false;

  /** Made by `FsFile.mapSync` and `FsFile.lendSync`. */
  constructor(bytes: Uint8Array, end: () => void) {
    this.bytes = bytes;
    this.#end = end;
  }

  /** Gives the bytes back: from now on they may become others. */
  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end();
  }
}

/** An open file; as `Deno.FsFile`. */
export class FsFile implements Disposable {
  readonly #connection: Connection;
  readonly #calls: FileCalls;
  readonly #file: OpenFile;
  #position = 0;
  #isClosed = false;

  /** Made by `FileSystemClient.openSync`. */
  constructor(connection: Connection, file: OpenFile) {
    this.#connection = connection;
    this.#calls = file.calls;
    this.#file = file;
  }

  /** The server's number for this open file. */
  get handle(): number {
    return this.#calls.handle;
  }

  /** Bytes in the file when it was opened. */
  get sizeAtOpen(): number {
    return this.#file.opened.size;
  }

  /**
   * Reads into a buffer; answers the count, or `null` at the end.
   *
   * @param offset Where in the file; by default at the position, which then moves on.
   */
  readSync(buffer: Uint8Array, offset?: number): number | null {
    if (buffer.byteLength === 0) return 0;
    const from = offset ?? this.#position;
    let count = this.#file.readHere(buffer, from);
    if (count === NOT_CACHED) count = this.#run(this.#file.read(buffer, from));
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
    let count = this.#file.writeHere(buffer, from);
    if (count === NOT_CACHED) count = this.#run(this.#file.write(buffer, from));
    if (offset === undefined) {
      this.#position = this.#file.isAppend ? this.sizeSync() : from + count;
    }
    return count;
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
  readAllSync(size: number = this.sizeSync()): Uint8Array {
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
    if (whence === 2) base = this.sizeSync();
    if (!Number.isSafeInteger(base + offset) || base + offset < 0) {
      throw new OsError("EINVAL", `seek '${this.#calls.path}' to ${base + offset}`);
    }
    this.#position = base + offset;
    return this.#position;
  }

  /** The next byte at or behind `offset` that lies in a hole. */
  seekHoleSync(offset: number): number {
    return this.#run(this.#calls.seek(offset, true));
  }

  /** The next byte at or behind `offset` that lies in no hole. @throws {OsError} `ENXIO`: none. */
  seekDataSync(offset: number): number {
    return this.#run(this.#calls.seek(offset, false));
  }

  /** Tells about the open file. */
  statSync(): FileInfo {
    if (this.#file.statHere(record)) return infoOf(record);
    return this.#run(this.#calls.stat());
  }

  /** Bytes in the file. */
  sizeSync(): number {
    const size = this.#file.sizeHere();
    return size === NOT_CACHED ? this.#run(this.#file.size()) : size;
  }

  /** Makes the file longer, with a hole, or shorter. */
  truncateSync(size = 0): void {
    this.#run(this.#calls.truncate(size));
  }

  /** Takes blocks for a range, punches a hole or zeroes: bits of `ALLOCATE`. */
  allocateSync(range: FileRange, flags = 0): void {
    this.#run(this.#calls.allocate(flags, range));
  }

  /** Returns when everything done before would survive the death of the process. */
  syncSync(): void {
    this.#run(this.#calls.sync(false));
  }

  /** The same for the data and what is needed to read it. */
  syncDataSync(): void {
    this.#run(this.#calls.sync(true));
  }

  /** Sets times; `null` leaves one as it is, `"now"` is the server's clock. */
  utimeSync(atime: Moment | "now" | null, mtime: Moment | "now" | null): void {
    this.#run(this.#calls.utime(atime, mtime));
  }

  /** Sets the permissions. */
  chmodSync(mode: number): void {
    this.#run(this.#calls.chmod(mode));
  }

  /** Sets owner and group; `null` leaves one as it is. */
  chownSync(uid: number | null, gid: number | null): void {
    this.#run(this.#calls.chown(uid, gid));
  }

  /** Locks the whole file, against files opened elsewhere or again, and waits for it. */
  lockSync(exclusive = false): void {
    this.#run(this.#calls.flock(exclusive ? LOCK.exclusive : LOCK.shared, true));
  }

  /** The same without waiting; answers whether it has the lock. */
  tryLockSync(exclusive = false): boolean {
    return this.#isDone(this.#calls.flock(exclusive ? LOCK.exclusive : LOCK.shared, false));
  }

  /** Lets go of the lock on the whole file. */
  unlockSync(): void {
    this.#run(this.#calls.flock(LOCK.none, false));
  }

  /** Locks a range, against other owners, and waits for it. */
  lockRangeSync(lock: RangeLock): void {
    this.#run(this.#calls.lockRange(lock, true));
  }

  /** The same without waiting; answers whether it has the lock. */
  tryLockRangeSync(lock: RangeLock): boolean {
    return this.#isDone(this.#calls.lockRange(lock, false));
  }

  /** Lets go of a range. */
  unlockRangeSync(owner: number, range: FileRange): void {
    this.#run(this.#calls.unlockRange(owner, range));
  }

  /** The first lock that stands in the way of such a one. */
  testLockSync(lock: RangeLock): StandingLock | undefined {
    return this.#run(this.#calls.testLock(lock));
  }

  /**
   * The bytes of a range in the window, for reading in place without requests: they change whenever
   * somebody writes to the file, until the mapping is disposed of or the file closed. What lies
   * behind the end of the file is zero.
   *
   * @throws {RangeError} The window has not that much left.
   */
  mapSync(offset: number, byteLength: number): FileMapping {
    const connection = this.#connection;
    const run = connection.takeRun(byteLength);
    try {
      this.#run(this.#calls.map(offset, run));
    } catch (error) {
      connection.putRun(run);
      throw error;
    }
    return new FileMapping(run.subarray(0, byteLength), () => {
      if (!this.#isClosed) this.#run(this.#calls.unmap(run));
      connection.putRun(run);
    });
  }

  /**
   * The bytes of a range where they lie in the window, as they are now: a read without a copy. They
   * stay so until they are given back, unless this program itself writes there.
   *
   * @returns Fewer bytes at the end of the file.
   */
  lendSync(offset: number, byteLength: number): FileMapping {
    const { bytes, end } = this.#run(this.#file.lend(offset, byteLength));
    return new FileMapping(bytes, end);
  }

  /** Closes the file. */
  close(): void {
    if (this.#isClosed) throw new OsError("EBADF", `close '${this.#calls.path}' twice`);
    this.#isClosed = true;
    this.#file.leave();
    this.#connection.post("close", { handle: this.handle });
  }

  /** Closes the file unless it is closed. */
  [Symbol.dispose](): void {
    if (!this.#isClosed) this.close();
  }

  #run<T>(steps: Steps<T>): T {
    return this.#connection.run(steps);
  }

  #isDone(steps: Steps<unknown>): boolean {
    try {
      this.#run(steps);
      return true;
    } catch (error) {
      if (error instanceof OsError && error.code === "EAGAIN") return false;
      throw error;
    }
  }
}
