/**
 * Pages of the disk in the file server's own window: which are there, and which may go.
 *
 * A page is one block of the disk, so that any change of it fits a transaction; it holds one, two or
 * four blocks of the file system.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import type { BlockKind, CachedBlock } from "./cached_block.ts";
import { DISK_BLOCK_BYTES } from "./disk.ts";

/** Requests for which a block that was asked for is sure to stay. */
export const HELD_COUNT = 16;

/** Blocks that are found without a look into the map; a power of two. */
const RECENT_COUNT = 256;

/** Least pages in a store. */
export const PAGES_MIN = 64;

/** One page of the disk. */
export interface Page {
  /** Its number, or -1. */
  number: number;
  /** Its bytes, in the window. */
  readonly bytes: Uint8Array;
  /** The blocks in it. */
  readonly blocks: readonly PageBlock[];
  /** When one of its blocks was last asked for. */
  stamp: number;
  /** How many of its blocks are changed or logged: it stays. */
  busy: number;
  /** For whoever collects pages: the collection it is in. */
  collected: number;
}

/** A cached block as the cache itself sees it. */
export interface PageBlock extends CachedBlock {
  block: number;
  kind: BlockKind;
  owner: number;
  changed: boolean;
  /** The page it lies in. */
  readonly page: Page;
  /** Whether it stands in the list of changed blocks. */
  listed: boolean;
  /** Where the log holds its last committed content, or -1: that is on the disk. */
  slot: number;
  /** What the disk holds, while the running operation changes a part of a page. */
  undo: Uint8Array | undefined;
}

/** Pages in a window. */
export class PageStore {
  readonly #window: Uint8Array;
  readonly #blockBytes: number;
  readonly #pages: Page[] = [];
  readonly #free: Page[] = [];
  readonly #byBlock = new Map<number, PageBlock>();
  /** Those asked for last, by the low bits of their numbers: most are asked for again at once. */
  readonly #recent: (PageBlock | undefined)[] = new Array(RECENT_COUNT).fill(undefined);
  /** Blocks in a page. */
  readonly perPage: number;
  /** Pages that there is room for. */
  readonly capacity: number;
  #tick = 0;
  #hand = 0;

  /**
   * @param window Shared memory of at least {@linkcode PAGES_MIN} pages; the store owns it.
   * @param blockBytes Bytes of a block of the file system.
   */
  constructor(window: Uint8Array, blockBytes: number) {
    assert(window.byteLength >= PAGES_MIN * DISK_BLOCK_BYTES, "the cache has at least 64 pages");
    assert(window.byteOffset % 4 === 0, "the cache is aligned to words");
    assert(new Uint8Array(new Uint32Array([1]).buffer)[0] === 1, "the host is little-endian");
    this.#window = window;
    this.#blockBytes = blockBytes;
    this.perPage = DISK_BLOCK_BYTES / blockBytes;
    this.capacity = Math.floor(window.byteLength / DISK_BLOCK_BYTES);
  }

  /** How many blocks are there. */
  get blockCount(): number {
    return this.#byBlock.size;
  }

  /** The block, if it is there. Hot path. */
  find(block: number): PageBlock | undefined {
    const place = block & (RECENT_COUNT - 1);
    const recent = this.#recent[place];
    if (recent !== undefined && recent.block === block) return recent;
    const found = this.#byBlock.get(block);
    if (found !== undefined) this.#recent[place] = found;
    return found;
  }

  /** All blocks that are there, in no order. */
  all(): Iterable<PageBlock> {
    return this.#byBlock.values();
  }

  /** Notes that a page was asked for. Hot path. */
  touch(page: Page): void {
    page.stamp = ++this.#tick;
  }

  /** A page that holds nothing, or `undefined` if all are in use. */
  take(): Page | undefined {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#pages.length < this.capacity) return this.#make();
    const oldEnough = Math.max(this.capacity >> 1, HELD_COUNT);
    const victim = this.#sweep(oldEnough) ?? this.#sweep(HELD_COUNT);
    if (victim === undefined) return undefined;
    this.#clear(victim);
    return victim;
  }

  /** Gives back a page that was taken and not put. */
  giveBack(page: Page): void {
    this.#free.push(page);
  }

  /** Says which page of the disk a taken page holds now. */
  put(page: Page, number: number): void {
    page.number = number;
    page.stamp = ++this.#tick;
    for (let index = 0; index < this.perPage; index++) {
      const cached = page.blocks[index]!;
      cached.block = number * this.perPage + index;
      cached.kind = 0;
      cached.mark = 0;
      this.#byBlock.set(cached.block, cached);
    }
  }

  /** Drops a page that nobody has changed. */
  drop(page: Page): void {
    assert(page.busy === 0, "a page with changes stays");
    this.#clear(page);
    this.#free.push(page);
  }

  #clear(page: Page): void {
    for (const cached of page.blocks) {
      this.#byBlock.delete(cached.block);
      const place = cached.block & (RECENT_COUNT - 1);
      if (this.#recent[place] === cached) this.#recent[place] = undefined;
      cached.block = -1;
      cached.kind = 0;
    }
    page.number = -1;
  }

  /** The next page behind the hand that is unchanged and was not asked for lately. */
  #sweep(age: number): Page | undefined {
    for (let step = 0; step < this.capacity; step++) {
      const page = this.#pages[this.#hand];
      this.#hand = (this.#hand + 1) % this.capacity;
      if (page !== undefined && page.busy === 0 && this.#tick - page.stamp >= age) return page;
    }
    return undefined;
  }

  #make(): Page {
    const { buffer, byteOffset } = this.#window;
    const start = byteOffset + this.#pages.length * DISK_BLOCK_BYTES;
    const bytes = new Uint8Array(buffer, start, DISK_BLOCK_BYTES);
    const blocks: PageBlock[] = [];
    const page: Page = { number: -1, bytes, blocks, stamp: 0, busy: 0, collected: 0 };
    for (let index = 0; index < this.perPage; index++) {
      const offset = start + index * this.#blockBytes;
      blocks.push({
        block: -1,
        bytes: new Uint8Array(buffer, offset, this.#blockBytes),
        words: new Uint32Array(buffer, offset, this.#blockBytes >> 2),
        view: new DataView(buffer, offset, this.#blockBytes),
        kind: 0,
        owner: 0,
        changed: false,
        mark: 0,
        page,
        listed: false,
        slot: -1,
        undo: undefined,
      });
    }
    this.#pages.push(page);
    return page;
  }
}

/** What is said when not one page can go. */
export function outOfPages(): OsError {
  return new OsError("ENOMEM", "every cached block is in use");
}
