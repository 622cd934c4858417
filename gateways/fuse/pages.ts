/**
 * Pages of files in the gateway's window, where Linux keeps none (`directIo`): under leases to read,
 * which the file server takes back by itself (decision 14). Small reads are answered from there; what is
 * missing is read into the window, and more of it than was asked for, since it is the way that costs.
 *
 * Nothing is ever dirty here. Our own writes go to the file server, which leaves our lease to us: so the
 * pages that are written are forgotten before and behind, and meanwhile everything is asked for.
 *
 * @module
 */

import { type CachedFile, LEASE, mayAsk, NOT_CACHED, type PageCache } from "@hako/fs-server";
import type { FilesClient } from "./files.ts";

/** From so many bytes on, reads go past the window's pages: straight into the answer. */
const DIRECT_BYTES = 64 * 1024;

/** Bytes of a page. */
export const PAGE_BYTES = 4096;

/** Pages that are read ahead of a program that goes on where it was. */
const AHEAD_PAGES_MAX = 32;

/** Pages that are read around one, of a file of which all have room. */
const AROUND_PAGES = 16;

/** After so long the file server hears of a read again, for its time of access. */
const TELL_MS = 3_600_000;

/** A file of which somebody has a handle, or which is being written. */
interface PagedFile {
  readonly inode: number;
  cached: CachedFile | undefined;
  handles: number;
  /** Writes under way: what is read meanwhile may be older than what is answered. */
  writes: number;
  /** Counts beginnings and ends of writes. */
  changes: number;
}

/** A handle that has been read from. */
interface ReadHandle {
  readonly file: PagedFile;
  /** Where the last read ended, and how many pages to read ahead if the next begins there. */
  readEnd: number;
  aheadPages: number;
  /** The change of the file behind which the file server has heard of a read, and when that was. */
  toldChange: number;
  toldMs: number;
}

/** Pages that are being read. */
export interface Filling {
  readonly file: PagedFile;
  readonly page: number;
  /** Frames of the window: the first, and how many. */
  readonly first: number;
  readonly count: number;
  readonly grant: number;
  readonly changes: number;
  /** Where they are read to. */
  readonly target: Uint8Array;
}

/** Where reads of the window have to be asked for. */
export interface WantedRead {
  readonly handle: number;
  readonly inode: number;
  readonly offset: number;
  readonly target: Uint8Array;
}

/** Pages of a mount's files. */
export class Pages {
  readonly #cache: PageCache;
  readonly #client: FilesClient;
  readonly #nowMs: () => number;
  readonly #files: Map<number, PagedFile> = new Map();
  readonly #handles: Map<number, ReadHandle> = new Map();

  /** Nothing is kept yet. */
  constructor(cache: PageCache, client: FilesClient, nowMs: () => number) {
    this.#cache = cache;
    this.#client = client;
    this.#nowMs = nowMs;
  }

