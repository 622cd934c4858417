/**
 * Pages of files in frames of the window, under leases: see `layouts/session.ts`.
 *
 * @module
 */

import { type CachedFile, PAUSE_MIN } from "./cached_file.ts";
import { PageIndex } from "./page_index.ts";
import {
  FRAME,
  FRAME_BYTES,
  FRAME_WORDS,
  HEADER,
  SESSION_MAGIC,
  sessionShape,
  SLOT,
  SLOT_LOCK,
  slotWord,
} from "../layouts/session.ts";
import { ATTRIBUTE, ATTRIBUTES_BYTES } from "../layouts/attributes.ts";
import { LEASE } from "../protocol.ts";

/** Files that grow beyond this by a write do so at the server, which knows how far they may. */
const CACHED_END_MAX = 2 ** 30;

/** What could not be done in the window, so that the server is to be asked. */
export const NOT_CACHED: number = -1;

/** The client's side of a session. */
export class PageCache {
  /** Frames in all. */
  readonly frameCount: number;
  /** The page that was missing when `read` or `write` did less than it was asked for. */
  missingPage = 0;
  readonly #region: Uint8Array;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #framesWord: number;
  readonly #framesOffset: number;
  /** By frame: whose it is, which page, and how many hold it fast. */
  readonly #owners: (CachedFile | undefined)[];
  readonly #pages: Float64Array;
  readonly #pins: Uint16Array;
  readonly #isUsed: Uint8Array;
  readonly #views: (Uint8Array | undefined)[];
  readonly #files: Map<number, CachedFile> = new Map();
  readonly #freeSlots: number[] = [];
  #hand = 0;
  #clock = 0;

  /** A cache in a region that the server has attached. */
  constructor(region: Uint8Array) {
    const { buffer, byteOffset, byteLength } = region;
    const { slotCount, frameCount, framesWord, framesOffset } = sessionShape(byteLength);
    this.#region = region;
    this.#words = new Int32Array(buffer, byteOffset, byteLength >> 2);
    this.#numbers = new Float64Array(buffer, byteOffset, byteLength >> 3);
    this.#framesWord = framesWord;
    this.#framesOffset = framesOffset;
    this.frameCount = frameCount;
    this.#owners = new Array(frameCount);
    this.#views = new Array(frameCount);
    this.#pages = new Float64Array(frameCount);
    this.#pins = new Uint16Array(frameCount);
    this.#isUsed = new Uint8Array(frameCount);
    for (let slot = slotCount - 1; slot >= 0; slot--) this.#freeSlots.push(slot);
  }

  /** Whether the server has begun the session. */
  get isAttached(): boolean {
    return this.#words[HEADER.magic] === SESSION_MAGIC;
  }

