/**
 * The disk over a storage server's volume.
 *
 * @module
 */

import { assert, type Client } from "@hako/ipc";
import {
  BLOCK_BYTES as VOLUME_BLOCK_BYTES,
  RANGE_BYTES_MAX,
  TRANSACTION_BLOCKS_MAX,
  TRANSACTION_ENTRY_BYTES,
  VECTOR_ENTRIES_MAX,
  VECTOR_ENTRY_BYTES,
  type Volume,
  VOLUME_FLAG,
} from "@hako/storage-server";
import {
  type BlockImage,
  type ByteRange,
  type CommittedTag,
  type Disk,
  DISK_BLOCK_BYTES,
  type RequestTag,
} from "./disk.ts";

/** Bytes of the window that {@linkcode VolumeDisk} keeps for the table of a transaction or vector. */
export const TABLE_BYTES: number = Math.max(
  TRANSACTION_BLOCKS_MAX * TRANSACTION_ENTRY_BYTES,
  VECTOR_ENTRIES_MAX * VECTOR_ENTRY_BYTES,
);

/** A volume as the file system wants it. */
export class VolumeDisk implements Disk {
  readonly byteLength: number;
  readonly isReadOnly: boolean;
  readonly #volume: Client<Volume>;
  readonly #images: Uint8Array;
  readonly #table: Uint8Array;
  readonly #entries: DataView;

  /**
   * @param volume The storage server's endpoint.
   * @param window The file server's own window. All images of transactions lie in it; its last
   *   {@linkcode TABLE_BYTES} belong to the disk.
   */
  constructor(volume: Client<Volume>, window: Uint8Array) {
    assert(DISK_BLOCK_BYTES === VOLUME_BLOCK_BYTES, "disk and volume have the same blocks");
    assert(window.byteLength > TABLE_BYTES, "the window has room for the table");
    this.#volume = volume;
    this.#images = window;
    this.#table = window.subarray(window.byteLength - TABLE_BYTES);
    this.#entries = new DataView(
      this.#table.buffer,
      this.#table.byteOffset,
      this.#table.byteLength,
    );
    const { byteLength, flags } = volume.callSync("stat", {});
    this.byteLength = byteLength - byteLength % DISK_BLOCK_BYTES;
    this.isReadOnly = (flags & VOLUME_FLAG.READ_ONLY) !== 0;
  }

  /** As {@linkcode Disk.read}. */
  read(offset: number, target: Uint8Array): void {
    this.#volume.callSync("read", { offset, target });
  }

  /** As {@linkcode Disk.write}. */
  write(offset: number, source: Uint8Array): void {
    this.#volume.callSync("write", { offset, flags: 0, source });
  }

  /** As {@linkcode Disk.readVector}. */
  readVector(ranges: readonly ByteRange[], target: Uint8Array): void {
    this.#inTables(ranges, target, (count, table, part) => {
      this.#volume.callSync("readVector", { count, table, target: part });
    });
  }

  /** As {@linkcode Disk.writeVector}. */
  writeVector(ranges: readonly ByteRange[], source: Uint8Array): void {
    this.#inTables(ranges, source, (count, table, part) => {
      this.#volume.callSync("writeVector", { count, flags: 0, table, source: part });
    });
  }

  /** As {@linkcode Disk.zero}. */
  zero(offset: number, byteLength: number): void {
    inRanges(offset, byteLength, (range) => this.#volume.callSync("zero", { ...range, flags: 0 }));
  }

  /** As {@linkcode Disk.trim}. */
  trim(offset: number, byteLength: number): void {
    inRanges(offset, byteLength, (range) => this.#volume.callSync("trim", { ...range, flags: 0 }));
  }

  /** As {@linkcode Disk.flush}. */
  flush(): void {
    this.#volume.callSync("flush", {});
  }

  /** As {@linkcode Disk.transact}. */
  transact(blocks: readonly BlockImage[], tag: RequestTag, result: number): void {
    assert(blocks.length <= TRANSACTION_BLOCKS_MAX, "a transaction fits its table");
    blocks.forEach(({ block, image }, index) => {
      assert(image.buffer === this.#images.buffer, "an image lies in the window");
      assert(image.byteLength === DISK_BLOCK_BYTES, "an image is one block");
      this.#setEntry(
        index * TRANSACTION_ENTRY_BYTES,
        block,
        image.byteOffset - this.#images.byteOffset,
      );
    });
    this.#volume.callSync("transact", {
      count: blocks.length,
      tagBadge: tag.badge,
      tagSequence: tag.sequence,
      result,
      table: this.#table.subarray(0, blocks.length * TRANSACTION_ENTRY_BYTES),
      images: this.#images,
    });
  }

  /** As {@linkcode Disk.lastTag}. */
  lastTag(): CommittedTag | undefined {
    const { known, tagBadge, tagSequence, result } = this.#volume.callSync("lastTag", {});
    if (known === 0) return undefined;
    return { badge: tagBadge, sequence: tagSequence, result };
  }

  /** Calls `use` with as many ranges at a time as fit in a table. */
  #inTables(
    ranges: readonly ByteRange[],
    memory: Uint8Array,
    use: (count: number, table: Uint8Array, part: Uint8Array) => void,
  ): void {
    let at = 0;
    for (let first = 0; first < ranges.length; first += VECTOR_ENTRIES_MAX) {
      const count = Math.min(VECTOR_ENTRIES_MAX, ranges.length - first);
      const start = at;
      for (let index = 0; index < count; index++) {
        const { offset, byteLength } = ranges[first + index]!;
        this.#setEntry(index * VECTOR_ENTRY_BYTES, offset, byteLength);
        at += byteLength;
      }
      use(count, this.#table.subarray(0, count * VECTOR_ENTRY_BYTES), memory.subarray(start, at));
    }
    assert(at === memory.byteLength, "the ranges are as long as the memory");
  }

  #setEntry(at: number, first: number, second: number): void {
    this.#entries.setUint32(at, first >>> 0, true);
    this.#entries.setUint32(at + 4, Math.floor(first / 2 ** 32), true);
    this.#entries.setUint32(at + 8, second >>> 0, true);
    this.#entries.setUint32(at + 12, Math.floor(second / 2 ** 32), true);
  }
}

/** Calls `use` with pieces of a range that one request may name. */
function inRanges(offset: number, byteLength: number, use: (range: ByteRange) => void): void {
  for (let done = 0; done < byteLength; done += RANGE_BYTES_MAX) {
    use({ offset: offset + done, byteLength: Math.min(RANGE_BYTES_MAX, byteLength - done) });
  }
}