  /** Reads what is here: a count, or {@linkcode NOT_CACHED} if not all is. Hot path. */
  read({ handle, inode, offset, target }: WantedRead): number {
    if (target.byteLength >= DIRECT_BYTES) return NOT_CACHED;
    const open = this.#handles.get(handle) ?? this.#opened(handle, inode);
    const { cached, writes } = open.file;
    if (cached === undefined || writes > 0) return NOT_CACHED;
    const count = this.#cache.read(cached, target, offset);
    if (count === NOT_CACHED || this.#cache.missingPage >= 0) return NOT_CACHED;
    if (this.#isUntold(open, cached)) return NOT_CACHED;
    open.readEnd = offset + count;
    return count;
  }

  /** Room for the pages that a read misses, to be read first; nothing if it is to go past them. */
  toFill({ handle, inode, offset, target }: WantedRead): Filling | undefined {
    if (target.byteLength >= DIRECT_BYTES || target.byteLength === 0) return undefined;
    const open = this.#handles.get(handle) ?? this.#opened(handle, inode);
    const { file } = open;
    if (file.writes > 0 || !this.#hasLease(handle, file)) return undefined;
    const cached = file.cached!;
    const size = this.#cache.size(cached);
    if (size === NOT_CACHED || offset >= size) return undefined;
    const isSequential = offset === open.readEnd;
    open.readEnd = Math.min(size, offset + target.byteLength);
    open.aheadPages = isSequential ? Math.min(2 * open.aheadPages, AHEAD_PAGES_MAX) : 1;
    const from = Math.floor(offset / PAGE_BYTES);
    const end = Math.ceil(size / PAGE_BYTES);
    const last = Math.min(end, Math.ceil((offset + target.byteLength) / PAGE_BYTES));
    let page = from;
    while (page < last - 1 && cached.pages.get(page) >= 0) page++;
    if (isSequential) return this.#reserve(file, page, Math.min(end, last + open.aheadPages));
    if (end > this.#cache.frameCount) return this.#reserve(file, page, last);
    const group = page - page % AROUND_PAGES;
    const behind = Math.min(end, Math.max(last, group + AROUND_PAGES));
    while (page > group && cached.pages.get(page - 1) < 0) page--;
    return this.#reserve(file, page, behind);
  }

  /**
   * Takes what has been read for what it was reserved for.
   *
   * @param count How many bytes were read, or a negative errno.
   */
  filled(
    { file, page, first, count: frames, grant, changes, target }: Filling,
    count: number,
  ): void {
    const isCurrent = count >= 0 && file.writes === 0 && file.changes === changes;
    if (!isCurrent || file.cached === undefined) return this.#cache.unreserve(first, frames);
    target.fill(0, count);
    this.#cache.fill(file.cached, page, first, frames, grant);
  }

  /** The file server has been asked to read, by a handle. Hot path. */
  told(handle: number): void {
    const open = this.#handles.get(handle);
    if (open?.file.cached === undefined) return;
    open.toldChange = this.#cache.unreadChange(open.file.cached);
    open.toldMs = this.#nowMs();
  }

  /** A write has been posted. Hot path. */
  writing(inode: number, offset: number, byteLength: number): void {
    const file = this.#fileOf(inode);
    file.writes++;
    this.#forget(file, offset, byteLength);
  }

  /** A write has come to its end. Hot path. */
  written(inode: number, offset: number, byteLength: number): void {
    const file = this.#fileOf(inode);
    file.writes--;
    this.#forget(file, offset, byteLength);
    this.#leaveIfUnused(file);
  }

  /** Something was written, nobody knows where. */
  appended(inode: number): void {
    const cached = this.#cache.find(inode);
    if (cached !== undefined) this.#cache.forgetAll(cached);
    const file = this.#files.get(inode);
    if (file !== undefined) file.changes++;
  }

  /** A handle is closed. Hot path. */
  closed(handle: number): void {
    const open = this.#handles.get(handle);
    if (open === undefined) return;
    this.#handles.delete(handle);
    open.file.handles--;
    this.#leaveIfUnused(open.file);
  }

  #opened(handle: number, inode: number): ReadHandle {
    const file = this.#fileOf(inode);
    file.handles++;
    const open = { file, readEnd: 0, aheadPages: 1, toldChange: 0, toldMs: this.#nowMs() };
    this.#handles.set(handle, open);
    return open;
  }

  #fileOf(inode: number): PagedFile {
    let file = this.#files.get(inode);
    if (file === undefined) {
      file = { inode, cached: undefined, handles: 0, writes: 0, changes: 0 };
      this.#files.set(inode, file);
    }
    return file;
  }

  #leaveIfUnused(file: PagedFile): void {
    if (file.handles > 0 || file.writes > 0) return;
    if (file.cached !== undefined) this.#cache.leave(file.cached);
    this.#files.delete(file.inode);
  }

  #forget(file: PagedFile, offset: number, byteLength: number): void {
    file.changes++;
    const cached = this.#cache.find(file.inode);
    if (cached === undefined || cached.frames.size === 0 || byteLength === 0) return;
    this.#cache.forget(cached, offset, byteLength);
  }

  /** Whether the file server is to hear that the file was read. Hot path. */
  #isUntold(open: ReadHandle, cached: CachedFile): boolean {
    const change = this.#cache.unreadChange(cached);
    if (change !== 0 && change !== open.toldChange) return true;
    return this.#nowMs() - open.toldMs > TELL_MS;
  }

  /** Whether we have a lease to read a file; asks for one if it may be had. */
  #hasLease(handle: number, file: PagedFile): boolean {
    const cache = this.#cache;
    const known = file.cached ??= this.#keptOf(file);
    if (known === undefined) {
      const slot = cache.nominate((slot) => {
        this.#client.callSync("writeBack", { slot, release: true });
      });
      if (slot < 0) return false;
      this.#client.callSync("lease", { handle, slot, kind: LEASE.read });
      file.cached = cache.adopt(file.inode, slot);
      return file.cached !== undefined;
    }
    if (cache.hasLease(known, LEASE.read)) return true;
    if (!mayAsk(known)) return false;
    const { slot } = known;
    // We were overruled: our late stores may have spoilt what the slot says.
    if (known.isLost) this.#client.callSync("writeBack", { slot, release: false });
    const kind = this.#client.callSync("lease", { handle, slot, kind: LEASE.read });
    if (kind === LEASE.none) return false;
    cache.granted(known);
    return true;
  }

  /** What is kept of a file since it was open before. */
  #keptOf({ inode }: PagedFile): CachedFile | undefined {
    return this.#cache.find(inode) === undefined ? undefined : this.#cache.adopt(inode, -1);
  }

  /** Room for pages of a file that are missing: from one on, up to another at most. */
  #reserve(file: PagedFile, page: number, end: number): Filling | undefined {
    const cached = file.cached!;
    const missing = cached.pages.missingCount(page, end - page);
    const run = missing === 0 ? undefined : this.#cache.reserve(missing);
    if (run === undefined) return undefined;
    const { grant } = cached;
    const target = this.#cache.bytesOf(run.first, run.count);
    return { file, page, ...run, grant, changes: file.changes, target };
  }
}
