/**
 * Brings a file system that Linux left in the middle of its work to the state of the last committed
 * transaction, before anything else looks at it.
 *
 * ```
 * scan the whole log ─▶ write the last image of each block ─▶ flush ─▶ one transaction:
 *   reads, checks         in place, sorted                              log empty, flag off
 * ```
 * The log is emptied last, so whoever dies before that does all of it again, with the same outcome:
 * each image is of a whole block, and none may lie in the journal itself. Nothing is written unless
 * the whole log was found sound.
 *
 * Hako itself never writes to a journal: its storage server has one of its own.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type BlockImage, type Disk, DISK_BLOCK_BYTES, NO_REQUEST } from "../../disk/disk.ts";
import { superblockChecksum } from "../crc.ts";
import { type Features, readFeatures } from "../features.ts";
import { GROUP_DESCRIPTOR as GD, GROUP_DESCRIPTOR_BYTES } from "../layouts/group_descriptor.ts";
import { INODE_BYTES_MIN } from "../layouts/inode.ts";
import {
  JOURNAL_MAGIC,
  JOURNAL_SUPERBLOCK as JSB,
  JOURNAL_SUPERBLOCK_BYTES,
} from "../layouts/journal.ts";
import {
  INCOMPAT,
  STATE_ERRORS,
  SUPERBLOCK as SB,
  SUPERBLOCK_BYTES,
  SUPERBLOCK_MAGIC,
  SUPERBLOCK_OFFSET,
} from "../layouts/superblock.ts";
import { type JournalHead, readJournalHead, sealJournalHead } from "./head.ts";
import { JournalPlace } from "./place.ts";
import { type JournalBlock, type ReplayPlan, scanJournal } from "./scan.ts";

/** Bytes that a replay needs to work in. */
export const REPLAY_WINDOW_BYTES_MIN: number = 256 * 1024;

/** Most bytes that are read or written at once. */
const CHUNK_BYTES_MAX = 1024 * 1024;

/** What a replay did. */
export interface ReplayedJournal {
  /** Transactions that took effect. */
  readonly transactionCount: number;
  /** Blocks that were written. */
  readonly blockCount: number;
}

/**
 * Replays the journal of a file system, if it has one that holds anything, and empties it.
 *
 * @param disk Where the file system lies.
 * @param window Shared memory of at least {@linkcode REPLAY_WINDOW_BYTES_MIN}; its content is lost.
 * @returns What was done, or `undefined` if there was nothing to do.
 * @throws {OsError} `EBADMSG` or `EUCLEAN` if the journal is damaged: nothing was written then;
 *   `EOPNOTSUPP` if it has a feature we lack, or lies on another disk; `EROFS` if there is something
 *   to do and the disk cannot be written.
 */
