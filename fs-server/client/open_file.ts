/**
 * An open file as both clients use it: through the page cache where there is a lease, by plain
 * requests where there is none.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Calls } from "./calls.ts";
import type { Connection } from "./connection.ts";
import { FileCalls } from "./file_calls.ts";
import { textOf } from "./file_error.ts";
import { type CachedFile, mayAsk } from "./cached_file.ts";
import { NOT_CACHED, type PageCache } from "./page_cache.ts";
import type { Path } from "./places.ts";
import { ask, type Steps } from "./steps.ts";
import { ATTRIBUTE } from "../layouts/attributes.ts";
import { FRAME_BYTES } from "../layouts/session.ts";
import { LEASE, OPEN } from "../protocol.ts";

/** From so many bytes on, I/O on views of the window goes past the cache, without a copy. */
const DIRECT_BYTES = 64 * 1024;

/** Pages read ahead of a program that reads a file from its beginning to its end. */
const AHEAD_PAGES_MAX = 32;

/** How often an operation asks for what it needs to be done in the window. */
const TRIES_MAX = 3;

/** Opens a file, with a lease if that can be had. */
export function* openFile(
  connection: Connection,
  calls: Calls,
  path: Path,
  flags: number,
  mode: number,
): Steps<OpenFile> {
  const isPlain = (flags & (OPEN.path | OPEN.directory)) !== 0;
  const cache = isPlain ? undefined : yield* connection.attached();
  const slot = cache?.nominate((slot) => {
    connection.post("writeBack", { slot, release: true });
  }) ?? -1;
  const { handle, attributes } = yield* calls.open(path, flags, mode, slot + 1);
  const view = new DataView(attributes.buffer, attributes.byteOffset, attributes.byteLength);
  const inode = view.getUint32(ATTRIBUTE.inode, true);
  const size = view.getFloat64(ATTRIBUTE.size, true);
  const { window } = connection;
  return new OpenFile(
    connection,
    new FileCalls(handle, textOf(path), window, calls.places),
    { flags, inode, size, mode: view.getUint32(ATTRIBUTE.mode, true) },
    { cache, cached: cache?.adopt(inode, slot) },
  );
}

/** What `open` told of a file. */
export interface Opened {
  /** Flags of the protocol. */
  readonly flags: number;
  readonly inode: number;
  /** Bytes in the file then. */
  readonly size: number;
  /** Type and permissions. */
  readonly mode: number;
}

/** An open file. */
export class OpenFile {
  readonly calls: FileCalls;
  readonly opened: Opened;
  readonly #connection: Connection;
  readonly #cache: PageCache | undefined;
  /** Nothing once the file is closed. */
  #cached: CachedFile | undefined;
  readonly #mayRead: boolean;
  readonly #mayWrite: boolean;
  readonly #isAppend: boolean;
  readonly #keepsAccessTime: boolean;
  /** The change of the file behind which the server has heard of a read. */
  #toldChange = 0;
  /** Where the last read ended, and how many pages to read ahead if the next begins there. */
  #readEnd = 0;
  #aheadPages = 1;

  /** Made by {@linkcode openFile}. */
  constructor(
    connection: Connection,
    calls: FileCalls,
    opened: Opened,
    kept: { readonly cache: PageCache | undefined; readonly cached: CachedFile | undefined },
  ) {
    const access = opened.flags & OPEN.accessMask;
    const isSync = (opened.flags & (OPEN.dataSync | OPEN.sync)) !== 0;
    this.#connection = connection;
    this.calls = calls;
    this.opened = opened;
    this.#cache = kept.cache;
    this.#cached = kept.cached;
    this.#mayRead = access !== OPEN.writeOnly;
    this.#mayWrite = access !== OPEN.readOnly && !isSync;
    this.#keepsAccessTime = (opened.flags & OPEN.noAccessTime) !== 0;
    this.#isAppend = (opened.flags & OPEN.append) !== 0;
  }

