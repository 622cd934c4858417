/**
 * Images made block by block, for the tests of `hako journal`.
 *
 * @module
 */

import { crc32cBytes } from "@hako/ipc";
import {
  encodeRecord,
  headerBlocksOf,
  type LastTransaction,
} from "../../storage-server/layouts/record.ts";
import {
  BLOCK_WORDS,
  encodeSuperblock,
  type Geometry,
  type RingPlace,
  SUPERBLOCKS,
} from "../../storage-server/layouts/superblock.ts";
import { BLOCK_BYTES } from "../../storage-server/protocol.ts";
import type { Blocks } from "./image_file.ts";

/** Blocks for volumes of a test image. */
export const AREA_BLOCKS = 40;
/** Blocks of its ring. */
export const RING_BLOCKS = 24;

/** A device in memory, with a journal. */
export class TestImage implements Blocks {
  /** How many blocks it has. */
  readonly blockCount: number;
  /** All of them, as words. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Where the next record goes. */
  next: RingPlace;
  #generation = 0;
  readonly #geometry: Geometry;

  /** Formats the device, with the checkpoint at a position. */
  constructor(position = 0, areaBlockCount = AREA_BLOCKS, ringLength = RING_BLOCKS) {
    this.blockCount = areaBlockCount + ringLength + SUPERBLOCKS;
    this.words = new Uint32Array(this.blockCount * BLOCK_WORDS);
    this.#geometry = {
      deviceId: Uint32Array.of(0x3322_1100, 0x7766_5544, 0xbbaa_9988, 0xffee_ddcc),
      areaBlockCount,
      ringFirst: areaBlockCount,
      ringLength,
      volumes: [
        { name: "root", first: 0, blockCount: 30 },
        { name: "home", first: 30, blockCount: areaBlockCount - 30 },
      ],
    };
    this.next = { sequence: 1, position, chain: 0 };
    this.checkpoint();
    this.checkpoint();
  }

  /** Moves the checkpoint to the end of the records. */
  checkpoint(): void {
    const generation = ++this.#generation;
    const which = (generation + 1) % SUPERBLOCKS;
    const block = this.blockCount - SUPERBLOCKS + which;
    encodeSuperblock(this.block(block), { ...this.#geometry, ...this.next, generation }, which);
  }

  /** Appends a record with an image of each of these blocks; it takes what lies there, if told so. */
  append(
    blocks: readonly number[],
    tags: readonly LastTransaction[] = [],
    images: "new" | "as they lie" = "new",
  ): void {
    const { position, sequence } = this.next;
    const headerBlocks = headerBlocksOf(blocks.length, tags.length);
    const checksums = blocks.map((block, index) => {
      const image = this.ringBlock(position + headerBlocks + index);
      if (images === "new") image.fill(block * 0x1_0001 + 1);
      return crc32cBytes(new Uint8Array(image.buffer, image.byteOffset, BLOCK_BYTES));
    });
    const header = new Uint32Array(headerBlocks * BLOCK_WORDS);
    const chain = encodeRecord(header, this.#geometry, this.next, {
      epoch: 7,
      blocks: Float64Array.from(blocks),
      checksums: Uint32Array.from(checksums),
      tags,
    });
    for (let index = 0; index < headerBlocks; index++) {
      const block = header.subarray(index * BLOCK_WORDS, (index + 1) * BLOCK_WORDS);
      this.ringBlock(position + index).set(block);
    }
    const end = (position + headerBlocks + blocks.length) % this.#geometry.ringLength;
    this.next = { sequence: sequence + 1, position: end, chain };
  }

  /** The words of a block of the ring. */
  ringBlock(position: number): Uint32Array<ArrayBuffer> {
    const { ringFirst, ringLength } = this.#geometry;
    return this.block(ringFirst + position % ringLength);
  }

  /** The words of a block. */
  block(block: number): Uint32Array<ArrayBuffer> {
    return this.words.subarray(block * BLOCK_WORDS, (block + 1) * BLOCK_WORDS);
  }

  /** Copies a run of blocks. */
  read(first: number, count: number): Uint32Array {
    return this.words.slice(first * BLOCK_WORDS, (first + count) * BLOCK_WORDS);
  }
}
