/**
 * The operations on an open file, as steps.
 *
 * @module
 */

import { OsError, type Reply, type Request } from "@hako/ipc";
import { timesOf } from "./calls.ts";
import { named } from "./file_error.ts";
import { type FileInfo, infoOf, type Moment } from "./info.ts";
import type { Places } from "./places.ts";
import { ask, type OperationName, type Steps } from "./steps.ts";
import { LOCK, type operations } from "../protocol.ts";

/** A range of a file, from `offset` on; a `byteLength` of 0 reaches to the end, wherever that is. */
export interface FileRange {
  /** Where it begins. */
  readonly offset: number;
  /** How long it is. */
  readonly byteLength: number;
}

/** A lock on a range. */
export interface RangeLock extends FileRange {
  /** Who holds it: a number of the program's own choice. */
  readonly owner: number;
  /** Whether nobody else may hold one; otherwise nobody else may hold such a one. */
  readonly isExclusive: boolean;
}

/** A lock that stands in the way. */
export interface StandingLock extends RangeLock {
  /** Whether a file of this program holds it. */
  readonly isOwnClient: boolean;
}

/** The operations on a handle. */
export class FileCalls {
  readonly handle: number;
  readonly path: string;
  readonly #window: Uint8Array;
  readonly #places: Places;

  /**
   * Calls on an open file.
   *
   * @param path For error messages.
   */
  constructor(handle: number, path: string, window: Uint8Array, places: Places) {
    this.handle = handle;
    this.path = path;
    this.#window = window;
    this.#places = places;
  }

  /** The same error with what was to be done with the file. */
  named(error: unknown, what: string): unknown {
    return named(error, what, this.path);
  }

  /** A byte of the window that nobody else uses while an operation is under way. */
  get placeForByte(): Uint8Array {
    return this.#places.value.subarray(0, 1);
  }

  /** Whether bytes lie in the window, so that they need not be copied. */
  isOurs(buffer: Uint8Array): boolean {
    return buffer.buffer === this.#window.buffer;
  }

  /** Fills a buffer from `offset` on; answers the count, which is less only at the end. */
  *read(buffer: Uint8Array, offset: number): Steps<number> {
    const { handle } = this;
    if (this.isOurs(buffer)) return yield* this.#on("read", { handle, offset, target: buffer });
    const { staging } = this.#places;
    let done = 0;
    while (done < buffer.byteLength) {
      const target = staging.subarray(0, Math.min(staging.byteLength, buffer.byteLength - done));
      const count = yield* this.#on("read", { handle, offset: offset + done, target });
      buffer.set(target.subarray(0, count), done);
      done += count;
      if (count < target.byteLength) break;
    }
    return done;
  }

  /** Writes a buffer; answers the count, which is less if the disk got full. */
  *write(buffer: Uint8Array, offset: number, append = false): Steps<number> {
    const { handle } = this;
    const { staging } = this.#places;
    const isOurs = this.isOurs(buffer);
    let done = 0;
    while (done < buffer.byteLength) {
      const most = isOurs ? buffer.byteLength : done + staging.byteLength;
      const part = buffer.subarray(done, most);
      const source = isOurs ? part : staging.subarray(0, part.byteLength);
      if (!isOurs) source.set(part);
      const request = { handle, offset: offset + done, append, source, keepTimes: false };
      let count: number;
      try {
        count = yield* this.#on("write", request);
      } catch (error) {
        if (done > 0 && error instanceof OsError) break;
        throw error;
      }
      done += count;
      if (count === 0) break;
    }
    return done;
  }

