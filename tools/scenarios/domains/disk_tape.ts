/**
 * Everything that was written to a disk, in order, with the flushes between: what a power cut at any
 * moment would have left on it can be told afterwards.
 *
 * Only what a flush covered is sure to survive: the writes that had ended before the flush began. Each
 * other write may survive or not, or some of its sectors, in any combination. A tape is shared memory:
 * the disk's driver writes it, clients look how far it is.
 *
 * @module
 */

import { BLOCK_BYTES } from "@hako/drivers/block";
import type { Random } from "../random.ts";

/** Events of one tape at most. */
const EVENTS_MAX = 16_384;

/** Words of one event. */
const WORDS = { KIND: 0, FIRST: 1, COUNT: 2, DATA: 3, MARK: 4, ALL: 5 } as const;

/** Words before the events: how many there are, and how many blocks they hold. */
const HEAD = { EVENTS: 0, BLOCKS: 1, ALL: 2 } as const;

const KIND = { WRITE: 1, FLUSH: 2 } as const;

/** Bytes that a disk writes whole, whatever happens. */
const SECTOR_BYTES = 512;

const INDEX_BYTES = 4 * (HEAD.ALL + EVENTS_MAX * WORDS.ALL);

/** Chances of a write that no flush covered. */
const KEPT = 0.4;
const TORN = 0.3;

/** The moment of a power cut: so many events had happened. */
export interface Cut {
  /** Events before it. */
  readonly end: number;
  /** Writes that no flush had covered. */
  readonly loose: number;
}

/** A tape. */
export class DiskTape {
  readonly #index: Int32Array;
  readonly #blocks: Uint8Array;

  /** Looks at a tape, or begins one on memory that {@linkcode blankTape} made. */
  constructor(memory: SharedArrayBuffer) {
    this.#index = new Int32Array(memory, 0, INDEX_BYTES / 4);
    this.#blocks = new Uint8Array(memory, INDEX_BYTES);
  }

  /** How many events there are. */
  get length(): number {
    return Atomics.load(this.#index, HEAD.EVENTS);
  }

  /** How much of the tape is used, from 0 to 1. */
  get used(): number {
    const blocks = this.#index[HEAD.BLOCKS]! * BLOCK_BYTES / this.#blocks.byteLength;
    return Math.max(blocks, this.length / EVENTS_MAX);
  }

  /** A write begins; answers its number. `source` left out: so many blocks of zeroes. */
  beginWrite(first: number, count: number, source?: Uint8Array): number {
    const block = Atomics.add(this.#index, HEAD.BLOCKS, count);
    const data = this.#blocks.subarray(block * BLOCK_BYTES, (block + count) * BLOCK_BYTES);
    if (data.byteLength !== count * BLOCK_BYTES) throw new Error("the tape is full");
    if (source !== undefined) data.set(source);
    return this.#append([KIND.WRITE, first, count, block, 0]);
  }

  /** A write has ended: a flush that begins from now on covers it. */
  endWrite(number: number): void {
    this.#index[this.#at(number) + WORDS.MARK] = this.length;
  }

  /** A flush has ended that began when there were so many events. */
  flushed(beganAt: number): void {
    this.#append([KIND.FLUSH, 0, 0, 0, beganAt]);
  }

  /** Moments between two numbers of events at which a power cut finds something to spoil. */
  cutsBetween(from: number, to: number): Cut[] {
    const cuts: Cut[] = [];
    let writes: number[] = [];
    for (let number = 0; number < to; number++) {
      if (this.#word(number, WORDS.KIND) === KIND.WRITE) writes.push(number);
      else writes = writes.filter((write) => !this.#covers(number, write));
      if (number + 1 > from && writes.length > 0) {
        cuts.push({ end: number + 1, loose: writes.length });
      }
    }
    return cuts;
  }

  /** Lays what a power cut has left over the image as it was when the tape began. */
  replay(image: Deno.FsFile, { end }: Cut, random: Random): void {
    const flushes = Array.from({ length: end }, (_, number) => number)
      .filter((number) => this.#word(number, WORDS.KIND) === KIND.FLUSH);
    for (let number = 0; number < end; number++) {
      if (this.#word(number, WORDS.KIND) !== KIND.WRITE) continue;
      const isSafe = flushes.some((flush) => this.#covers(flush, number));
      const chance = isSafe ? 0 : random();
      if (chance < KEPT) this.#lay(image, number, () => true);
      else if (chance < KEPT + TORN) this.#lay(image, number, () => random() < 0.5);
    }
  }

  #covers(flush: number, write: number): boolean {
    const endedAt = this.#word(write, WORDS.MARK);
    return endedAt > 0 && endedAt <= this.#word(flush, WORDS.MARK);
  }

  /** Writes those sectors that are kept. */
  #lay(image: Deno.FsFile, number: number, isKept: () => boolean): void {
    const offset = this.#word(number, WORDS.FIRST) * BLOCK_BYTES;
    const start = this.#word(number, WORDS.DATA) * BLOCK_BYTES;
    const byteLength = this.#word(number, WORDS.COUNT) * BLOCK_BYTES;
    let from = 0;
    for (let at = 0; at <= byteLength; at += SECTOR_BYTES) {
      if (at < byteLength && isKept()) continue;
      if (at > from) {
        image.seekSync(offset + from, Deno.SeekMode.Start);
        writeAll(image, this.#blocks.subarray(start + from, start + at));
      }
      from = at + SECTOR_BYTES;
    }
  }

  #append(words: readonly number[]): number {
    const number = this.length;
    if (number >= EVENTS_MAX) throw new Error("the tape is full");
    this.#index.set(words, this.#at(number));
    Atomics.store(this.#index, HEAD.EVENTS, number + 1);
    return number;
  }

  #word(number: number, word: number): number {
    return this.#index[this.#at(number) + word]!;
  }

  #at(number: number): number {
    return HEAD.ALL + number * WORDS.ALL;
  }
}

/** Memory for a tape with room for so many bytes of blocks. */
export function blankTape(byteLength: number): SharedArrayBuffer {
  return new SharedArrayBuffer(INDEX_BYTES + byteLength);
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength;) done += file.writeSync(bytes.subarray(done));
}
