/**
 * The reference model of a volume: for each block, every value that it may legally have.
 *
 * Each acknowledged or started write is an event with a stamp, which fills its blocks. Two
 * questions are answered: what a reader must see now ({@linkcode VolumeModel.expected}), and
 * whether what is left after a power cut is legal ({@linkcode VolumeModel.judge}): transactions
 * visible are a prefix, no shorter than what was flushed, each whole; a block's value is the newest
 * such transaction's or flushed write's, or that of a later plain write of it, sector by sector.
 *
 * @module
 */

import { BLOCK_BYTES } from "./protocol.ts";

const SECTOR_BYTES = 512;

interface ModelEvent {
  readonly kind: "transact" | "write";
  readonly stamp: number;
  readonly blocks: readonly number[];
}

/** A model of one volume. */
export class VolumeModel {
  readonly #base: Uint32Array; // What each block held before the first event; 0 is a zero block.
  readonly #events: ModelEvent[] = [];
  #flushed = 0; // Events that a flush has covered.

  /**
   * A model without events.
   *
   * @param stamps What each block holds.
   */
  constructor(stamps: ArrayLike<number>) {
    this.#base = Uint32Array.from(stamps);
  }

  /** How many events there were. */
  get eventCount(): number {
    return this.#events.length;
  }

  /** A transaction or a plain write was started. */
  start(kind: "transact" | "write", stamp: number, blocks: readonly number[]): void {
    this.#events.push({ kind, stamp, blocks });
  }

  /** A flush was answered that began after the first `eventCount` events were acknowledged. */
  flush(eventCount: number): void {
    this.#flushed = Math.max(this.#flushed, eventCount);
  }

  /** What a reader must see, everything started being acknowledged. */
  expected(): Uint32Array {
    const stamps = this.#base.slice();
    for (const event of this.#events) for (const block of event.blocks) stamps[block] = event.stamp;
    return stamps;
  }

  /**
   * Whether a volume is legal after a power cut.
   *
   * @param sectors The stamp of each sector, eight a block.
   * @returns `undefined`, or what is wrong under the most generous reading.
   */
  judge(sectors: Uint32Array): string | undefined {
    let wrong = "no reading at all";
    for (let visible = this.#events.length; visible >= this.#flushed; visible--) {
      const found = this.#judgeAt(sectors, visible);
      if (found === undefined) return undefined;
      wrong = found;
    }
    return wrong;
  }

  /** Judges on the reading that just the transactions among the first `visible` events happened. */
  #judgeAt(sectors: Uint32Array, visible: number): string | undefined {
    const legal: number[][] = Array.from(this.#base, (stamp) => [stamp]);
    this.#events.forEach((event, index) => {
      if (event.kind === "transact" && index >= visible) return;
      const settles = event.kind === "transact" || index < this.#flushed;
      for (const block of event.blocks) {
        if (settles) legal[block] = [event.stamp];
        else legal[block]!.push(event.stamp);
      }
    });
    const each = BLOCK_BYTES / SECTOR_BYTES;
    for (let index = 0; index < sectors.length; index++) {
      const block = Math.floor(index / each);
      if (legal[block]!.includes(sectors[index]!)) continue;
      return `sector ${index % each} of block ${block} holds ${sectors[index]}, ` +
        `not ${legal[block]!.join(" or ")} (${visible} events visible, ${this.#flushed} flushed)`;
    }
    return undefined;
  }
}

/** The stamp of each sector of a volume's bytes; throws when a sector is not of one stamp. */
export function sectorStamps(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const each = SECTOR_BYTES / 4;
  const stamps = new Uint32Array(words.length / each);
  for (let index = 0; index < stamps.length; index++) {
    const stamp = words[index * each]!;
    for (let word = 1; word < each; word++) {
      if (words[index * each + word] !== stamp) throw new Error(`sector ${index} is a mixture`);
    }
    stamps[index] = stamp;
  }
  return stamps;
}
