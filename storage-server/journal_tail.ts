/**
 * The running transaction: committed images that the ring on disk does not hold yet, in a keep.
 *
 * The rule: **nothing that the commit word covers is ever changed while it covers it.** An entry is
 * written beyond the committed ones, an image into a slot that no committed entry names; then one
 * store of the commit word makes all of it true at once. An incarnation that dies before that
 * store leaves bytes that nobody reads; one that dies after it leaves a commit that its successor
 * finds by reading the log again. Switching halves is the same single store, so emptying the tail
 * is atomic too.
 *
 * Layout: `layouts/tail.ts`. A successor validates what it finds and trusts none of it.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import {
  ENTRIES_MAX,
  ENTRY_KIND,
  ENTRY_WORDS,
  HALF_SHIFT,
  isEntrySealed,
  sealEntry,
  TAIL_CLIENTS_MAX,
  TAIL_DEVICE_ID,
  TAIL_HEAD_BYTES,
  tailShape,
} from "./layouts/tail.ts";
import type { LastTransaction } from "./layouts/record.ts";
import { DEVICE_ID_WORDS, type RingPlace } from "./layouts/superblock.ts";
import { readU64, writeU64 } from "./layouts/u64.ts";
import { BLOCK_BYTES } from "./protocol.ts";

const UNAPPLIED = 0x8000_0000; // Above the live block count of a RING entry.
const ENTRIES_RESERVED = 8; // So that a group commit can always note its progress.

/** The ring on disk as the tail remembers it: where the next record goes and what is still live. */
export interface RingHead extends RingPlace {
  /** Blocks before `position` that replay may still read, and that must not be written over. */
  readonly liveBlocks: number;
  /** The last record may not be in place yet; the tail still holds exactly its images. */
  readonly unapplied: boolean;
}

/** The tail of the journal in a keep. */
export class JournalTail {
  /** Image slots in all. */
  readonly slotCount: number;
  readonly #entryCount: number;
  readonly #words: Uint32Array;
  readonly #commit: Int32Array;
  readonly #images: Uint8Array[] = [];
  readonly #slotOf = new Map<number, number>();
  readonly #last = new Map<number, LastTransaction>(); // Oldest first.
  readonly #free: Int32Array;
  #freeCount = 0;
  readonly #stagedBlocks: Float64Array;
  readonly #stagedSlots: Int32Array;
  #stagedImages = 0;
  #stagedLast: LastTransaction | undefined;
  #half = 0;
  #generation = 0;
  #count = 0; // Committed entries.
  #end = 0; // Committed and staged entries.
  #ring: RingHead = { sequence: 0, position: 0, chain: 0, liveBlocks: 0, unapplied: false };
  #failure = 0;

  /**
   * Lays a keep out; `create` or `takeOver` opens it.
   *
   * @param keep The keep: zeroes, or what a predecessor left.
   * @throws {RangeError} If it is too small to hold an image.
   */
  constructor(keep: Uint8Array) {
    const shape = tailShape(keep.byteLength);
    if (shape.slotCount < 1) {
      throw new RangeError(
        `Cannot keep a journal tail in ${keep.byteLength} bytes: 40,960 at least`,
      );
    }
    this.slotCount = shape.slotCount;
    this.#entryCount = shape.entryCount;
    this.#words = new Uint32Array(keep.buffer, keep.byteOffset, shape.slotsOffset / 4);
    this.#commit = new Int32Array(keep.buffer, keep.byteOffset, 1);
    for (let slot = 0; slot < shape.slotCount; slot++) {
      const offset = shape.slotsOffset + slot * BLOCK_BYTES;
      this.#images.push(keep.subarray(offset, offset + BLOCK_BYTES));
    }
    this.#free = new Int32Array(shape.slotCount);
    this.#stagedBlocks = new Float64Array(shape.slotCount);
    this.#stagedSlots = new Int32Array(shape.slotCount);
  }