  /** Tells about the file. */
  *stat(): Steps<FileInfo> {
    return infoOf((yield* this.#on("fstat", { handle: this.handle }, "stat")).attributes);
  }

  /** Makes it longer, with a hole, or shorter. */
  *truncate(size: number): Steps<number> {
    return yield* this.#on("truncate", { handle: this.handle, size });
  }

  /** Makes it durable; with `dataOnly` no more of the inode than is needed to read the data. */
  *sync(dataOnly: boolean): Steps<number> {
    return yield* this.#on("fsync", { handle: this.handle, dataOnly });
  }

  /** Sets times; `null` leaves one as it is, `"now"` is the server's clock. */
  *utime(atime: Moment | "now" | null, mtime: Moment | "now" | null): Steps<number> {
    return yield* this.#on("utimens", { ...this.#itself(), ...timesOf(atime, mtime, true) });
  }

  /** Sets permissions. */
  *chmod(mode: number): Steps<number> {
    return yield* this.#on("chmod", { ...this.#itself(), follow: true, mode });
  }

  /** Sets owner and group; `null` leaves one as it is. */
  *chown(uid: number | null, gid: number | null): Steps<number> {
    const owner = { uid: uid ?? 0xffffffff, gid: gid ?? 0xffffffff };
    return yield* this.#on("chown", { ...this.#itself(), follow: true, ...owner });
  }

  /** Takes blocks for a range, punches a hole or zeroes: bits of `ALLOCATE`. */
  *allocate(flags: number, { offset, byteLength }: FileRange): Steps<number> {
    return yield* this.#on("allocate", { handle: this.handle, flags, offset, byteLength });
  }

  /** The next byte at or behind `offset` that lies in a hole, or that does not. */
  *seek(offset: number, isHole: boolean): Steps<number> {
    return (yield* this.#on("seek", { handle: this.handle, offset, isHole })).offset;
  }

  /** Locks the whole file, or lets go of it: `LOCK`. */
  *flock(kind: number, wait: boolean): Steps<number> {
    const request = { handle: this.handle, kind, wait };
    return yield* untilDone(() => this.#on("flock", request, "lock"));
  }

  /** Locks a range, or lets go of it. */
  *lockRange(lock: RangeLock, wait: boolean): Steps<number> {
    const request = { handle: this.handle, ...this.#lock(lock), wait };
    return yield* untilDone(() => this.#on("lock", request));
  }

  /** Lets go of a range. */
  *unlockRange(owner: number, { offset, byteLength }: FileRange): Steps<number> {
    const range = { owner, kind: LOCK.none, offset, byteLength, wait: false };
    return yield* this.#on("lock", { handle: this.handle, ...range }, "unlock");
  }

  /** The first lock that stands in the way of such a one. */
  *testLock(lock: RangeLock): Steps<StandingLock | undefined> {
    const reply = yield* this.#on("testLock", { handle: this.handle, ...this.#lock(lock) });
    if (reply.kind === LOCK.none) return undefined;
    const { offset, byteLength, isOwnClient, owner, kind } = reply;
    return { offset, byteLength, isOwnClient, owner, isExclusive: kind === LOCK.exclusive };
  }

  /** Reads into a run of the window and has it kept as the file is. */
  *map(offset: number, target: Uint8Array): Steps<number> {
    return yield* this.#on("map", { handle: this.handle, offset, target });
  }

  /** Ends a mapping. */
  *unmap(target: Uint8Array): Steps<number> {
    return yield* this.#on("unmap", { handle: this.handle, target });
  }

  /** Closes the file. */
  *close(): Steps<number> {
    return yield* this.#on("close", { handle: this.handle });
  }

  #itself() {
    return { at: this.handle, as: 0, path: this.#places.nothing };
  }

  #lock({ owner, isExclusive, offset, byteLength }: RangeLock) {
    return { owner, kind: isExclusive ? LOCK.exclusive : LOCK.shared, offset, byteLength };
  }

  *#on<K extends OperationName>(
    operation: K,
    request: Request<(typeof operations)[K]>,
    what: string = operation,
  ): Steps<Reply<(typeof operations)[K]>> {
    try {
      return yield* ask(operation, request);
    } catch (error) {
      throw named(error, what, this.path);
    }
  }
}

/** Asks again whenever the server ends the wait because of further requests of this client. */
function* untilDone(asking: () => Steps<number>): Steps<number> {
  for (;;) {
    try {
      return yield* asking();
    } catch (error) {
      if (!(error instanceof OsError && error.code === "EINTR")) throw error;
    }
  }
}
