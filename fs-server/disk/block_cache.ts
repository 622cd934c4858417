/**
 * Metadata blocks in the file server's own window, and the one operation that changes them.
 *
 * ```text
 *   disk ──read──▶ pages ──commit──▶ log (a keep) ──checkpoint: ONE transaction──▶ disk
 *                    ▲                  │
 *                    └────rollback──────┘
 * ```
 * What an operation changed counts once it is in the log, and stays in the cache until a checkpoint
 * has brought it to the disk. Nothing else in the file server remembers what blocks hold: going back
 * to what the log or the disk holds undoes an operation. Without a log, or if an operation does not
 * fit in it, its commit is itself the transaction.
 *
 * A block that was asked for stays at least for the next {@linkcode HELD_COUNT} requests, so that a
 * caller may look at a few at a time without pinning them.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import {
  BLOCK_KIND,
  type BlockIntegrity,
  type BlockKind,
  type CachedBlock,
  NO_INTEGRITY,
} from "./cached_block.ts";
import {
  type BlockImage,
  type CommittedTag,
  type Disk,
  DISK_BLOCK_BYTES,
  NO_REQUEST,
  type RequestTag,
  TRANSACTION_BLOCKS_MAX,
} from "./disk.ts";
import type { CacheOptions, CachePoint } from "./cache_options.ts";
import { type BlockSpan, DataPath } from "./data_path.ts";
import { MetadataLog } from "./metadata_log.ts";
import { HELD_COUNT, outOfPages, type Page, type PageBlock, PageStore } from "./page_store.ts";

/** Changed blocks beyond which an operation that can be split must be. */
export const CHANGED_SOFT_MAX = TRANSACTION_BLOCKS_MAX - 64;

/** A block's running content, put aside while a checkpoint takes its last committed one. */
interface Aside {
  readonly cached: PageBlock;
  readonly bytes: Uint8Array;
  readonly kind: BlockKind;
  readonly owner: number;
  readonly mark: number;
}

/** A cache of metadata blocks with one running operation at a time. */
export class BlockCache {
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Requests that an earlier incarnation committed last, the oldest first. */
  readonly inheritedTags: readonly CommittedTag[];
  readonly #disk: Disk;
  readonly #integrity: BlockIntegrity;
  readonly #point: (name: CachePoint) => void;
  readonly #pages: PageStore;
  readonly #log: MetadataLog | undefined;
  readonly #data: DataPath;
  readonly #busyMax: number;
  /** Blocks of file data whose newest content is here. */
  readonly #plain = new Set<PageBlock>();
  /** Blocks that the running operation freed while the log held them. */
  readonly #forgotten = new Set<PageBlock>();
  /** Blocks whose newest committed content is in the log: they have a slot. */
  readonly #logged = new Set<PageBlock>();
  readonly #undos: Uint8Array[] = [];
  readonly #slots: number[] = [];
  readonly #listed: PageBlock[] = [];
  #changedCount = 0;
  #busyCount = 0;
  #collection = 0;

  /**
   * Takes over what an earlier incarnation left in the log.
   *
   * @param disk Where the blocks live.
   * @param window Shared memory of at least 64 pages of 4 KiB; the cache owns it.
   * @throws {OsError} What the disk answered, or `EUCLEAN` if the log is damaged.
   */
  constructor(disk: Disk, window: Uint8Array, options: CacheOptions = {}) {
    const { blockBytes = DISK_BLOCK_BYTES, integrity = NO_INTEGRITY, log, point } = options;
    assert([1024, 2048, 4096].includes(blockBytes), "a block has 1, 2 or 4 KiB");
    this.blockBytes = blockBytes;
    this.#disk = disk;
    this.#integrity = integrity;
    this.#point = point ?? (() => {});
    this.#pages = new PageStore(window, blockBytes);
    this.#busyMax = Math.min(TRANSACTION_BLOCKS_MAX, this.#pages.capacity - HELD_COUNT);
    const blockCount = Math.floor(disk.byteLength / blockBytes);
    this.#log = log === undefined ? undefined : new MetadataLog(log, blockBytes, blockCount);
    this.inheritedTags = this.#log?.inheritedTags ?? [];
    this.#data = new DataPath(disk, this.#pages, this.#plain, () => this.checkpoint());
    this.#inherit();
  }

  /** Blocks that the running operation changed. */
  get changedCount(): number {
    return this.#changedCount;
  }

