/**
 * The tables that come with requests: copied once out of the client's window, then checked, and only
 * the copy is used from there on.
 *
 * @module
 */

import { readU64 } from "./layouts/u64.ts";
import {
  BLOCK_BYTES,
  SECTOR_BYTES,
  TRANSACTION_BLOCKS_MAX,
  TRANSACTION_ENTRY_BYTES,
  VECTOR_ENTRIES_MAX,
  VECTOR_ENTRY_BYTES,
} from "./protocol.ts";

const TRANSACTION_WORDS = TRANSACTION_ENTRY_BYTES / 4;
const VECTOR_WORDS = VECTOR_ENTRY_BYTES / 4;

/** The table of a transaction. */
export class TransactionTable {
  /** The blocks of the device, as many as were read. */
  readonly blocks: Float64Array = new Float64Array(TRANSACTION_BLOCKS_MAX);
  /** Where the image of each begins. */
  readonly offsets: Float64Array = new Float64Array(TRANSACTION_BLOCKS_MAX);
  readonly #words = new Uint32Array(TRANSACTION_BLOCKS_MAX * TRANSACTION_WORDS);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  readonly #seen = new Set<number>();

  /**
   * Copies and checks a table. Hot path.
   *
   * @param table What came with the request.
   * @param count The entries that it shall have.
   * @param volume Where the volume lies; block numbers in the table are its own.
   * @param imagesBytes The length of the images.
   * @returns Whether it is right: blocks of the volume, each once, images that lie within.
   */
  read(
    table: Uint8Array,
    count: number,
    volume: { readonly first: number; readonly blockCount: number },
    imagesBytes: number,
  ): boolean {
    if (count > TRANSACTION_BLOCKS_MAX) return false;
    if (table.byteLength !== count * TRANSACTION_ENTRY_BYTES) return false;
    this.#bytes.set(table);
    this.#seen.clear();
    for (let index = 0; index < count; index++) {
      const block = readU64(this.#words, index * TRANSACTION_WORDS);
      const offset = readU64(this.#words, index * TRANSACTION_WORDS + 2);
      if (block < 0 || block >= volume.blockCount || offset < 0) return false;
      if (offset > imagesBytes || imagesBytes - offset < BLOCK_BYTES) return false;
      this.blocks[index] = volume.first + block;
      this.offsets[index] = offset;
      this.#seen.add(block);
    }
    return this.#seen.size === count;
  }
}

/** The table of a vectored request. */
export class VectorTable {
  /** Where each piece begins in the volume, in bytes. */
  readonly offsets: Float64Array = new Float64Array(VECTOR_ENTRIES_MAX);
  /** How many bytes each has. */
  readonly byteLengths: Float64Array = new Float64Array(VECTOR_ENTRIES_MAX);
  readonly #words = new Uint32Array(VECTOR_ENTRIES_MAX * VECTOR_WORDS);
  readonly #bytes = new Uint8Array(this.#words.buffer);

  /**
   * Copies and checks a table.
   *
   * @param table What came with the request.
   * @param count The entries that it shall have.
   * @param volumeBytes The length of the volume.
   * @param totalBytes The length that all pieces together shall have.
   * @returns Whether it is right: whole sectors that lie in the volume and make up the total.
   */
  read(table: Uint8Array, count: number, volumeBytes: number, totalBytes: number): boolean {
    if (count > VECTOR_ENTRIES_MAX || table.byteLength !== count * VECTOR_ENTRY_BYTES) return false;
    this.#bytes.set(table);
    let left = totalBytes;
    for (let index = 0; index < count; index++) {
      const offset = readU64(this.#words, index * VECTOR_WORDS);
      const byteLength = readU64(this.#words, index * VECTOR_WORDS + 2);
      if (offset < 0 || offset % SECTOR_BYTES !== 0 || offset > volumeBytes) return false;
      if (byteLength < 0 || byteLength % SECTOR_BYTES !== 0) return false;
      if (byteLength > volumeBytes - offset || byteLength > left) return false;
      this.offsets[index] = offset;
      this.byteLengths[index] = byteLength;
      left -= byteLength;
    }
    return left === 0;
  }
}
