/**
 * Reads a journal from its first transaction to its last that was committed, checks all of it, and
 * says which block of the file system is to get which image. Writes nothing.
 *
 * Of several images of a block the last one counts. A revoke takes away all images of transactions
 * up to its own: the block was freed, and may hold file data by now. So one walk is enough: at each
 * commit the images of that transaction come into the plan, and then what it revokes leaves it.
 *
 * Where the log ends is told by the first block that is not the journal's or has another sequence
 * number. A transaction without a commit never happened. Stale blocks of an older journal may look
 * like a transaction whose checksums are wrong: those are told by their time, as Linux tells them.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  JOURNAL_CHECKSUM_KIND,
  JOURNAL_COMMIT as COMMIT,
  JOURNAL_HEADER as HEADER,
  JOURNAL_HEADER_BYTES,
  JOURNAL_KIND,
  JOURNAL_MAGIC,
  JOURNAL_REVOKE as REVOKE,
  JOURNAL_TAG as TAG,
  JOURNAL_TAG_3 as TAG_3,
  JOURNAL_TAG_FLAG,
  JOURNAL_TAG_UUID_BYTES,
} from "../layouts/journal.ts";
import { crc32HighFirst, imageChecksum, journalCrc32c } from "./checksum.ts";
import type { JournalHead } from "./head.ts";

/** Bytes of the checksum at the end of descriptor and revoke blocks. */
const TAIL_BYTES = 4;
const SUM_START = 0xffff_ffff;

/** A block of the journal, for as long as no other is asked for. */
export interface JournalBlock {
  /** All of it. */
  readonly view: DataView;
  /** The same, as words of the host. */
  readonly words: Uint32Array;
  /** The same, as bytes. */
  readonly bytes: Uint8Array;
}

/** What a journal is read with. */
export interface ScanOptions {
  readonly head: JournalHead;
  /** Gives a block of the journal by its index. */
  readonly read: (index: number) => JournalBlock;
  /** Whether a transaction may change a block of the file system. */
  readonly mayChange: (block: number) => boolean;
}

/** Which image of a block counts. */
export interface PlannedImage {
  /** Its index in the journal. */
  readonly index: number;
  /** Whether its first word is to be the magic. */
  readonly isEscaped: boolean;
}

/** What replaying a journal means. */
export interface ReplayPlan {
  /** The image of each block that gets one. */
  readonly images: ReadonlyMap<number, PlannedImage>;
  /** Transactions that were committed. */
  readonly transactionCount: number;
  /** The sequence number of the next transaction. */
  readonly nextSequence: number;
}

/**
 * Reads the whole log.
 *
 * @throws {OsError} `EBADMSG` a checksum is wrong in what was committed; `EUCLEAN` other damage.
 */
export function scanJournal(options: ScanOptions): ReplayPlan {
  return new Scan(options).run();
}

/** An image of the transaction that is being read. */
interface PendingImage extends PlannedImage {
  readonly block: number;
}

class Scan {
  readonly #options: ScanOptions;
  readonly #head: JournalHead;
  readonly #images = new Map<number, PlannedImage>();
  #at: number;
  #left: number;
  #sequence: number;
  #transactionCount = 0;
  // The transaction that is being read.
  #pending: PendingImage[] = [];
  #revokes: number[] = [];
  #sum = SUM_START;
  #isDoubtful = false;
  #hasBadImage = false;
  #lastSeconds = 0n;
  /** The transaction that a power cut may have torn, provided that it is the last one. */
  #torn: number | undefined;

  constructor(options: ScanOptions) {
    const { head } = options;
    this.#options = options;
    this.#head = head;
    this.#at = head.start;
    this.#left = head.blockCount - head.first;
    this.#sequence = head.sequence;
  }

  run(): ReplayPlan {
    while (this.#left > 0) {
      const index = this.#at;
      const { view } = this.#options.read(index);
      if (view.getUint32(HEADER.magic) !== JOURNAL_MAGIC) break;
      if (view.getUint32(HEADER.sequence) !== this.#sequence) break;
      const kind = view.getUint32(HEADER.kind);
      this.#step();
      if (kind === JOURNAL_KIND.descriptor) this.#readDescriptor(index);
      else if (kind === JOURNAL_KIND.revoke) this.#readRevoke(index);
      else if (kind !== JOURNAL_KIND.commit || !this.#readCommit(index)) break;
    }
    return {
      images: this.#images,
      transactionCount: this.#transactionCount,
      nextSequence: this.#torn ?? this.#sequence,
    };
  }

  #step(): void {
    this.#left--;
    this.#at = this.#at + 1 < this.#head.blockCount ? this.#at + 1 : this.#head.first;
  }

  #readDescriptor(index: number): void {
    const head = this.#head;
    const block = this.#options.read(index);
    if (!this.#hasRightTail(block)) this.#isDoubtful = true;
    // Copied, because reading the images takes its place.
    const view = new DataView(block.bytes.slice().buffer);
    if (head.hasTransactionSums) this.#sum = crc32HighFirst(block.bytes, this.#sum);
    const end = head.blockBytes - (head.seed === undefined ? 0 : TAIL_BYTES);
    let at = JOURNAL_HEADER_BYTES;
    while (at + head.tagBytes <= end) {
      const tag = readTag(view, at, head);
      if (this.#left === 0) return; // More images than there are blocks: no commit can follow.
      this.#checkImage(this.#at, tag.checksum);
      this.#pending.push({
        block: tag.block,
        index: this.#at,
        isEscaped: (tag.flags & JOURNAL_TAG_FLAG.escaped) !== 0,
      });
      this.#step();
      at += head.tagBytes;
      if ((tag.flags & JOURNAL_TAG_FLAG.sameUuid) === 0) at += JOURNAL_TAG_UUID_BYTES;
      if ((tag.flags & JOURNAL_TAG_FLAG.last) !== 0) break;
    }
  }

