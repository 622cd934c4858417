/**
 * The log of committed changes that are not yet on the disk, in a keep: memory that outlives the
 * incarnation. What is in it counts as done. See `layouts/metadata_log.ts` for how it looks.
 *
 * Invariants, which hold between any two steps:
 * 1. A record counts from the store of `committed` on, and until the store of `first` that empties
 *    the log; both are single words. Whoever dies before has changed nothing that counts.
 * 2. A slot that the last counting entry of a block names is not written. Slots become free when a
 *    later record names the block, or when the log is emptied.
 * 3. The log is emptied only after one transaction of the disk has taken all of it; between the two
 *    nothing is written in place. So a successor may do that transaction again.
 * 4. A block that the log holds an image of is not written in place, and is not given to another
 *    file: either would be undone by a successor.
 * 5. A request's tag and result are among the tags before its record counts.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import type { BlockKind, CachedBlock } from "./cached_block.ts";
import type { CommittedTag, RequestTag } from "./disk.ts";
import {
  LOG_HEAD as HEAD,
  LOG_MAGIC,
  LOG_TAG,
  NO_SLOT,
  RECORD,
  RECORD_ENTRY as ENTRY,
  RECORD_ENTRY_WORDS,
  RECORD_WORDS,
  RECORDS_OFFSET,
  RECORDS_SHARE,
  TAG_COUNT,
  TAG_WORDS,
  TAGS_OFFSET,
} from "./layouts/metadata_log.ts";

/**
 * Slots that rest before they are written again. A successor's keep is a copy that may be made while
 * its predecessor still runs to the end of a request: what the copy's head names must be in it.
 */
const RESTING_COUNT = 64;

const RECORDS_WORD = RECORDS_OFFSET >> 2;
const KIND_MAX = 13;

/** A block whose newest content is in the log. */
export interface LoggedBlock {
  /** The block's number. */
  readonly block: number;
  /** Where its image is. */
  readonly slot: number;
}

/** A log in a keep. */
export class MetadataLog {
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #recordsEnd: number;
  readonly #imagesOffset: number;
  readonly #blockBytes: number;
  readonly #slotCount: number;
  readonly #images: Uint8Array[] = [];
  readonly #kinds: BlockKind[] = [];
  readonly #owners: number[] = [];
  readonly #marks: number[] = [];
  #free: number[] = [];
  /** Slots that became free last, in the order in which they did: a ring. */
  readonly #resting = new Uint32Array(RESTING_COUNT);
  #restingCount = 0;
  #restingNext = 0;
  #committed = 0;
  /** Word at which the next record will stand. */
  #end = RECORDS_WORD;
  /** What an earlier incarnation left: the newest content of blocks. */
  readonly inherited: readonly LoggedBlock[] = [];
  /** Requests that an earlier incarnation did last, the oldest first. */
  readonly inheritedTags: readonly CommittedTag[] = [];