  /** What counts up with every change that `stat` could see. Hot path. */
  get nameGeneration(): number {
    return Atomics.load(this.#words, HEADER.nameGeneration);
  }

  /** Whether this program may write to an inode without a word to the server. Hot path. */
  mayWriteTo(inode: number): boolean {
    const file = this.#files.get(inode);
    return file !== undefined && this.#words[file.word + SLOT.kind] === LEASE.write;
  }

  /**
   * A slot for a file that is about to be opened, or -1.
   *
   * @param release Gives back the lease in a slot; it is done before what is asked for next.
   */
  nominate(release: (slot: number) => void): number {
    const free = this.#freeSlots.at(-1);
    if (free !== undefined) return free;
    let oldest: CachedFile | undefined;
    for (const file of this.#files.values()) {
      // What is dirty needs its frames until the server has written it back.
      if (file.useCount > 0 || this.dirtyCount(file) > 0) continue;
      if (oldest === undefined || file.usedAt < oldest.usedAt) oldest = file;
    }
    if (oldest === undefined) return -1;
    release(oldest.slot);
    this.forgetAll(oldest);
    this.#files.delete(oldest.inode);
    this.#freeSlots.push(oldest.slot);
    return oldest.slot;
  }

  /** The file that was opened with a lease, from its inode and the slot that was nominated. */
  adopt(inode: number, nominated: number): CachedFile | undefined {
    const known = this.#files.get(inode);
    const word = slotWord(nominated);
    const isOurs = nominated >= 0 && this.#freeSlots.at(-1) === nominated &&
      this.#words[word + SLOT.inode] === inode && this.#words[word + SLOT.kind] !== LEASE.none;
    if (!isOurs) return known === undefined ? undefined : this.#use(known);
    this.#freeSlots.pop();
    if (known !== undefined) {
      // Its lease had ended, or the inode has become another file's.
      this.forgetAll(known);
      this.#freeSlots.unshift(known.slot);
      Object.assign(known, { slot: nominated, word, grant: this.#words[word + SLOT.grant]! });
      Object.assign(known, { isLost: false, pause: 0, nextPause: PAUSE_MIN });
      return this.#use(known);
    }
    const file: CachedFile = {
      inode,
      slot: nominated,
      word,
      grant: this.#words[word + SLOT.grant]!,
      pages: new PageIndex(),
      frames: new Set(),
      useCount: 0,
      usedAt: 0,
      isLost: false,
      pause: 0,
      nextPause: PAUSE_MIN,
    };
    this.#files.set(inode, file);
    return this.#use(file);
  }

  /** Says that an open file uses it no more. Its frames stay for the next who opens it. */
  leave(file: CachedFile): void {
    file.useCount--;
  }

  /** Hears which lease was granted: what stood in the frames may be void. */
  granted(file: CachedFile): void {
    file.isLost = false;
    this.#isCurrent(file);
  }

  /** Whether the program has a lease of a kind now; the answer is a hint. */
  hasLease(file: CachedFile, kind: number): boolean {
    return !file.isLost && this.#words[file.word + SLOT.kind]! >= kind &&
      this.#words[file.word + SLOT.inode] === file.inode;
  }

  /** The file of an inode, if the program keeps anything of it. */
  find(inode: number): CachedFile | undefined {
    return this.#files.get(inode);
  }

  /** How many frames of a file are dirty; a hint. */
  dirtyCount(file: CachedFile): number {
    return this.#words[file.word + SLOT.dirtyCount]!;
  }

  /**
   * Reads what is here. Answers the count, which is less than asked for at the end of the file, or
   * before `missingPage` if that is not -1; or `NOT_CACHED`. Hot path.
   */
  read(file: CachedFile, target: Uint8Array, offset: number): number {
    if (!this.#lock(file, LEASE.read)) return NOT_CACHED;
    const size = this.#numbers[(file.word + SLOT.attributes + (ATTRIBUTE.size >> 2)) >> 1]!;
    const wanted = Math.min(target.byteLength, size - offset);
    let done = 0;
    this.missingPage = -1;
    while (done < wanted) {
      const page = Math.floor((offset + done) / FRAME_BYTES);
      const frame = file.pages.get(page);
      if (frame < 0) {
        this.missingPage = page;
        break;
      }
      const from = offset + done - page * FRAME_BYTES;
      const last = file.pages.lastOfRun(page, Math.ceil((from + wanted - done) / FRAME_BYTES));
      const count = Math.min((last - page + 1) * FRAME_BYTES - from, wanted - done);
      this.#isUsed.fill(1, frame, frame + last - page + 1);
      this.#copyOut(frame, from, count, target, done);
      done += count;
    }
    return this.#unlock(file) ? done : NOT_CACHED;
  }

  /** The whole content if all of it is here and the server has heard that it was read. Hot path. */
  readWhole(file: CachedFile): Uint8Array | undefined {
    const size = this.size(file);
    if (size === NOT_CACHED || size > this.frameCount * FRAME_BYTES) return undefined;
    if (this.unreadChange(file) !== 0) return undefined;
    const bytes = new Uint8Array(size);
    return this.read(file, bytes, 0) === size ? bytes : undefined;
  }

  /**
   * Writes what can be written here; at the end of the file if `offset` is negative. Answers the
   * count, which is less than asked for before `missingPage`, or where no frame is free, with -1
   * there; or `NOT_CACHED`. Hot path.
   */
  write(file: CachedFile, source: Uint8Array, offset: number): number {
    if (!this.#lock(file, LEASE.write)) return NOT_CACHED;
    const sizeIndex = (file.word + SLOT.attributes + (ATTRIBUTE.size >> 2)) >> 1;
    const size = this.#numbers[sizeIndex]!;
    const start = offset < 0 ? size : offset;
    this.writtenEnd = start;
    if (start + source.byteLength > Math.max(size, CACHED_END_MAX)) {
      this.#unlock(file);
      return NOT_CACHED;
    }
    let done = 0;
    this.missingPage = -1;
    while (done < source.byteLength) {
      const page = Math.floor((start + done) / FRAME_BYTES);
      const from = start + done - page * FRAME_BYTES;
      let count = Math.min(FRAME_BYTES - from, source.byteLength - done);
      let frame = file.pages.get(page);
      let last = page;
      if (frame >= 0) {
        const pages = Math.ceil((from + source.byteLength - done) / FRAME_BYTES);
        last = file.pages.lastOfRun(page, pages);
        count = Math.min((last - page + 1) * FRAME_BYTES - from, source.byteLength - done);
      } else {
        const existing = Math.min(FRAME_BYTES, size - page * FRAME_BYTES);
        if (existing > 0 && (from > 0 || from + count < existing)) {
          this.missingPage = page;
          break;
        }
        frame = this.#takeFrame();
        if (frame < 0) break;
        this.#blank(frame, from, from + count);
        this.#insert(file, page, frame);
      }
      this.#isUsed.fill(1, frame, frame + last - page + 1);
      this.#copyIn(frame, from, source, done, count);
      for (let at = page; at <= last; at++) this.#markDirty(file, frame + at - page);
      done += count;
    }
    if (start + done > size) this.#numbers[sizeIndex] = start + done;
    this.writtenEnd = start + done;
    return this.#unlock(file) ? done : NOT_CACHED;
  }

  /** Where the last `write` ended in its file. */
  writtenEnd = 0;

  /** Copies the attributes if they are known here; answers whether. Hot path. */
  stat(file: CachedFile, target: Uint8Array): boolean {
    if (!this.#lock(file, LEASE.read)) return false;
    // The server sets the times of what was written when it writes it back.
    const isKnown = this.#words[file.word + SLOT.dirtyCount] === 0;
    if (isKnown) {
      const from = (file.word + SLOT.attributes) * 4;
      target.set(this.#region.subarray(from, from + ATTRIBUTES_BYTES));
    }
    return this.#unlock(file) && isKnown;
  }

  /**
   * What tells apart the last change of a file if nobody has read it since, as far as its attributes
   * say; otherwise 0. A hint. Hot path.
   */
  unreadChange(file: CachedFile): number {
    const word = file.word + SLOT.attributes;
    const atime = this.#moment(word, ATTRIBUTE.atimeSeconds, ATTRIBUTE.atimeNanoseconds);
    const mtime = this.#moment(word, ATTRIBUTE.mtimeSeconds, ATTRIBUTE.mtimeNanoseconds);
    const ctime = this.#moment(word, ATTRIBUTE.ctimeSeconds, ATTRIBUTE.ctimeNanoseconds);
    const last = Math.max(mtime, ctime);
    return atime > last ? 0 : last;
  }

  /** Bytes in the file if that is known here, or `NOT_CACHED`. Hot path. */
  size(file: CachedFile): number {
    if (!this.#lock(file, LEASE.read)) return NOT_CACHED;
    const size = this.#numbers[(file.word + SLOT.attributes + (ATTRIBUTE.size >> 2)) >> 1]!;
    return this.#unlock(file) ? size : NOT_CACHED;
  }

  /** Takes up to `countMax` frames that are neighbours and holds them fast; answers the run. */
  reserve(countMax: number): { first: number; count: number } | undefined {
    const wanted = Math.min(countMax, Math.max(1, this.frameCount >> 2));
    let first = -1;
    for (let looked = 0, run = 0; looked < 2 * this.frameCount; looked++) {
      const frame = this.#hand;
      this.#hand = frame + 1 === this.frameCount ? 0 : frame + 1;
      if (!this.#isEvictable(frame, wanted === 1)) run = 0;
      else if (++run === wanted) {
        first = frame - run + 1;
        break;
      }
      if (this.#hand === 0) run = 0;
    }
    if (first < 0) return wanted > 1 ? this.reserve(wanted >> 1) : undefined;
    for (let frame = first; frame < first + wanted; frame++) {
      this.#evict(frame);
      this.#pins[frame] = 1;
    }
    return { first, count: wanted };
  }

  /** The bytes of frames that are neighbours. */
  bytesOf(first: number, count: number): Uint8Array {
    const from = this.#framesOffset + first * FRAME_BYTES;
    return this.#region.subarray(from, from + count * FRAME_BYTES);
  }

  /**
   * Gives frames that were reserved to pages of a file, if all that was read into them still holds:
   * if the grant is that from before the reading. Answers whether it was so.
   */
  fill(file: CachedFile, page: number, first: number, count: number, grant: number): boolean {
    this.unreserve(first, count);
    if (grant !== file.grant || !this.#lock(file, LEASE.read)) return false;
    const isCurrent = grant === file.grant;
    for (let index = 0; isCurrent && index < count; index++) {
      // It may be here: written meanwhile, by a call that was not waited for.
      if (file.pages.get(page + index) < 0) this.#insert(file, page + index, first + index);
    }
    return this.#unlock(file) && isCurrent;
  }

  /** Lets go of frames that were reserved or pinned. */
  unreserve(first: number, count: number): void {
    for (let frame = first; frame < first + count; frame++) this.#pins[frame]!--;
  }

  /** Holds pages fast that are here and neighbours in the window; answers the first frame, or -1. */
  pin(file: CachedFile, page: number, count: number): number {
    if (!this.#lock(file, LEASE.read)) return -1;
    const first = file.pages.get(page);
    let isRun = first >= 0;
    for (let at = 1; isRun && at < count; at++) isRun = file.pages.get(page + at) === first + at;
    for (let at = 0; isRun && at < count; at++) this.#pins[first + at]!++;
    if (this.#unlock(file)) return isRun ? first : -1;
    if (isRun) this.unreserve(first, count);
    return -1;
  }

  /** Forgets the pages of a range, which are written at the server. None may be dirty. */
  forget(file: CachedFile, offset: number, byteLength: number): void {
    const first = Math.floor(offset / FRAME_BYTES);
    const last = Math.floor((offset + byteLength - 1) / FRAME_BYTES);
    if (last - first > file.frames.size) return this.forgetAll(file);
    for (let page = first; page <= last; page++) {
      const frame = file.pages.get(page);
      if (frame >= 0) this.#evict(frame);
    }
  }

  /** Whether so much is dirty that it is to be written back. */
  isFull(file: CachedFile): boolean {
    return this.dirtyCount(file) > this.frameCount - (this.frameCount >> 2);
  }

  /** Whether a write of at most a page can be done in one step. Hot path. */
  fitsHere(file: CachedFile, offset: number, byteLength: number): boolean {
    const page = Math.floor(offset / FRAME_BYTES);
    return offset + byteLength <= (page + 1) * FRAME_BYTES && file.pages.get(page) >= 0;
  }

  /** Takes the lock if there is a lease of at least a kind, with frames that hold. Hot path. */
  #lock(file: CachedFile, kind: number): boolean {
    const words = this.#words;
    const at = file.word;
    if (file.isLost || words[at + SLOT.kind]! < kind) return false;
    const found = Atomics.compareExchange(words, at, SLOT_LOCK.free, SLOT_LOCK.client);
    if (found !== SLOT_LOCK.free) return false;
    if (words[at + SLOT.kind]! >= kind && this.#isCurrent(file)) return true;
    this.#unlock(file);
    return false;
  }

  /** Frees the lock; answers whether we had it all the time. Hot path. */
  #unlock(file: CachedFile): boolean {
    const found = Atomics.compareExchange(
      this.#words,
      file.word,
      SLOT_LOCK.client,
      SLOT_LOCK.free,
    );
    if (found === SLOT_LOCK.client) return true;
    file.isLost = true;
    return false;
  }

  /** Whether the slot is the file's; forgets frames of an older grant. */
  #isCurrent(file: CachedFile): boolean {
    const grant = this.#words[file.word + SLOT.grant]!;
    if (grant === file.grant) return true;
    this.forgetAll(file);
    file.grant = grant;
    return this.#words[file.word + SLOT.inode] === file.inode;
  }

  /** Milliseconds since 1970, as precisely as the server compares them. */
  #moment(word: number, seconds: number, nanoseconds: number): number {
    const whole = this.#numbers[(word + (seconds >> 2)) >> 1]! * 1000;
    return whole + Math.floor(this.#words[word + (nanoseconds >> 2)]! / 1e6);
  }

  #use(file: CachedFile): CachedFile {
    file.useCount++;
    file.usedAt = ++this.#clock;
    return file;
  }

  #insert(file: CachedFile, page: number, frame: number): void {
    const at = this.#framesWord + frame * FRAME_WORDS;
    const words = this.#words;
    words[at + FRAME.dirty] = 0;
    words[at + FRAME.page] = page;
    words[at + FRAME.grant] = file.grant;
    words[at + FRAME.slot] = file.slot + 1;
    this.#owners[frame] = file;
    this.#pages[frame] = page;
    this.#isUsed[frame] = 1;
    file.pages.set(page, frame);
    file.frames.add(frame);
  }

  #markDirty(file: CachedFile, frame: number): void {
    const at = this.#framesWord + frame * FRAME_WORDS + FRAME.dirty;
    if (this.#words[at] !== 0) return;
    this.#words[at] = 1;
    this.#words[file.word + SLOT.dirtyCount]!++;
  }

  #takeFrame(): number {
    const run = this.reserve(1);
    if (run === undefined) return -1;
    this.#pins[run.first] = 0;
    return run.first;
  }

  #isEvictable(frame: number, mayBeUsed: boolean): boolean {
    if (this.#pins[frame] !== 0) return false;
    if (this.#owners[frame] === undefined) return true;
    if (this.#words[this.#framesWord + frame * FRAME_WORDS + FRAME.dirty] !== 0) return false;
    if (mayBeUsed && this.#isUsed[frame] === 1) {
      this.#isUsed[frame] = 0;
      return false;
    }
    return true;
  }

  #evict(frame: number): void {
    const owner = this.#owners[frame];
    if (owner === undefined) return;
    this.#owners[frame] = undefined;
    owner.frames.delete(frame);
    owner.pages.delete(this.#pages[frame]!);
  }

  /** Forgets all pages of a file. None may be dirty under its present grant. */
  forgetAll(file: CachedFile): void {
    for (const frame of file.frames) this.#owners[frame] = undefined;
    file.frames.clear();
    file.pages.clear();
  }

  /** Zeroes a fresh frame outside what is about to be written. */
  #blank(frame: number, from: number, to: number): void {
    const base = this.#framesOffset + frame * FRAME_BYTES;
    if (from > 0) this.#region.fill(0, base, base + from);
    if (to < FRAME_BYTES) this.#region.fill(0, base + to, base + FRAME_BYTES);
  }

  #copyOut(frame: number, from: number, count: number, target: Uint8Array, at: number): void {
    if (from === 0 && count === FRAME_BYTES) return target.set(this.#viewOf(frame), at);
    const base = this.#framesOffset + frame * FRAME_BYTES + from;
    target.set(this.#region.subarray(base, base + count), at);
  }

  #copyIn(frame: number, from: number, source: Uint8Array, at: number, count: number): void {
    const base = this.#framesOffset + frame * FRAME_BYTES + from;
    if (at === 0 && count === source.byteLength) this.#region.set(source, base);
    else this.#region.set(source.subarray(at, at + count), base);
  }

  #viewOf(frame: number): Uint8Array {
    return this.#views[frame] ??= this.bytesOf(frame, 1);
  }
}
