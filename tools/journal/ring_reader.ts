/**
 * Reads the ring of a device, whose blocks follow each other round and round.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";
import {
  decodeRecord,
  headerBlocksClaimed,
  type RecordHeader,
} from "../../storage-server/layouts/record.ts";
import {
  BLOCK_WORDS,
  type RingPlace,
  type Superblock,
} from "../../storage-server/layouts/superblock.ts";
import type { Blocks } from "./image_file.ts";

const RUN_BLOCKS = 256; // 1 MiB.

/** A whole header, and the checksum of the record before, which it repeats. */
export type FoundRecord = RecordHeader & { readonly chain: number };

/** The ring of one device. */
export class RingReader {
  readonly #blocks: Blocks;
  readonly #superblock: Superblock;

  /** Reads nothing yet. */
  constructor(blocks: Blocks, superblock: Superblock) {
    this.#blocks = blocks;
    this.#superblock = superblock;
  }

  /**
   * The record at a position; `"torn"` if a header starts there that is not whole, `undefined` if
   * none of this device does.
   */
  recordAt(position: number): FoundRecord | "torn" | undefined {
    const claimed = headerBlocksClaimed(this.#read(position, 1), this.#superblock);
    if (claimed === 0) return undefined;
    return decodeRecord(this.#read(position, claimed), this.#superblock, position) ?? "torn";
  }

  /** The place after a record. */
  placeAfter({ position, sequence, headerBlocks, blocks, checksum }: RecordHeader): RingPlace {
    const { ringLength } = this.#superblock;
    return {
      sequence: sequence + 1,
      position: (position + headerBlocks + blocks.length) % ringLength,
      chain: checksum,
    };
  }

  /** The blocks of the device whose images in a record do not match their checksums. */
  badBlocks(record: RecordHeader): number[] {
    const { ringLength } = this.#superblock;
    const bad: number[] = [];
    for (let first = 0; first < record.blocks.length; first += RUN_BLOCKS) {
      const count = Math.min(RUN_BLOCKS, record.blocks.length - first);
      const start = (record.position + record.headerBlocks + first) % ringLength;
      const words = this.#read(start, count);
      for (let index = 0; index < count; index++) {
        const checksum = crc32c(words, index * BLOCK_WORDS, BLOCK_WORDS, 0);
        if (checksum !== record.checksums[first + index]) bad.push(record.blocks[first + index]!);
      }
    }
    return bad;
  }

  /** The whole record of a sequence from this one on, wherever it stands; the nearest of them. */
  nextFrom(sequence: number): FoundRecord | undefined {
    const { ringLength } = this.#superblock;
    let nearest: FoundRecord | undefined;
    for (let first = 0; first < ringLength; first += RUN_BLOCKS) {
      const count = Math.min(RUN_BLOCKS, ringLength - first);
      const words = this.#read(first, count);
      for (let index = 0; index < count; index++) {
        const block = words.subarray(index * BLOCK_WORDS, (index + 1) * BLOCK_WORDS);
        if (headerBlocksClaimed(block, this.#superblock) === 0) continue;
        const found = this.recordAt(first + index);
        if (found === undefined || found === "torn" || found.sequence < sequence) continue;
        if (nearest === undefined || found.sequence < nearest.sequence) nearest = found;
      }
    }
    return nearest;
  }

  /** A run of the ring's blocks, which may go on at its start. */
  #read(position: number, count: number): Uint32Array {
    const { ringFirst, ringLength } = this.#superblock;
    const before = Math.min(count, ringLength - position);
    const words = this.#blocks.read(ringFirst + position, before);
    if (before === count) return words;
    const whole = new Uint32Array(count * BLOCK_WORDS);
    whole.set(words);
    whole.set(this.#blocks.read(ringFirst, count - before), words.length);
    return whole;
  }
}
