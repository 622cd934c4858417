/**
 * Where the journal lies: the runs of blocks of its inode, read before anything is mounted.
 *
 * The inode never changes while a journal is in use, so it is right whatever is to be replayed.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** Most blocks of a journal: 4 GiB of the largest. */
export const JOURNAL_BLOCKS_MAX: number = 2 ** 20;

/** Most runs that a journal may consist of. */
const RUNS_MAX = 65_536;

/** Byte offsets in an inode. */
const INODE = { mode: 0, sizeLow: 4, flags: 32, map: 40, sizeHigh: 108 } as const;
const MODE_TYPE = 0o170000;
const MODE_FILE = 0o100000;
const FLAG_EXTENTS = 0x80000;
/** Compressed, encrypted, inline. */
const FLAGS_STRANGE = 0x4 | 0x800 | 0x1000_0000;
const MAP_BYTES = 60;
const POINTERS_DIRECT = 12;

const EXTENT_MAGIC = 0xf30a;
const EXTENT_BYTES = 12;
const EXTENT_DEPTH_MAX = 5;
/** Beyond it, a length means as many blocks less that were never written. */
const EXTENT_LENGTH_MAX = 32_768;

/** A run of the journal's blocks. */
export interface JournalRun {
  /** Index of its first block in the journal. */
  readonly index: number;
  /** The block of the file system where that lies. */
  readonly block: number;
  /** How many blocks. */
  readonly count: number;
}

/** What is to be known of a file system to find a file in it. */
export interface PlaceOptions {
  /** A copy of one block. */
  readonly readBlock: (block: number) => DataView;
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Blocks of the file system. */
  readonly blockCount: number;
  /** The raw inode. */
  readonly inode: DataView;
}

/** The runs of a journal, in order. */
export class JournalPlace {
  /** How many blocks the journal has. */
  readonly blockCount: number;
  /** Its runs, in order and without gaps. */
  readonly runs: readonly JournalRun[];

  /**
   * Reads the map of the journal's inode.
   *
   * @throws {OsError} `EUCLEAN` if it is no file, has holes, or leaves the file system.
   */
  constructor(options: PlaceOptions) {
    const { inode, blockBytes } = options;
    const flags = inode.getUint32(INODE.flags, true);
    const isFile = (inode.getUint16(INODE.mode, true) & MODE_TYPE) === MODE_FILE;
    check(isFile && (flags & FLAGS_STRANGE) === 0, "its inode is no file");
    const size = inode.getUint32(INODE.sizeLow, true) +
      inode.getUint32(INODE.sizeHigh, true) * 2 ** 32;
    this.blockCount = Math.floor(size / blockBytes);
    if (this.blockCount > JOURNAL_BLOCKS_MAX) {
      throw new OsError("EOPNOTSUPP", `journal of ${this.blockCount} blocks`);
    }
    const reader = new MapReader(options, this.blockCount);
    const map = new DataView(inode.buffer, inode.byteOffset + INODE.map, MAP_BYTES);
    if ((flags & FLAG_EXTENTS) !== 0) reader.readExtents(map);
    else reader.readPointers(map);
    check(reader.known >= this.blockCount, "its file has holes");
    this.runs = reader.runs;
  }

  /** The run in which a block of the journal lies. */
  runOf(index: number): JournalRun {
    let low = 0;
    let high = this.runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.runs[middle]!.index <= index) low = middle;
      else high = middle - 1;
    }
    return this.runs[low]!;
  }

  /** The block of the file system in which a block of the journal lies. */
  blockOf(index: number): number {
    const run = this.runOf(index);
    return run.block + index - run.index;
  }
}

/** Walks a map from its first block to its last. */
class MapReader {
  readonly runs: JournalRun[] = [];
  /** Blocks of the journal whose place is known. */
  known = 0;
  readonly #options: PlaceOptions;
  readonly #wanted: number;

  constructor(options: PlaceOptions, wanted: number) {
    this.#options = options;
    this.#wanted = wanted;
  }

  readExtents(root: DataView): void {
    this.#readNode(root, root.getUint16(6, true));
  }

  #readNode(node: DataView, depth: number): void {
    const count = node.getUint16(2, true);
    check(node.getUint16(0, true) === EXTENT_MAGIC, "a node of its extents has no magic");
    check(node.getUint16(6, true) === depth && depth <= EXTENT_DEPTH_MAX, "depth of its extents");
    check((count + 1) * EXTENT_BYTES <= node.byteLength, "a node of its extents is too full");
    for (let at = EXTENT_BYTES; at <= count * EXTENT_BYTES; at += EXTENT_BYTES) {
      if (this.known >= this.#wanted) return;
      check(node.getUint32(at, true) === this.known, "its file has holes");
      if (depth === 0) {
        const length = node.getUint16(at + 4, true);
        check(length <= EXTENT_LENGTH_MAX, "an extent of it was never written");
        this.#add(wide(node.getUint32(at + 8, true), node.getUint16(at + 6, true)), length);
      } else {
        const child = wide(node.getUint32(at + 4, true), node.getUint16(at + 8, true));
        const before = this.known;
        this.#readNode(this.#read(child), depth - 1);
        check(this.known > before, "a node of its extents is empty");
      }
    }
  }

  readPointers(map: DataView): void {
    this.#readTable(map, 0, POINTERS_DIRECT);
    for (let depth = 1; depth <= 3; depth++) {
      if (this.known >= this.#wanted) return;
      const pointer = map.getUint32((POINTERS_DIRECT + depth - 1) * 4, true);
      this.#readTable(this.#read(pointer), depth - 1, this.#options.blockBytes / 4);
    }
  }

  #readTable(table: DataView, depth: number, count: number): void {
    for (let index = 0; index < count && this.known < this.#wanted; index++) {
      const pointer = table.getUint32(index * 4, true);
      if (depth === 0) this.#add(pointer, 1);
      else this.#readTable(this.#read(pointer), depth - 1, count);
    }
  }

  #add(block: number, count: number): void {
    const { blockCount } = this.#options;
    check(count > 0 && block > 0, "its file has holes");
    check(block < blockCount && count <= blockCount - block, "it leaves the file system");
    const last = this.runs.at(-1);
    if (last !== undefined && last.block + last.count === block) {
      this.runs[this.runs.length - 1] = { ...last, count: last.count + count };
    } else {
      check(this.runs.length < RUNS_MAX, "it is in too many pieces");
      this.runs.push({ index: this.known, block, count });
    }
    this.known += count;
  }

  #read(block: number): DataView {
    const { readBlock, blockCount } = this.#options;
    check(block > 0 && block < blockCount, "its map leaves the file system");
    return readBlock(block);
  }
}

function wide(low: number, high: number): number {
  return low + high * 2 ** 32;
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new OsError("EUCLEAN", `damaged journal: ${what}`);
}