  /** Reads if all that is asked for is in the window, or answers `NOT_CACHED`. Hot path. */
  readHere(buffer: Uint8Array, offset: number): number {
    const cached = this.#cached;
    if (cached === undefined || !this.#mayRead) return NOT_CACHED;
    const cache = this.#cache!;
    const count = cache.read(cached, buffer, offset);
    if (count === NOT_CACHED || cache.missingPage >= 0) return NOT_CACHED;
    if (this.#isUntold(cached)) return NOT_CACHED;
    this.#readEnd = offset + count;
    return count;
  }

  /** Writes if all fits in the window under the lease, or answers `NOT_CACHED`. Hot path. */
  writeHere(buffer: Uint8Array, offset: number): number {
    const cached = this.#cached;
    // An append that fits in part must not be done again as a whole.
    if (cached === undefined || !this.#mayWrite || this.#isAppend) return NOT_CACHED;
    const cache = this.#cache!;
    // What is full is written back by steps.
    if (cache.isFull(cached) || !cache.fitsHere(cached, offset, buffer.byteLength)) {
      return NOT_CACHED;
    }
    const count = cache.write(cached, buffer, offset);
    return count === buffer.byteLength ? count : NOT_CACHED;
  }

  /** Copies the attributes if they are known here; answers whether. Hot path. */
  statHere(target: Uint8Array): boolean {
    return this.#cached !== undefined && this.#cache!.stat(this.#cached, target);
  }

  /** Bytes in the file if that is known here, or `NOT_CACHED`. Hot path. */
  sizeHere(): number {
    return this.#cached === undefined ? NOT_CACHED : this.#cache!.size(this.#cached);
  }

  /** Fills a buffer from `offset` on; answers the count, which is less only at the end. */
  *read(buffer: Uint8Array, offset: number): Steps<number> {
    const cache = this.#cache;
    const cached = this.#cached;
    if (cache === undefined || cached === undefined || !this.#mayRead) {
      return yield* this.#readPlain(buffer, offset);
    }
    const isSequential = offset === this.#readEnd;
    const tries = { left: TRIES_MAX };
    let done = 0;
    while (done < buffer.byteLength) {
      const rest = done === 0 ? buffer : buffer.subarray(done);
      const count = cache.read(cached, rest, offset + done);
      if (count === NOT_CACHED) {
        if (yield* this.#leased(cached, LEASE.read, tries)) continue;
        return done + (yield* this.#readPlain(rest, offset + done));
      }
      done += count;
      if (cache.missingPage < 0) break;
      const missing = buffer.subarray(done);
      if (this.calls.isOurs(buffer) && missing.byteLength >= DIRECT_BYTES) {
        return done + (yield* this.#readPlain(missing, offset + done));
      }
      const filled = yield* this.#fill(cached, missing, offset + done, isSequential);
      done += filled.count;
      if (filled.isEnd) break;
    }
    this.#readEnd = offset + done;
    if (this.#isUntold(cached)) yield* this.#tellAccess(cached);
    return done;
  }

  /** Writes a buffer; answers the count, which is less if the disk got full. */
  *write(buffer: Uint8Array, offset: number): Steps<number> {
    const progress = { done: 0 };
    try {
      return yield* this.#writeAll(buffer, offset, progress);
    } catch (error) {
      // What is written is told first; the next write hears why it was not all.
      if (error instanceof OsError && progress.done > 0) return progress.done;
      throw error;
    }
  }

  *#writeAll(buffer: Uint8Array, offset: number, progress: { done: number }): Steps<number> {
    const cache = this.#cache;
    const cached = this.#cached;
    const isDirect = this.calls.isOurs(buffer) && buffer.byteLength >= DIRECT_BYTES;
    if (cache === undefined || cached === undefined || !this.#mayWrite || isDirect) {
      return yield* this.#writePlain(buffer, offset);
    }
    const tries = { left: TRIES_MAX };
    let done = 0;
    while (done < buffer.byteLength) {
      const rest = done === 0 ? buffer : buffer.subarray(done);
      const count = cache.write(cached, rest, this.#isAppend ? -1 : offset + done);
      if (count === NOT_CACHED) {
        if (yield* this.#leased(cached, LEASE.write, tries)) continue;
        return done + (yield* this.#writePlain(rest, offset + done));
      }
      progress.done = done += count;
      if (done === buffer.byteLength) break;
      const { missingPage } = cache;
      const isReady = missingPage < 0 || !this.#mayRead
        ? yield* this.#makeRoom(cached, count)
        : yield* this.#fetch(cached, missingPage);
      if (!isReady) return done + (yield* this.#writePlain(buffer.subarray(done), offset + done));
    }
    if (cache.isFull(cached)) yield* this.#writeBack(cached);
    return done;
  }

  /** Whether every write goes to the end. */
  get isAppend(): boolean {
    return this.#isAppend;
  }

  /** Bytes of a range where they lie in the window, held fast; and how to let go of them. */
  *lend(offset: number, byteLength: number): Steps<{ bytes: Uint8Array; end: () => void }> {
    const page = Math.floor(offset / FRAME_BYTES);
    const skip = offset - page * FRAME_BYTES;
    const count = Math.ceil((skip + byteLength) / FRAME_BYTES);
    const size = yield* this.size();
    const length = Math.max(0, Math.min(byteLength, size - offset));
    const cached = this.#cached;
    if (cached !== undefined && this.#mayRead) {
      const cache = this.#cache!;
      let first = cache.pin(cached, page, count);
      if (first < 0) {
        yield* this.#fill(cached, EMPTY, page * FRAME_BYTES, false, count);
        first = cache.pin(cached, page, count);
      }
      if (first >= 0) {
        const bytes = cache.bytesOf(first, count).subarray(skip, skip + length);
        return { bytes, end: () => cache.unreserve(first, count) };
      }
    }
    const run = this.#connection.takeRun(Math.max(1, length));
    const read = yield* this.#readPlain(run.subarray(0, length), offset);
    return { bytes: run.subarray(0, read), end: () => this.#connection.putRun(run) };
  }

  /** Says that the file is closed, to who shares the cache. */
  leave(): void {
    if (this.#cached !== undefined) this.#cache!.leave(this.#cached);
    this.#cached = undefined;
  }

  /** Bytes in the file. */
  *size(): Steps<number> {
    const size = this.sizeHere();
    return size === NOT_CACHED ? (yield* this.calls.stat()).size : size;
  }

  /** Whether the server is to hear that the file was read, for its time of access. Hot path. */
  #isUntold(cached: CachedFile): boolean {
    const change = this.#cache!.unreadChange(cached);
    return change !== 0 && change !== this.#toldChange && !this.#keepsAccessTime;
  }

  /** Reads a byte at the server: it keeps the time of access up as it does for every read. */
  *#tellAccess(cached: CachedFile): Steps<void> {
    this.#toldChange = this.#cache!.unreadChange(cached);
    const target = this.calls.placeForByte;
    yield* ask("read", { handle: this.calls.handle, offset: 0, target });
  }

  *#readPlain(buffer: Uint8Array, offset: number): Steps<number> {
    const cached = this.#cached ?? this.#cache?.find(this.opened.inode);
    // The server takes it that we ask for nothing of what we have changed.
    if (cached !== undefined && this.#cache!.dirtyCount(cached) > 0) {
      yield* this.#writeBack(cached);
    }
    return yield* this.calls.read(buffer, offset);
  }

  *#writePlain(buffer: Uint8Array, offset: number): Steps<number> {
    const cached = this.#cached ?? this.#cache?.find(this.opened.inode);
    if (cached === undefined) return yield* this.calls.write(buffer, offset);
    const cache = this.#cache!;
    const end = this.#isAppend ? cache.size(cached) : offset;
    const count = yield* this.calls.write(buffer, offset);
    // The server has written back what was dirty before it wrote this.
    if (end === NOT_CACHED) cache.forgetAll(cached);
    else cache.forget(cached, end, Math.max(1, count));
    return count;
  }

  /**
   * Asks for a lease if there is none of the kind and it may be had again. If there is one, the server
   * held its lock, and has let go of it when it answers. Answers whether to try once more.
   */
  *#leased(cached: CachedFile, kind: number, tries: { left: number }): Steps<boolean> {
    const cache = this.#cache!;
    if (tries.left === 0) return false;
    tries.left--;
    if (!cache.hasLease(cached, kind) && !mayAsk(cached)) return false;
    // Our late stores may have spoilt what the slot says.
    if (cached.isLost) yield* this.#writeBack(cached);
    const { handle } = this.calls;
    const granted = yield* ask("lease", { handle, slot: cached.slot, kind });
    if (granted !== LEASE.none) cache.granted(cached);
    return granted >= kind;
  }

  *#writeBack(cached: CachedFile): Steps<number> {
    return yield* ask("writeBack", { slot: cached.slot, release: false });
  }

  /** Lets the server write back what is dirty, so that frames are free; answers whether it helps. */
  *#makeRoom(cached: CachedFile, progress: number): Steps<boolean> {
    if (progress === 0 && this.#cache!.dirtyCount(cached) === 0) return false;
    if (!this.#mayRead && this.#cache!.missingPage >= 0) return false;
    yield* this.#writeBack(cached);
    return true;
  }

  /** Reads a page that is to be changed in part; answers whether it is here now. */
  *#fetch(cached: CachedFile, page: number): Steps<boolean> {
    const filled = yield* this.#fill(cached, EMPTY, page * FRAME_BYTES, false);
    return filled.isKept;
  }

  /** Reads missing pages into frames, and as much of them as is asked for into the buffer. */
  *#fill(
    cached: CachedFile,
    buffer: Uint8Array,
    offset: number,
    isSequential: boolean,
    pagesMin = 1,
  ): Steps<{ count: number; isEnd: boolean; isKept: boolean }> {
    const cache = this.#cache!;
    const page = Math.floor(offset / FRAME_BYTES);
    const last = Math.floor((offset + Math.max(1, buffer.byteLength) - 1) / FRAME_BYTES);
    const ahead = isSequential ? this.#aheadPages : 0;
    if (isSequential) this.#aheadPages = Math.min(2 * this.#aheadPages, AHEAD_PAGES_MAX);
    const wanted = Math.max(pagesMin, last - page + 1 + ahead);
    const run = cache.reserve(cached.pages.missingCount(page, wanted));
    if (run === undefined) {
      const count = yield* this.#readPlain(buffer, offset);
      return { count, isEnd: true, isKept: false };
    }
    const { grant } = cached;
    const target = cache.bytesOf(run.first, run.count);
    let count: number;
    try {
      count = yield* ask("read", {
        handle: this.calls.handle,
        offset: page * FRAME_BYTES,
        target,
      });
    } catch (error) {
      cache.unreserve(run.first, run.count);
      throw this.calls.named(error, "read");
    }
    target.fill(0, count);
    if (cache.fill(cached, page, run.first, run.count, grant)) {
      return { count: 0, isEnd: false, isKept: true };
    }
    // Somebody has changed the file since; what was read was so when it was read.
    const from = offset - page * FRAME_BYTES;
    const read = Math.max(0, Math.min(count - from, buffer.byteLength));
    buffer.set(target.subarray(from, from + read));
    return { count: read, isEnd: count < target.byteLength || read === 0, isKept: false };
  }
}

const EMPTY = new Uint8Array(0);