  /** Whether no incarnation has opened this keep yet. */
  get isFresh(): boolean {
    return Atomics.load(this.#commit, 0) === 0;
  }

  /** Blocks whose newest image is here. */
  get imageCount(): number {
    return this.#slotOf.size;
  }

  /** The ring on disk. */
  get ring(): RingHead {
    return this.#ring;
  }

  /** The errno for which this volume may write no more, or 0. */
  get failure(): number {
    return this.#failure;
  }

  /** Opens a keep of zeroes. */
  create(deviceId: Uint32Array, ring: RingHead): void {
    assert(this.isFresh, "only a keep of zeroes is created");
    this.#words.set(deviceId, TAIL_DEVICE_ID);
    for (let slot = 0; slot < this.slotCount; slot++) this.#free[this.#freeCount++] = slot;
    this.#half = 1; // So that the first half to be written is 0.
    this.#ring = ring;
    this.restart();
  }

  /**
   * Takes over what a predecessor left.
   *
   * @throws {OsError} `EUCLEAN` if what stands there is not what a predecessor can have left.
   */
  takeOver(deviceId: Uint32Array, areaBlockCount: number): void {
    const commit = Atomics.load(this.#commit, 0);
    this.#half = commit >>> HALF_SHIFT;
    this.#count = this.#end = commit & ENTRIES_MAX;
    const right = this.#count >= 1 && this.#count <= this.#entryCount;
    if (!right) throw damaged(`its commit word is ${commit >>> 0}`);
    for (let index = 0; index < DEVICE_ID_WORDS; index++) {
      if (this.#words[TAIL_DEVICE_ID + index] !== deviceId[index]) {
        throw damaged("it belongs to another device");
      }
    }
    this.#generation = this.#words[this.#at(0) + 1]!;
    for (let index = 0; index < this.#count; index++) this.#readEntry(index, areaBlockCount);
    const used = new Uint8Array(this.slotCount);
    for (const slot of this.#slotOf.values()) {
      if (used[slot]! > 0) throw damaged(`two blocks share slot ${slot}`);
      used[slot] = 1;
    }
    for (let slot = 0; slot < this.slotCount; slot++) {
      if (used[slot] === 0) this.#free[this.#freeCount++] = slot;
    }
  }

  /** The newest image of a block, or `undefined` when it is not here. Hot path. */
  find(block: number): Uint8Array | undefined {
    const slot = this.#slotOf.get(block);
    return slot === undefined ? undefined : this.#images[slot];
  }

  /** Whether a block's newest image is here. Hot path. */
  has(block: number): boolean {
    return this.#slotOf.has(block);
  }

  /** The numbers of the blocks that are here, rising. */
  blocks(): Float64Array {
    return Float64Array.from(this.#slotOf.keys()).sort();
  }

  /** The last transaction of each client that is remembered, the one that was silent longest first. */
  lastTransactions(): LastTransaction[] {
    return [...this.#last.values()];
  }

  /** A client's last transaction. */
  last(badge: number): LastTransaction | undefined {
    return this.#last.get(badge);
  }

  /** Whether a transaction of `images` images can be staged now. Hot path. */
  hasRoom(images: number): boolean {
    return images <= this.#freeCount && this.hasEntries(images + 1);
  }

  /** Whether the log can take `entries` more, besides those reserved. Hot path. */
  hasEntries(entries: number): boolean {
    return this.#end + entries + ENTRIES_RESERVED <= this.#entryCount;
  }

  /** Stages the image of a block: 4 KiB of `source` at `offset`. Hot path. */
  stageImage(block: number, source: Uint8Array, offset: number): void {
    assert(this.#freeCount > 0, "an image is staged only where there is room");
    const slot = this.#free[--this.#freeCount]!;
    this.#images[slot]!.set(source.subarray(offset, offset + BLOCK_BYTES));
    this.#stagedBlocks[this.#stagedImages] = block;
    this.#stagedSlots[this.#stagedImages++] = slot;
    this.#imageEntry(block, slot);
  }

  /** Stages what a client's transaction shall be remembered by. Hot path. */
  stageLast(last: LastTransaction): void {
    this.#stagedLast = last;
    this.#lastEntry(last);
  }

  /** Stages where the ring stands. */
  stageRing(ring: RingHead): void {
    this.#ring = ring;
    this.#ringEntry();
  }

  /** Makes everything staged true, with one store. Hot path. */
  publish(): void {
    assert(this.#end <= this.#entryCount, "the log holds every entry that is published");
    Atomics.store(this.#commit, 0, (this.#half << HALF_SHIFT) | this.#end);
    this.#count = this.#end;
  }

  /** Frees the slots that the last {@linkcode publish} superseded, and finds the new ones. */
  settle(): void {
    for (let index = 0; index < this.#stagedImages; index++) {
      const block = this.#stagedBlocks[index]!;
      const superseded = this.#slotOf.get(block);
      if (superseded !== undefined) this.#free[this.#freeCount++] = superseded;
      this.#slotOf.set(block, this.#stagedSlots[index]!);
    }
    this.#stagedImages = 0;
    if (this.#stagedLast !== undefined) this.#remember(this.#stagedLast);
    this.#stagedLast = undefined;
  }

  /** Notes for good that this volume may write no more. */
  fail(errno: number): void {
    if (this.#failure !== 0) return;
    this.#failure = errno;
    this.#failedEntry();
    this.publish();
  }

  /** Drops superseded entries by writing the log anew in the other half. */
  compact(): void {
    assert(this.#stagedImages === 0, "nothing is staged while the log is written anew");
    this.#beginHalf();
    for (const [block, slot] of this.#slotOf) this.#imageEntry(block, slot);
    this.publish();
  }

  /** Empties the tail of images: the ring's last record is in place. Tags stay. */
  restart(): void {
    assert(this.#stagedImages === 0, "nothing is staged while the tail is emptied");
    if (this.#ring.unapplied) this.#ring = { ...this.#ring, unapplied: false };
    this.#beginHalf();
    this.publish();
    for (const slot of this.#slotOf.values()) this.#free[this.#freeCount++] = slot;
    this.#slotOf.clear();
  }

  #beginHalf(): void {
    this.#half ^= 1;
    this.#end = 0;
    this.#generation = (this.#generation + 1) >>> 0;
    this.#ringEntry();
    if (this.#failure !== 0) this.#failedEntry();
    for (const last of this.#last.values()) this.#lastEntry(last);
  }

  #at(index: number): number {
    const entry = this.#half * this.#entryCount + index;
    return TAIL_HEAD_BYTES / 4 + entry * ENTRY_WORDS;
  }

  /** Writes an entry beyond the committed ones. Hot path. */
  #entry(kind: number, a: number, b: number, c: number, d: number, e: number): void {
    assert(this.#end < this.#entryCount, "an entry is staged only where there is room");
    const words = this.#words;
    const at = this.#at(this.#end++);
    words[at] = kind;
    words[at + 1] = this.#generation;
    words[at + 2] = a;
    words[at + 3] = b;
    words[at + 4] = c;
    words[at + 5] = d;
    words[at + 6] = e;
    sealEntry(words, at);
  }

  #imageEntry(block: number, slot: number): void {
    const high = Math.floor(block / 0x1_0000_0000);
    this.#entry(ENTRY_KIND.IMAGE, block % 0x1_0000_0000, high, slot, 0, 0);
  }

  #lastEntry(last: LastTransaction): void {
    const { badge, sequence, tagBadge, tagSequence, result } = last;
    this.#entry(ENTRY_KIND.TAG, badge, sequence, tagBadge, tagSequence, result);
  }

  #ringEntry(): void {
    const { sequence, position, chain, liveBlocks, unapplied } = this.#ring;
    const state = unapplied ? liveBlocks | UNAPPLIED : liveBlocks;
    writeU64(SCRATCH_U64, 0, sequence);
    this.#entry(ENTRY_KIND.RING, SCRATCH_U64[0]!, SCRATCH_U64[1]!, position, chain, state);
  }

  #failedEntry(): void {
    this.#entry(ENTRY_KIND.FAILED, this.#failure, 0, 0, 0, 0);
  }

  #readEntry(index: number, areaBlockCount: number): void {
    const words = this.#words;
    const at = this.#at(index);
    if (!isEntrySealed(words, at)) throw damaged(`entry ${index} does not match its checksum`);
    const kind = words[at]!;
    if (words[at + 1] !== this.#generation) throw damaged(`entry ${index} is of another log`);
    if (index === 0 && kind !== ENTRY_KIND.RING) throw damaged("it does not start with the ring");
    if (kind === ENTRY_KIND.RING) {
      const sequence = readU64(words, at + 2);
      const state = words[at + 6]!;
      this.#ring = {
        sequence,
        position: words[at + 4]!,
        chain: words[at + 5]!,
        liveBlocks: (state & ~UNAPPLIED) >>> 0,
        unapplied: state >= UNAPPLIED,
      };
      if (sequence < 0) throw damaged(`entry ${index} names an impossible sequence`);
    } else if (kind === ENTRY_KIND.IMAGE) {
      const block = readU64(words, at + 2);
      const slot = words[at + 4]!;
      if (block < 0 || block >= areaBlockCount || slot >= this.slotCount) {
        throw damaged(`entry ${index} leaves the volumes or the keep`);
      }
      this.#slotOf.set(block, slot);
    } else if (kind === ENTRY_KIND.TAG) {
      this.#remember({
        badge: words[at + 2]!,
        sequence: words[at + 3]!,
        tagBadge: words[at + 4]!,
        tagSequence: words[at + 5]!,
        result: words[at + 6]! | 0,
      });
    } else if (kind === ENTRY_KIND.FAILED) {
      this.#failure = words[at + 2]!;
    } else {
      throw damaged(`entry ${index} is of no known kind`);
    }
  }

  #remember(last: LastTransaction): void {
    this.#last.delete(last.badge);
    this.#last.set(last.badge, last);
    if (this.#last.size <= TAIL_CLIENTS_MAX) return;
    for (const oldest of this.#last.keys()) { // The client that was silent longest.
      this.#last.delete(oldest);
      return;
    }
  }
}

const SCRATCH_U64 = new Uint32Array(2);

function damaged(how: string): OsError {
  return new OsError("EUCLEAN", `take over the journal tail: ${how}`);
}
