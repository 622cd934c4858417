/**
 * The ring of records and the two superblocks on the device: reading and writing them, through a
 * scratch window, without any judgement about when.
 *
 * @module
 */

import { assert, crc32c } from "@hako/ipc";
import type { Device } from "./device.ts";
import {
  decodeRecord,
  encodeRecord,
  HEADER_BLOCKS_MAX,
  headerBlocksClaimed,
  headerBlocksOf,
  type RecordContent,
  type RecordHeader,
} from "./layouts/record.ts";
import {
  BLOCK_WORDS,
  encodeSuperblock,
  type RingPlace,
  type Superblock,
} from "./layouts/superblock.ts";
import { BLOCK_BYTES } from "./protocol.ts";

/** Fewest bytes of a scratch window: the longest header, and as much for images. */
export const SCRATCH_BYTES_MIN: number = 2 * HEADER_BLOCKS_MAX * BLOCK_BYTES;

/** Where images to be written come from. */
export interface ImageSource {
  /** The image of a block, which must be there. */
  find(block: number): Uint8Array | undefined;
}

/** The ring of one device. */
export class Ring {
  /** The device. */
  readonly device: Device;
  /** Blocks of images that one transfer can carry. */
  readonly bodyBlocks: number;
  readonly #head: Uint8Array;
  readonly #headWords: Uint32Array;
  readonly #body: Uint8Array;
  readonly #bodyWords: Uint32Array;
  #superblock: Superblock;
  #which: number;

  /**
   * Reads and writes nothing yet.
   *
   * @param device The device.
   * @param scratch A window of this server's own.
   * @param newest The valid superblock of the highest generation, and which of the two it is.
   */
  constructor(device: Device, scratch: Uint8Array, newest: Superblock & { which: number }) {
    assert(scratch.byteLength >= SCRATCH_BYTES_MIN, "the scratch window holds a whole header");
    const headBytes = HEADER_BLOCKS_MAX * BLOCK_BYTES;
    this.device = device;
    this.bodyBlocks = Math.floor((scratch.byteLength - headBytes) / BLOCK_BYTES);
    this.#head = scratch.subarray(0, headBytes);
    this.#headWords = wordsOf(this.#head);
    this.#body = scratch.subarray(headBytes, headBytes + this.bodyBlocks * BLOCK_BYTES);
    this.#bodyWords = wordsOf(this.#body);
    this.#superblock = newest;
    this.#which = newest.which;
  }

  /**
   * Room for {@linkcode Ring.bodyBlocks} blocks in a window, for whoever reads through it between two
   * operations of the ring.
   */
  get body(): Uint8Array {
    return this.#body;
  }

  /** The newest superblock. */
  get superblock(): Superblock {
    return this.#superblock;
  }

  /** The position `blocks` further on. */
  after(position: number, blocks: number): number {
    return (position + blocks) % this.#superblock.ringLength;
  }