export function replayJournal(disk: Disk, window: Uint8Array): ReplayedJournal | undefined {
  if (disk.byteLength < SUPERBLOCK_OFFSET + SUPERBLOCK_BYTES) return undefined;
  const source = new Source(disk, window);
  const superblock = source.copy(SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
  if (superblock.getUint16(SB.magic, true) !== SUPERBLOCK_MAGIC) return undefined;
  const features = readFeatures(superblock);
  if (!features.hasJournal) {
    if (features.needsRecovery) throw damaged("needs_recovery without has_journal");
    return undefined;
  }
  return new Replay(source, superblock, features).run();
}

class Replay {
  readonly #source: Source;
  readonly #features: Features;
  readonly #blockBytes: number;
  readonly #firstBlock: number;
  readonly #blockCount: number;
  readonly #place: JournalPlace;

  constructor(source: Source, superblock: DataView, features: Features) {
    this.#source = source;
    this.#features = features;
    const sizeLog = superblock.getUint32(SB.blockSizeLog, true);
    if (sizeLog > 2) throw new OsError("EOPNOTSUPP", `mount: blocks of 1024 << ${sizeLog} bytes`);
    this.#blockBytes = 1024 << sizeLog;
    this.#firstBlock = superblock.getUint32(SB.firstDataBlock, true);
    const high = features.has64Bit ? superblock.getUint32(SB.blockCountHigh, true) : 0;
    this.#blockCount = superblock.getUint32(SB.blockCount, true) + high * 2 ** 32;
    if (this.#firstBlock > 1 || this.#blockCount > source.disk.byteLength / this.#blockBytes) {
      throw damaged("the superblock's count of blocks");
    }
    this.#place = new JournalPlace({
      readBlock: (block) => source.copy(block * this.#blockBytes, this.#blockBytes),
      blockBytes: this.#blockBytes,
      blockCount: this.#blockCount,
      inode: this.#readInode(superblock),
    });
    if (this.#place.blockCount < 1) throw damaged("its file is empty");
  }

  run(): ReplayedJournal | undefined {
    const { disk } = this.#source;
    const raw = this.#source.copy(this.#headOffset, JOURNAL_SUPERBLOCK_BYTES);
    const isAtRest = raw.getUint32(JSB.start) === 0 && raw.getInt32(JSB.error) === 0;
    if (isAtRest && !this.#features.needsRecovery) return undefined;
    const head = readJournalHead(raw, {
      blockBytes: this.#blockBytes,
      blockCount: this.#place.blockCount,
    });
    if (disk.isReadOnly) throw new OsError("EROFS", "mount: the journal is to be replayed");
    // Without the flag Linux too throws away what the log holds.
    const hasLog = head.start !== 0 && this.#features.needsRecovery;
    const plan = hasLog ? this.#scan(head) : undefined;
    if (plan !== undefined) this.#writeImages(plan);
    this.#empty(head, plan);
    const { transactionCount, images } = plan ?? { transactionCount: 0, images: new Map() };
    return { transactionCount, blockCount: images.size };
  }

  /** Byte offset of the journal's superblock on the disk. */
  get #headOffset(): number {
    return this.#place.blockOf(0) * this.#blockBytes;
  }

  /** The block of the file system that holds the superblock. */
  get #superblockBlock(): number {
    return Math.floor(SUPERBLOCK_OFFSET / this.#blockBytes);
  }

  /** The raw inode of the journal: in the first group, like all reserved ones. */
  #readInode(superblock: DataView): DataView {
    const number = superblock.getUint32(SB.journalInode, true);
    const isDynamic = superblock.getUint32(SB.revision, true) > 0;
    const inodeBytes = isDynamic ? superblock.getUint16(SB.inodeBytes, true) : INODE_BYTES_MIN;
    if (number === 0) throw new OsError("EOPNOTSUPP", "mount: unsupported external journal");
    if (number > superblock.getUint32(SB.inodesPerGroup, true)) {
      throw damaged("number of its inode");
    }
    if (inodeBytes < INODE_BYTES_MIN || inodeBytes > this.#blockBytes) throw damaged("inode size");
    const descriptor = (this.#superblockBlock + 1) * this.#blockBytes;
    const view = this.#source.copy(descriptor - descriptor % 512, 512);
    const at = descriptor % 512;
    const isWide = this.#features.has64Bit &&
      superblock.getUint16(SB.descriptorBytes, true) > GROUP_DESCRIPTOR_BYTES;
    const table = view.getUint32(at + GD.inodeTable, true) +
      (isWide ? view.getUint32(at + GD.inodeTableHigh, true) * 2 ** 32 : 0);
    const offset = table * this.#blockBytes + (number - 1) * inodeBytes;
    if (offset + inodeBytes > this.#blockCount * this.#blockBytes) throw damaged("its inode");
    const sector = offset - offset % 512;
    const sectors = this.#source.copy(sector, 512);
    return new DataView(sectors.buffer, offset - sector, INODE_BYTES_MIN);
  }

  #scan(head: JournalHead): ReplayPlan {
    const reader = new BlockReader(this.#source, this.#place, head);
    const runs = [...this.#place.runs].sort((a, b) => a.block - b.block);
    const isOwn = (block: number) => {
      let low = 0;
      let high = runs.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (runs[middle]!.block <= block) low = middle + 1;
        else high = middle;
      }
      const run = runs[low - 1];
      return run !== undefined && block - run.block < run.count;
    };
    return scanJournal({
      head,
      read: (index) => reader.read(index),
      mayChange: (block) => block >= this.#firstBlock && block < this.#blockCount && !isOwn(block),
    });
  }

  #writeImages({ images }: ReplayPlan): void {
    const { disk, chunk } = this.#source;
    const blockBytes = this.#blockBytes;
    const capacity = Math.floor(chunk.byteLength / blockBytes);
    const blocks = [...images.keys()].filter((block) => block !== this.#superblockBlock);
    blocks.sort((a, b) => a - b);
    const words = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let first = 0; first < blocks.length; first += capacity) {
      const some = blocks.slice(first, first + capacity);
      const memory = chunk.subarray(0, some.length * blockBytes);
      disk.readVector(
        rangesOf(some.map((block) => this.#place.blockOf(images.get(block)!.index)), blockBytes),
        memory,
      );
      some.forEach((block, index) => {
        if (images.get(block)!.isEscaped) words.setUint32(index * blockBytes, JOURNAL_MAGIC);
      });
      disk.writeVector(rangesOf(some, blockBytes), memory);
    }
    disk.flush();
  }

  /** Empties the log and takes the flag off the superblock, in one transaction. */
  #empty(head: JournalHead, plan: ReplayPlan | undefined): void {
    const { disk } = this.#source;
    const image = this.#superblockImage(plan);
    const pages = new Pages(this.#source);
    if (image !== undefined) {
      pages.bytes(this.#superblockBlock * this.#blockBytes, this.#blockBytes).set(image);
    }
    const journal = pages.view(this.#headOffset, JOURNAL_SUPERBLOCK_BYTES);
    const next = plan?.nextSequence ?? head.sequence;
    journal.setUint32(JSB.start, 0);
    // One more, so that a transaction that was not committed is never taken for the next one.
    journal.setUint32(JSB.sequence, (next + 1) >>> 0);
    journal.setInt32(JSB.error, 0);
    sealJournalHead(journal, head);
    const superblock = pages.view(SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
    if (superblock.getUint16(SB.magic, true) !== SUPERBLOCK_MAGIC) {
      throw damaged("it left no superblock");
    }
    const incompat = superblock.getUint32(SB.featuresIncompat, true);
    superblock.setUint32(SB.featuresIncompat, incompat & ~INCOMPAT.needsRecovery, true);
    if (head.error !== 0) {
      const state = superblock.getUint16(SB.state, true);
      superblock.setUint16(SB.state, state | STATE_ERRORS, true);
    }
    if (this.#features.hasChecksums) {
      superblock.setUint32(SB.checksum, superblockChecksum(superblock), true);
    }
    disk.transact(pages.images, NO_REQUEST, 0);
    disk.flush();
  }

  /**
   * The image of the superblock. It is written with the last transaction alone: an image without
   * the flag would keep a successor from replaying the rest.
   */
  #superblockImage(plan: ReplayPlan | undefined): Uint8Array | undefined {
    const planned = plan?.images.get(this.#superblockBlock);
    if (planned === undefined) return undefined;
    const offset = this.#place.blockOf(planned.index) * this.#blockBytes;
    const view = this.#source.copy(offset, this.#blockBytes);
    if (planned.isEscaped) view.setUint32(0, JOURNAL_MAGIC);
    return new Uint8Array(view.buffer);
  }
}

/** A disk, and the memory through which it is read. */
class Source {
  readonly disk: Disk;
  /** Memory for many blocks. */
  readonly chunk: Uint8Array;

  constructor(disk: Disk, window: Uint8Array) {
    if (window.byteLength < REPLAY_WINDOW_BYTES_MIN) {
      throw new OsError("ENOMEM", "mount: the window is too small for a replay");
    }
    this.disk = disk;
    const byteLength = Math.min(CHUNK_BYTES_MAX, window.byteLength);
    this.chunk = window.subarray(0, byteLength - byteLength % DISK_BLOCK_BYTES);
  }

  /** A private copy of what lies on the disk. */
  copy(offset: number, byteLength: number): DataView {
    const memory = this.chunk.subarray(0, byteLength);
    this.disk.read(offset, memory);
    const copy = new Uint8Array(byteLength);
    copy.set(memory);
    return new DataView(copy.buffer);
  }
}

/** Reads the journal's blocks one after the other, many at a time. */
class BlockReader {
  readonly #source: Source;
  readonly #place: JournalPlace;
  readonly #head: JournalHead;
  #first = 0;
  #count = 0;

  constructor(source: Source, place: JournalPlace, head: JournalHead) {
    this.#source = source;
    this.#place = place;
    this.#head = head;
  }

  read(index: number): JournalBlock {
    if (index < this.#first || index >= this.#first + this.#count) this.#fill(index);
    const { blockBytes } = this.#head;
    const { buffer, byteOffset } = this.#source.chunk;
    const offset = byteOffset + (index - this.#first) * blockBytes;
    return {
      view: new DataView(buffer, offset, blockBytes),
      words: new Uint32Array(buffer, offset, blockBytes / 4),
      bytes: new Uint8Array(buffer, offset, blockBytes),
    };
  }

  #fill(index: number): void {
    const { disk, chunk } = this.#source;
    const { blockBytes, blockCount } = this.#head;
    const run = this.#place.runOf(index);
    const end = Math.min(run.index + run.count, blockCount);
    this.#count = 0;
    const count = Math.min(Math.floor(chunk.byteLength / blockBytes), end - index);
    const offset = (run.block + index - run.index) * blockBytes;
    disk.read(offset, chunk.subarray(0, count * blockBytes));
    this.#first = index;
    this.#count = count;
  }
}

/** The few blocks of the disk that one transaction changes. */
class Pages {
  readonly #source: Source;
  readonly images: BlockImage[] = [];

  constructor(source: Source) {
    this.#source = source;
  }

  /** Fields within one block of the disk, to be changed. */
  view(offset: number, byteLength: number): DataView {
    const bytes = this.bytes(offset, byteLength);
    return new DataView(bytes.buffer, bytes.byteOffset, byteLength);
  }

  /** Bytes within one block of the disk, to be changed. */
  bytes(offset: number, byteLength: number): Uint8Array {
    const block = Math.floor(offset / DISK_BLOCK_BYTES);
    let image = this.images.find((one) => one.block === block)?.image;
    if (image === undefined) {
      const at = this.images.length * DISK_BLOCK_BYTES;
      image = this.#source.chunk.subarray(at, at + DISK_BLOCK_BYTES);
      this.#source.disk.read(block * DISK_BLOCK_BYTES, image);
      this.images.push({ block, image });
    }
    const at = offset % DISK_BLOCK_BYTES;
    return image.subarray(at, at + byteLength);
  }
}

/** Blocks as ranges of bytes; neighbours as one. */
function rangesOf(blocks: readonly number[], blockBytes: number) {
  const ranges: { offset: number; byteLength: number }[] = [];
  for (const block of blocks) {
    const last = ranges.at(-1);
    const offset = block * blockBytes;
    if (last !== undefined && last.offset + last.byteLength === offset) {
      last.byteLength += blockBytes;
    } else ranges.push({ offset, byteLength: blockBytes });
  }
  return ranges;
}

function damaged(what: string): OsError {
  return new OsError("EUCLEAN", `damaged journal: ${what}`);
}