  /**
   * Begins a log in a blank keep, or takes over what stands there.
   *
   * @param keep Zeroed before the first incarnation.
   * @param blockBytes Bytes of a block of the file system.
   * @param blockCount Blocks of the disk, in that unit.
   * @throws {OsError} `EUCLEAN` if what stands there is no log that we wrote.
   */
  constructor(keep: Uint8Array, blockBytes: number, blockCount: number) {
    assert(keep.byteOffset % 4 === 0, "a keep is aligned to words");
    assert(keep.byteLength >= 16 * blockBytes, "the keep metadataLog has room for some blocks");
    const records = Math.max(4096, Math.floor(keep.byteLength / RECORDS_SHARE));
    const recordsEnd = Math.ceil((RECORDS_OFFSET + records) / 64) * 64;
    this.#bytes = keep;
    this.#words = new Uint32Array(keep.buffer, keep.byteOffset, keep.byteLength >> 2);
    this.#recordsEnd = recordsEnd >> 2;
    this.#imagesOffset = recordsEnd;
    this.#blockBytes = blockBytes;
    this.#slotCount = Math.floor((keep.byteLength - recordsEnd) / blockBytes);
    for (let slot = this.#slotCount - 1; slot >= 0; slot--) this.#free.push(slot);
    if (this.#words[HEAD.magic] === 0) {
      this.#words[HEAD.blockBytes] = blockBytes;
      this.#words[HEAD.byteLength] = keep.byteLength;
      Atomics.store(this.#words, HEAD.magic, LOG_MAGIC);
    } else {
      this.inherited = this.#inherit(blockCount);
      this.inheritedTags = this.#inheritTags();
    }
  }

  /** Whether no record counts. */
  get isEmpty(): boolean {
    return this.#end === RECORDS_WORD;
  }

  /** Whether a record of so many images and freed blocks fits. */
  hasRoom(imageCount: number, freedCount: number): boolean {
    const words = RECORD_WORDS + (imageCount + freedCount) * RECORD_ENTRY_WORDS;
    return imageCount <= this.#free.length + this.#restingCount &&
      this.#end + words <= this.#recordsEnd;
  }

  /**
   * Writes a record that does not count yet. It has room.
   *
   * @param changed Blocks whose images it takes.
   * @param slots Takes the slot of each.
   * @param freed Blocks that are nobody's any more.
   */
  write(
    changed: readonly CachedBlock[],
    slots: number[],
    freed: ReadonlySet<CachedBlock>,
    tag: RequestTag,
    result: number,
  ): void {
    const words = this.#words;
    const start = this.#end;
    const entryCount = changed.length + freed.size;
    let at = start + RECORD_WORDS;
    let sum = entryCount;
    for (let index = 0; index < changed.length; index++) {
      const cached = changed[index]!;
      const slot = this.#free.pop() ?? this.#takeRested();
      slots[index] = slot;
      this.#kinds[slot] = cached.kind;
      this.#owners[slot] = cached.owner;
      this.#marks[slot] = cached.mark;
      this.#bytes.set(cached.bytes, this.#imagesOffset + slot * this.#blockBytes);
      sum = (sum + this.#writeEntry(at, cached, slot)) | 0;
      at += RECORD_ENTRY_WORDS;
    }
    for (const cached of freed) {
      sum = (sum + this.#writeEntry(at, cached, NO_SLOT)) | 0;
      at += RECORD_ENTRY_WORDS;
    }
    words[start + RECORD.number] = this.#committed;
    words[start + RECORD.entryCount] = entryCount;
    words[start + RECORD.badge] = tag.badge;
    words[start + RECORD.sequence] = tag.sequence;
    words[start + RECORD.result] = result;
    words[start + RECORD.sum] = sum + this.#committed + tag.badge + tag.sequence + result;
    const note = (TAGS_OFFSET >> 2) + (this.#committed % TAG_COUNT) * TAG_WORDS;
    words[note + LOG_TAG.number] = this.#committed;
    words[note + LOG_TAG.badge] = tag.badge;
    words[note + LOG_TAG.sequence] = tag.sequence;
    words[note + LOG_TAG.result] = result;
  }

  /** Lets the record count that was written last. */
  commit(): void {
    const entryCount = this.#words[this.#end + RECORD.entryCount]!;
    this.#end += RECORD_WORDS + entryCount * RECORD_ENTRY_WORDS;
    this.#committed = (this.#committed + 1) >>> 0;
    Atomics.store(this.#words, HEAD.committed, this.#committed);
  }

  /** Lets a slot be written again: a record that counts names another for its block. */
  release(slot: number): void {
    if (this.#restingCount === RESTING_COUNT) this.#free.push(this.#takeRested());
    this.#resting[this.#restingNext] = slot;
    this.#restingNext = (this.#restingNext + 1) % RESTING_COUNT;
    this.#restingCount++;
  }

  /** The image in a slot. */
  image(slot: number): Uint8Array {
    let image = this.#images[slot];
    if (image === undefined) {
      const start = this.#imagesOffset + slot * this.#blockBytes;
      image = this.#bytes.subarray(start, start + this.#blockBytes);
      this.#images[slot] = image;
    }
    return image;
  }

  /** What the block in a slot was when it was logged. */
  kind(slot: number): BlockKind {
    return this.#kinds[slot] ?? 0;
  }

  /** Whose the block in a slot was when it was logged. */
  owner(slot: number): number {
    return this.#owners[slot] ?? 0;
  }

  /** The mark of the block in a slot when it was logged. */
  mark(slot: number): number {
    return this.#marks[slot] ?? 0;
  }

  /** Empties the log: the disk has taken it. The tags stay. */
  reset(): void {
    Atomics.store(this.#words, HEAD.first, this.#committed);
    this.#end = RECORDS_WORD;
    this.#free.length = 0;
    this.#restingCount = 0;
    for (let slot = this.#slotCount - 1; slot >= 0; slot--) this.#free.push(slot);
  }

  /** The slot that has rested longest. */
  #takeRested(): number {
    assert(this.#restingCount > 0, "a record has room");
    const oldest = (this.#restingNext - this.#restingCount + RESTING_COUNT) % RESTING_COUNT;
    this.#restingCount--;
    return this.#resting[oldest]!;
  }

  /** Answers the sum of the entry's words. */
  #writeEntry(at: number, { block, kind, owner, mark }: CachedBlock, slot: number): number {
    const words = this.#words;
    const low = block >>> 0;
    const second = ((block - low) / 2 ** 32) | (kind << 16);
    words[at + ENTRY.block] = low;
    words[at + ENTRY.blockHighAndKind] = second;
    words[at + ENTRY.owner] = owner;
    words[at + ENTRY.slot] = slot;
    words[at + ENTRY.mark] = mark;
    return (low + second + owner + slot + mark) | 0;
  }

  /** Reads the records that count; answers for each block the last entry that names it. */
  #inherit(blockCount: number): LoggedBlock[] {
    const words = this.#words;
    const isOurs = words[HEAD.magic] === LOG_MAGIC &&
      words[HEAD.blockBytes] === this.#blockBytes &&
      words[HEAD.byteLength] === this.#bytes.byteLength;
    if (!isOurs) throw damaged("head");
    const committed = words[HEAD.committed]!;
    const last = new Map<number, LoggedBlock>();
    for (let number = words[HEAD.first]!; number !== committed; number = (number + 1) >>> 0) {
      this.#inheritRecord(number, blockCount, last);
    }
    this.#committed = committed;
    const slots = new Set([...last.values()].map(({ slot }) => slot));
    if (slots.size !== last.size) throw damaged("slots");
    this.#free = this.#free.filter((slot) => !slots.has(slot));
    return [...last.values()];
  }

  #inheritRecord(number: number, blockCount: number, last: Map<number, LoggedBlock>): void {
    const words = this.#words;
    const start = this.#end;
    const entryCount = words[start + RECORD.entryCount] ?? Infinity;
    const end = start + RECORD_WORDS + entryCount * RECORD_ENTRY_WORDS;
    if (end > this.#recordsEnd || words[start + RECORD.number] !== number) throw damaged("record");
    let sum = -2 * words[start + RECORD.sum]! | 0;
    for (let word = start; word < end; word++) sum = (sum + words[word]!) | 0;
    if (sum !== 0) throw damaged("sum");
    for (let at = start + RECORD_WORDS; at < end; at += RECORD_ENTRY_WORDS) {
      const second = words[at + ENTRY.blockHighAndKind]!;
      const block = words[at + ENTRY.block]! + (second & 0xffff) * 2 ** 32;
      const slot = words[at + ENTRY.slot]!;
      const kind = second >>> 16;
      if (block >= blockCount || kind > KIND_MAX) throw damaged("entry");
      if (slot === NO_SLOT) {
        last.delete(block);
        continue;
      }
      if (slot >= this.#slotCount) throw damaged("slot");
      this.#kinds[slot] = kind as BlockKind;
      this.#owners[slot] = words[at + ENTRY.owner]!;
      this.#marks[slot] = words[at + ENTRY.mark]! | 0;
      last.set(block, { block, slot });
    }
    this.#end = end;
  }

  #inheritTags(): CommittedTag[] {
    const words = this.#words;
    const tags: CommittedTag[] = [];
    for (let back = TAG_COUNT; back > 0; back--) {
      const number = (this.#committed - back) >>> 0;
      const at = (TAGS_OFFSET >> 2) + (number % TAG_COUNT) * TAG_WORDS;
      if (words[at + LOG_TAG.number] !== number) continue;
      tags.push({
        badge: words[at + LOG_TAG.badge]!,
        sequence: words[at + LOG_TAG.sequence]!,
        result: words[at + LOG_TAG.result]! | 0,
      });
    }
    return tags;
  }
}

function damaged(what: string): OsError {
  return new OsError("EUCLEAN", `the metadata log of an earlier life: ${what}`);
}