  /** The header at a position, or `undefined` when no valid record of this device starts there. */
  readHeader(position: number): ReturnType<typeof decodeRecord> {
    this.#transfer("read", position, this.#head.subarray(0, BLOCK_BYTES));
    const claimed = headerBlocksClaimed(this.#headWords, this.#superblock);
    if (claimed === 0) return undefined;
    this.#transfer("read", position, this.#head.subarray(0, claimed * BLOCK_BYTES));
    return decodeRecord(this.#headWords, this.#superblock, position);
  }

  /** The valid record of this device that stands at `place`, or `undefined`. */
  readRecordAt(place: RingPlace): RecordHeader | undefined {
    const header = this.readHeader(place.position);
    const right = header?.sequence === place.sequence && header.chain === place.chain;
    return right ? header : undefined;
  }

  /** The place after a record. */
  placeAfter(header: RecordHeader): RingPlace {
    return {
      sequence: header.sequence + 1,
      position: this.after(header.position, header.headerBlocks + header.blocks.length),
      chain: header.checksum,
    };
  }

  /**
   * Visits the ring's blocks that look like the start of a header of this device.
   *
   * @param visit Told the position of each.
   */
  scanHeaders(visit: (position: number) => void): void {
    const { ringLength } = this.#superblock;
    for (let first = 0; first < ringLength; first += this.bodyBlocks) {
      const count = Math.min(this.bodyBlocks, ringLength - first);
      this.#transfer("read", first, this.#body.subarray(0, count * BLOCK_BYTES));
      for (let index = 0; index < count; index++) {
        const words = this.#bodyWords.subarray(index * BLOCK_WORDS, (index + 1) * BLOCK_WORDS);
        if (headerBlocksClaimed(words, this.#superblock) > 0) visit(first + index);
      }
    }
  }

  /** Whether every image of a record matches its checksum. */
  areImagesWhole(header: RecordHeader): boolean {
    const whole = { all: true };
    this.#eachImage(header, (index, offset) => {
      const checksum = crc32c(this.#bodyWords, offset / 4, BLOCK_WORDS, 0);
      if (checksum !== header.checksums[index]) whole.all = false;
    });
    return whole.all;
  }

  /** Writes every image of a record to its place in the volume. */
  replay(header: RecordHeader, wrote: () => void): void {
    this.#eachImage(header, (index, offset) => {
      const image = this.#body.subarray(offset, offset + BLOCK_BYTES);
      this.device.write(header.blocks[index]!, 1, image);
      wrote();
    });
  }

  /**
   * Writes the images of a record whose first image shall stand at `start`.
   *
   * @returns Their checksums.
   */
  writeImages(start: number, blocks: Float64Array, images: ImageSource): Uint32Array {
    const checksums = new Uint32Array(blocks.length);
    for (let first = 0; first < blocks.length; first += this.bodyBlocks) {
      const count = Math.min(this.bodyBlocks, blocks.length - first);
      for (let index = 0; index < count; index++) {
        this.#load(index, blocks[first + index]!, images);
        const word = index * BLOCK_WORDS;
        checksums[first + index] = crc32c(this.#bodyWords, word, BLOCK_WORDS, 0);
      }
      const body = this.#body.subarray(0, count * BLOCK_BYTES);
      this.#transfer("write", this.after(start, first), body);
    }
    return checksums;
  }

  /** Writes the header of a record whose images are durable; answers its checksum. */
  writeHeader(place: RingPlace, content: RecordContent): number {
    const checksum = encodeRecord(this.#headWords, this.#superblock, place, content);
    const { blocks, tags } = content;
    const byteLength = headerBlocksOf(blocks.length, tags.length) * BLOCK_BYTES;
    this.#transfer("write", place.position, this.#head.subarray(0, byteLength));
    return checksum;
  }

  /**
   * Writes images to their places in the volume, neighbours in one transfer.
   *
   * @param wrote Called after each transfer.
   */
  apply(blocks: Float64Array, images: ImageSource, wrote: () => void): void {
    for (let first = 0, count; first < blocks.length; first += count) {
      count = 0;
      do {
        this.#load(count, blocks[first + count]!, images);
        count++;
      } while (count < this.bodyBlocks && blocks[first + count] === blocks[first]! + count);
      this.device.write(blocks[first]!, count, this.#body.subarray(0, count * BLOCK_BYTES));
      wrote();
    }
  }

  /**
   * Writes the older superblock anew: replay starts at `place`. The caller has flushed since the
   * last one was written, so that the newer one is durable while this one may be torn.
   */
  writeSuperblock(place: RingPlace): void {
    const { sequence, position, chain } = place;
    const generation = this.#superblock.generation + 1;
    const superblock = { ...this.#superblock, sequence, position, chain, generation };
    const which = this.#which ^ 1;
    encodeSuperblock(this.#headWords.subarray(0, BLOCK_WORDS), superblock, which);
    const at = this.#superblock.ringFirst + this.#superblock.ringLength + which;
    this.device.write(at, 1, this.#head.subarray(0, BLOCK_BYTES));
    this.#superblock = superblock;
    this.#which = which;
  }

  #load(index: number, block: number, images: ImageSource): void {
    const image = images.find(block);
    assert(image !== undefined, "an image that is written exists");
    this.#body.set(image, index * BLOCK_BYTES);
  }

  #eachImage(header: RecordHeader, visit: (index: number, offset: number) => void): void {
    const start = this.after(header.position, header.headerBlocks);
    for (let first = 0; first < header.blocks.length; first += this.bodyBlocks) {
      const count = Math.min(this.bodyBlocks, header.blocks.length - first);
      const body = this.#body.subarray(0, count * BLOCK_BYTES);
      this.#transfer("read", this.after(start, first), body);
      for (let index = 0; index < count; index++) visit(first + index, index * BLOCK_BYTES);
    }
  }

  /** Moves a run of ring blocks, in two transfers where it wraps. */
  #transfer(way: "read" | "write", position: number, view: Uint8Array): void {
    const { ringFirst, ringLength } = this.#superblock;
    const count = view.byteLength / BLOCK_BYTES;
    assert(position < ringLength && count <= ringLength, "a ring run lies in the ring");
    const before = Math.min(count, ringLength - position);
    this.device[way](ringFirst + position, before, view.subarray(0, before * BLOCK_BYTES));
    if (before === count) return;
    this.device[way](ringFirst, count - before, view.subarray(before * BLOCK_BYTES));
  }
}

function wordsOf(view: Uint8Array): Uint32Array {
  return new Uint32Array(view.buffer, view.byteOffset, view.byteLength / 4);
}