  #checkImage(index: number, checksum: number): void {
    const { hasTransactionSums, seed, hasShortTagSums } = this.#head;
    if (seed === undefined && !hasTransactionSums) return;
    const image = this.#options.read(index);
    if (hasTransactionSums) this.#sum = crc32HighFirst(image.bytes, this.#sum);
    if (seed === undefined) return;
    const found = imageChecksum(image.words, this.#sequence, seed);
    const expected = hasShortTagSums ? found & 0xffff : found;
    if (expected !== checksum) this.#hasBadImage = true;
  }

  #readRevoke(index: number): void {
    if (!this.#hasRightTail(this.#options.read(index))) this.#isDoubtful = true;
    this.#revokes.push(index);
  }

  /** Takes what is pending into the plan; answers whether the log goes on. */
  #readCommit(index: number): boolean {
    const { view, words } = this.#options.read(index);
    const seconds = view.getBigUint64(COMMIT.seconds);
    const isStale = seconds < this.#lastSeconds;
    if (this.#isDoubtful) {
      if (isStale) return false;
      throw badSum(this.#sequence);
    }
    if (this.#torn !== undefined) throw badSum(this.#torn);
    if (this.#hasBadImage || !this.#hasRightSum(view, words)) {
      if (isStale) return false;
      if (!this.#head.isAsync) throw badSum(this.#sequence);
      this.#torn = this.#sequence;
    } else {
      this.#takeIn();
    }
    this.#lastSeconds = seconds;
    this.#pending = [];
    this.#revokes = [];
    this.#sum = SUM_START;
    this.#hasBadImage = false;
    this.#sequence = (this.#sequence + 1) >>> 0;
    return true;
  }

  #takeIn(): void {
    for (const { block, index, isEscaped } of this.#pending) {
      if (!this.#options.mayChange(block)) {
        throw new OsError("EUCLEAN", `damaged journal: it changes block ${block}`);
      }
      this.#images.set(block, { index, isEscaped });
    }
    for (const index of this.#revokes) this.#revoke(index);
    this.#transactionCount++;
  }

  #revoke(index: number): void {
    const { view } = this.#options.read(index);
    const { has64Bit, blockBytes, seed } = this.#head;
    const byteCount = view.getUint32(REVOKE.byteCount);
    const end = blockBytes - (seed === undefined ? 0 : TAIL_BYTES);
    if (byteCount > end) throw new OsError("EUCLEAN", "damaged journal: a revoke block");
    const step = has64Bit ? 8 : 4;
    for (let at: number = REVOKE.numbers; at + step <= byteCount; at += step) {
      const block = has64Bit
        ? view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4)
        : view.getUint32(at);
      this.#images.delete(block);
    }
  }

  #hasRightTail({ words, view }: JournalBlock): boolean {
    const { seed, blockBytes } = this.#head;
    if (seed === undefined) return true;
    return sumWithout(words, blockBytes - TAIL_BYTES, seed) ===
      view.getUint32(blockBytes - TAIL_BYTES);
  }

  #hasRightSum(view: DataView, words: Uint32Array): boolean {
    const { seed, hasTransactionSums } = this.#head;
    const found = view.getUint32(COMMIT.checksum);
    if (seed !== undefined) return sumWithout(words, COMMIT.checksum, seed) === found;
    if (!hasTransactionSums) return true;
    const kind = view.getUint8(COMMIT.checksumKind);
    const byteCount = view.getUint8(COMMIT.checksumBytes);
    if (kind === 0 && byteCount === 0 && found === 0) return true;
    return kind === JOURNAL_CHECKSUM_KIND.crc32 && byteCount === 4 && found === this.#sum;
  }
}

/** What a tag says. */
interface Tag {
  readonly block: number;
  readonly flags: number;
  readonly checksum: number;
}

function readTag(view: DataView, at: number, head: JournalHead): Tag {
  const fields = head.hasLongTags ? TAG_3 : TAG;
  const high = head.has64Bit ? view.getUint32(at + fields.blockHigh) : 0;
  const block = view.getUint32(at + fields.block) + high * 2 ** 32;
  if (head.hasLongTags) {
    return {
      block,
      flags: view.getUint32(at + TAG_3.flags),
      checksum: view.getUint32(at + TAG_3.checksum),
    };
  }
  return {
    block,
    flags: view.getUint16(at + TAG.flags),
    checksum: view.getUint16(at + TAG.checksum),
  };
}

/** The sum of a block in which the sum itself counts as 0. */
function sumWithout(words: Uint32Array, byteOffset: number, seed: number): number {
  const copy = words.slice();
  copy[byteOffset / 4] = 0;
  return journalCrc32c(copy, seed);
}

function badSum(sequence: number): OsError {
  return new OsError("EBADMSG", `journal: checksum of transaction ${sequence}`);
}