  /** Changed blocks beyond which an operation that can be split must be. */
  get changedSoftMax(): number {
    return Math.min(CHANGED_SOFT_MAX, this.#pages.capacity - 2 * HELD_COUNT);
  }

  /** Whether everything that was committed is on the disk, if not yet durable. */
  get isClean(): boolean {
    return this.#logged.size === 0;
  }

  /**
   * The block, read from the disk if need be, and checked when it is first asked for as what it is.
   *
   * @param owner What seeds its checksum, or the group of a bitmap.
   * @throws {OsError} What the disk answered; `EBADMSG` if its checksum is wrong; `EUCLEAN` if it
   *   is not on the disk, or in use as something else.
   */
  get(block: number, kind?: BlockKind, owner = 0): CachedBlock {
    const cached = this.#pages.find(block) ?? this.#read(block);
    this.#pages.touch(cached.page);
    if (kind !== undefined && (cached.kind !== kind || cached.owner !== owner)) {
      this.#identify(cached, kind, owner);
    }
    return cached;
  }

  /** The block as zeros, changed; what the disk holds there is of no interest. */
  fresh(block: number, kind: BlockKind = BLOCK_KIND.plain, owner = 0): CachedBlock {
    const cached = this.#pages.find(block) ?? this.#unread(block);
    this.#pages.touch(cached.page);
    this.#change(cached);
    this.#name(cached, kind, owner);
    cached.bytes.fill(0);
    cached.mark = 0;
    return cached;
  }

  /**
   * Declares that the running operation changes the block; call before changing it. With a kind, it
   * goes to the disk as that.
   */
  change(cached: CachedBlock, kind?: BlockKind, owner = 0): void {
    const mine = cached as PageBlock;
    if (!mine.changed) this.#change(mine);
    if (kind !== undefined) this.#name(mine, kind, owner);
  }

  /** Drops a block whether changed or not: it was freed. */
  forget(block: number): void {
    const cached = this.#pages.find(block);
    if (cached === undefined || this.#forgotten.has(cached)) return;
    if (cached.changed) this.#unchange(cached);
    if (cached.slot >= 0) this.#forgotten.add(cached);
    else this.#release(cached);
  }

  /**
   * Makes the changes of the running operation take effect, all or nothing. Without changes it
   * does nothing, the tag included.
   *
   * @throws {OsError} What the disk answered; the changes are still there to be rolled back.
   */
  commit(tag: RequestTag, result: number): void {
    if (this.#changedCount === 0 && this.#forgotten.size === 0) return;
    const log = this.#log;
    if (log === undefined) return this.#commitToDisk(tag, result);
    const changed = this.#changedBlocks();
    if (!log.hasRoom(changed.length, this.#forgotten.size)) {
      this.checkpoint();
      if (!log.hasRoom(changed.length, 0)) return this.#commitToDisk(tag, result);
    }
    log.write(changed, this.#slots, this.#forgotten, tag, result);
    this.#point("fs.log.written");
    log.commit();
    this.#point("fs.log.committed");
    for (let index = 0; index < changed.length; index++) {
      const cached = changed[index]!;
      if (cached.slot >= 0) log.release(cached.slot);
      else this.#logged.add(cached);
      cached.slot = this.#slots[index]!;
      cached.changed = false;
      this.#dropUndo(cached);
    }
    for (const cached of this.#forgotten) {
      log.release(cached.slot);
      this.#leaveLog(cached);
      this.#release(cached);
    }
    this.#endOperation();
  }

  /** Undoes the changes of the running operation. */
  rollback(): void {
    for (const cached of this.#listed) {
      if (!cached.changed) continue;
      this.#unchange(cached);
      if (cached.slot >= 0) this.#restore(cached);
      else this.#release(cached);
    }
    for (const cached of this.#forgotten) this.#restore(cached);
    assert(this.#changedCount === 0, "nothing stays changed after a rollback");
    this.#endOperation();
  }

  /**
   * Brings everything that was committed to the disk, by one transaction, and empties the log. What
   * the running operation has changed is not part of it.
   *
   * @throws {OsError} What the disk answered; then the log still holds everything.
   */
  checkpoint(): void {
    const dirty = [...this.#logged];
    if (dirty.length === 0) {
      if (this.#log?.isEmpty === false) this.#log.reset();
      return;
    }
    const aside = this.#putAside(dirty);
    try {
      this.#integrity.seal(dirty);
      const images = this.#imagesOf(dirty);
      this.#point("fs.checkpoint.sealed");
      this.#disk.transact(images, NO_REQUEST, 0);
    } catch (error) {
      for (const one of aside) this.#putBack(one);
      throw error;
    }
    this.#point("fs.checkpoint.transacted");
    this.#log?.reset();
    this.#point("fs.checkpoint.emptied");
    for (const cached of dirty) this.#leaveLog(cached);
    for (const one of aside) {
      if (one.cached.changed) this.#putBack(one, this.#copyOfPart(one.cached));
    }
    for (const cached of this.#forgotten) this.#release(cached);
    this.#forgotten.clear();
  }

  /** Returns when everything that was committed would survive the death of the process. */
  flush(): void {
    this.checkpoint();
    this.#disk.flush();
  }

  /** Reads blocks of file data. */
  readData(firstBlock: number, count: number, target: Uint8Array): void {
    this.#data.read(firstBlock, count, target);
  }

  /** Writes blocks of file data in place. */
  writeData(firstBlock: number, count: number, source: Uint8Array): void {
    this.#data.write(firstBlock, count, source);
  }

  /** Makes blocks of file data read as zeros. */
  zeroData(firstBlock: number, count: number): void {
    this.#data.zero(firstBlock, count);
  }

  /** Reads runs of file data into one run of memory. */
  readDataVector(runs: readonly BlockSpan[], target: Uint8Array): void {
    this.#data.readVector(runs, target);
  }

  /** Writes runs of file data in place from one run of memory. */
  writeDataVector(runs: readonly BlockSpan[], source: Uint8Array): void {
    this.#data.writeVector(runs, source);
  }

  #inherit(): void {
    const log = this.#log;
    if (log === undefined) return;
    const { perPage } = this.#pages;
    const pages = new Set(log.inherited.map(({ block }) => Math.floor(block / perPage)));
    if (pages.size > this.#busyMax) throw new OsError("ENOMEM", "take over an earlier life's log");
    for (const { block, slot } of log.inherited) {
      const cached = this.#pages.find(block) ?? this.#unread(block);
      cached.slot = slot;
      this.#restore(cached);
      this.#logged.add(cached);
      if (cached.page.busy++ === 0) this.#busyCount++;
    }
  }

  #read(block: number): PageBlock {
    this.#requireOnDisk(block);
    const { perPage } = this.#pages;
    const number = Math.floor(block / perPage);
    const page = this.#takePage();
    try {
      this.#disk.read(number * DISK_BLOCK_BYTES, page.bytes);
    } catch (error) {
      this.#pages.giveBack(page);
      throw error;
    }
    this.#pages.put(page, number);
    return page.blocks[block - number * perPage]!;
  }

  /** A block that will be filled: read only if there are others in its page. */
  #unread(block: number): PageBlock {
    if (this.#pages.perPage > 1) return this.#read(block);
    this.#requireOnDisk(block);
    const page = this.#takePage();
    this.#pages.put(page, block);
    return page.blocks[0]!;
  }

  #requireOnDisk(block: number): void {
    if (block >= 0 && (block + 1) * this.blockBytes <= this.#disk.byteLength) return;
    throw new OsError("EUCLEAN", `block ${block} is not on the disk`);
  }

  #takePage(): Page {
    const page = this.#pages.take();
    if (page !== undefined) return page;
    this.checkpoint();
    const other = this.#pages.take();
    if (other === undefined) throw outOfPages();
    return other;
  }

  #identify(cached: PageBlock, kind: BlockKind, owner: number): void {
    if (cached.changed || cached.slot >= 0) {
      throw new OsError("EUCLEAN", `block ${cached.block} is two things at once`);
    }
    cached.kind = kind;
    cached.owner = owner;
    cached.mark = 0;
    try {
      this.#integrity.verify(cached);
    } catch (error) {
      cached.kind = 0;
      throw error;
    }
  }

  #change(cached: PageBlock): void {
    if (cached.changed) return;
    assert(cached.block >= 0, "only a block that is in the cache changes");
    const { page } = cached;
    if (page.busy === 0 && this.#busyCount >= this.#busyMax) this.#makeRoom();
    if (cached.slot < 0) {
      if (page.busy++ === 0) this.#busyCount++;
      if (this.#pages.perPage > 1) cached.undo = this.#copyOfPart(cached);
    }
    if (this.#forgotten.size > 0) this.#forgotten.delete(cached);
    cached.changed = true;
    this.#changedCount++;
    if (cached.kind === BLOCK_KIND.plain) this.#plain.add(cached);
    if (cached.listed) return;
    cached.listed = true;
    this.#listed.push(cached);
  }

  #makeRoom(): void {
    this.checkpoint();
    if (this.#busyCount < this.#busyMax) return;
    throw new OsError("ENOMEM", `change more than ${this.#busyCount} blocks at once`);
  }

  /** Says what a changed block is. */
  #name(cached: PageBlock, kind: BlockKind, owner: number): void {
    cached.kind = kind;
    cached.owner = owner;
    if (kind === BLOCK_KIND.plain) this.#plain.add(cached);
    else this.#plain.delete(cached);
  }

  /** Takes a block out of the running operation, as far as counts go. */
  #unchange(cached: PageBlock): void {
    cached.changed = false;
    this.#changedCount--;
    if (cached.slot >= 0) return;
    if (--cached.page.busy === 0) this.#busyCount--;
    if (cached.undo === undefined) return;
    this.#restore(cached);
    this.#dropUndo(cached);
  }

  /** Takes a block out of the log, as far as counts go. */
  #leaveLog(cached: PageBlock): void {
    cached.slot = -1;
    this.#logged.delete(cached);
    if (cached.changed) return;
    this.#plain.delete(cached);
    if (--cached.page.busy === 0) this.#busyCount--;
  }

  /** Lets go of a block that is neither changed nor logged. */
  #release(cached: PageBlock): void {
    this.#plain.delete(cached);
    cached.kind = 0;
    cached.mark = 0;
    if (this.#pages.perPage === 1) this.#pages.drop(cached.page);
  }

  /** Brings back the content that was committed last: what is in the log, or what the disk holds. */
  #restore(cached: PageBlock): void {
    const { slot, undo } = cached;
    if (slot < 0) {
      if (undo !== undefined) cached.bytes.set(undo);
      cached.mark = 0;
      return;
    }
    const log = this.#log!;
    cached.bytes.set(log.image(slot));
    cached.mark = log.mark(slot);
    this.#name(cached, log.kind(slot), log.owner(slot));
  }

  /** Valid until the operation ends. */
  #changedBlocks(): readonly PageBlock[] {
    if (this.#changedCount === this.#listed.length) return this.#listed;
    return this.#listed.filter((cached) => cached.changed);
  }

  #endOperation(): void {
    for (const cached of this.#listed) cached.listed = false;
    this.#listed.length = 0;
    if (this.#forgotten.size > 0) this.#forgotten.clear();
    this.#changedCount = 0;
  }

  /** The commit of what does not go through the log. */
  #commitToDisk(tag: RequestTag, result: number): void {
    this.checkpoint();
    const changed = this.#changedBlocks();
    this.#integrity.seal(changed);
    this.#disk.transact(this.#imagesOf(changed), tag, result);
    if (this.#log !== undefined) {
      this.#log.write([], this.#slots, this.#forgotten, tag, result);
      this.#log.commit();
    }
    for (const cached of changed) {
      cached.changed = false;
      this.#dropUndo(cached);
      this.#plain.delete(cached);
      if (--cached.page.busy === 0) this.#busyCount--;
    }
    this.#endOperation();
  }

  #imagesOf(blocks: readonly PageBlock[]): BlockImage[] {
    const collection = ++this.#collection;
    const images: BlockImage[] = [];
    for (const { page } of blocks) {
      if (page.collected === collection) continue;
      page.collected = collection;
      images.push({ block: page.number, image: page.bytes });
    }
    return images;
  }

  /** Puts what a checkpoint must not take out of its pages, and what was committed in. */
  #putAside(dirty: readonly PageBlock[]): Aside[] {
    if (this.#changedCount === 0 && this.#forgotten.size === 0) return [];
    const running = [...this.#changedBlocks(), ...this.#forgotten];
    const hit = running.filter(({ slot, page }) =>
      slot >= 0 || page.blocks.some((one) => one.slot >= 0)
    );
    if (hit.length === 0) return [];
    // Checksums that a sealed block has in another one must be in its running content, too.
    this.#integrity.seal(dirty);
    return hit.map((cached) => {
      const { kind, owner, mark } = cached;
      const one = { cached, bytes: cached.bytes.slice(), kind, owner, mark };
      this.#restore(cached);
      return one;
    });
  }

  /** Brings the running content back; `undo` is what the disk holds now. */
  #putBack({ cached, bytes, kind, owner, mark }: Aside, undo = cached.undo): void {
    cached.undo = undo;
    cached.bytes.set(bytes);
    cached.mark = mark;
    this.#name(cached, kind, owner);
  }

  /** A copy of a block that has a page with others, for when the operation is undone. */
  #copyOfPart(cached: PageBlock): Uint8Array | undefined {
    if (this.#pages.perPage === 1) return undefined;
    const copy = cached.undo ?? this.#undos.pop() ?? new Uint8Array(this.blockBytes);
    copy.set(cached.bytes);
    return copy;
  }

  #dropUndo(cached: PageBlock): void {
    if (cached.undo === undefined) return;
    this.#undos.push(cached.undo);
    cached.undo = undefined;
  }
}
