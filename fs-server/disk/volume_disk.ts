/**
 * The disk over a storage server's volume.
 *
 * @module
 */

import { assert, type Client } from "@hako/ipc";
import {
  BLOCK_BYTES as VOLUME_BLOCK_BYTES,
  TRANSACTION_BLOCKS_MAX,
  TRANSACTION_ENTRY_BYTES,
  type Volume,
} from "@hako/storage-server";
import {
  BLOCK_BYTES,
  type BlockImage,
  type CommittedTag,
  type Disk,
  type RequestTag,
} from "./disk.ts";

/** Bytes of the window that {@linkcode VolumeDisk} keeps for the table of a transaction. */
export const TABLE_BYTES: number = TRANSACTION_BLOCKS_MAX * TRANSACTION_ENTRY_BYTES;

/** A volume as the file system wants it. */
export class VolumeDisk implements Disk {
  readonly blockCount: number;
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
    assert(BLOCK_BYTES === VOLUME_BLOCK_BYTES, "file system and volume have the same blocks");
    assert(window.byteLength > TABLE_BYTES, "the window has room for the table");
    this.#volume = volume;
    this.#images = window;
    this.#table = window.subarray(window.byteLength - TABLE_BYTES);
    this.#entries = new DataView(
      this.#table.buffer,
      this.#table.byteOffset,
      this.#table.byteLength,
    );
    this.blockCount = Math.floor(volume.callSync("stat", {}).byteLength / BLOCK_BYTES);
  }

  /** As {@linkcode Disk.read}. */
  read(first: number, count: number, target: Uint8Array): void {
    assert(target.byteLength === count * BLOCK_BYTES, "a run is read into a view of its length");
    this.#volume.callSync("read", { offset: first * BLOCK_BYTES, target });
  }

  /** As {@linkcode Disk.write}. */
  write(first: number, count: number, source: Uint8Array): void {
    assert(source.byteLength === count * BLOCK_BYTES, "a run is written from a view of its length");
    this.#volume.callSync("write", { offset: first * BLOCK_BYTES, flags: 0, source });
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
      const at = index * TRANSACTION_ENTRY_BYTES;
      const offset = image.byteOffset - this.#images.byteOffset;
      this.#entries.setUint32(at, block >>> 0, true);
      this.#entries.setUint32(at + 4, Math.floor(block / 2 ** 32), true);
      this.#entries.setUint32(at + 8, offset, true);
      this.#entries.setUint32(at + 12, 0, true);
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
}
