/**
 * What is left of a simulated disk after a power cut.
 *
 * Only what a flush covered is sure to survive: the writes whose end was told before the flush. Each
 * other write may survive or not, or survive in part, in any combination.
 *
 * @module
 */

import type { DeviceEvent, WriteEvent } from "./simulated_device.ts";

/** How a power cut treats one write that no flush covered. */
export type Survival = "kept" | "dropped" | {
  /** Bytes of the pieces that are written whole. */
  readonly granularity: number;
  /** Whether piece `index` was written. */
  readonly wrote: (index: number) => boolean;
};

/** How a power cut is looked at. */
export interface CutOptions {
  /** Most unflushed writes of which every subset is tried; 5 if left out. */
  readonly subsetsMax?: number;
  /** Bytes of what is written whole in the volumes: 512, or 4,096. */
  readonly sectorBytes?: number;
  /** The byte offset from which on writes are torn at 512 bytes, whatever the volumes are. */
  readonly ringFrom?: number;
  /** The byte offset from which on writes are torn inside of sectors, too. */
  readonly fineFrom?: number;
}

/** The image after a power cut right after event number `end` of a run that began with `start`. */
export class PowerCut {
  readonly #durable: Uint8Array;
  #unflushed: WriteEvent[] = [];
  readonly #events: readonly DeviceEvent[];
  readonly #sectorBytes: number;
  readonly #ringFrom: number;
  readonly #fineFrom: number;
  readonly #subsetsMax: number;
  #end = 0;

  /**
   * Starts before the first event.
   *
   * @param start The image before the first event.
   * @param events What happened.
   * @param options How it is looked at.
   */
  constructor(start: Uint8Array, events: readonly DeviceEvent[], options: CutOptions = {}) {
    this.#durable = start.slice();
    this.#events = events;
    this.#sectorBytes = options.sectorBytes ?? 512;
    this.#ringFrom = options.ringFrom ?? Infinity;
    this.#fineFrom = options.fineFrom ?? Infinity;
    this.#subsetsMax = options.subsetsMax ?? 5;
  }

  /** How many writes no flush has covered at the current event. */
  get unflushedCount(): number {
    return this.#unflushed.length;
  }

  /** Moves the cut to right after the first `end` events; only ever forward. */
  advance(end: number): void {
    for (; this.#end < end; this.#end++) {
      const event = this.#events[this.#end]!;
      if (event.kind === "write") this.#unflushed.push(event);
      else this.#flush(this.#end);
    }
  }

  /** Makes durable what had ended by then, and what a later such write has overwritten. */
  #flush(index: number): void {
    const covered: WriteEvent[] = [];
    const uncovered: WriteEvent[] = [];
    for (const write of this.#unflushed.toReversed()) {
      const isCovered = write.endedAt <= index || covered.some((later) => overlap(later, write));
      (isCovered ? covered : uncovered).push(write);
    }
    for (const write of covered.reverse()) this.#durable.set(write.bytes, write.offset);
    this.#unflushed = uncovered.reverse();
  }

  /** The image that is left when each unflushed write survives as told. */
  image(survival: (index: number) => Survival): Uint8Array {
    const image = this.#durable.slice();
    this.#unflushed.forEach((write, index) => {
      const how = survival(index);
      if (how === "kept") image.set(write.bytes, write.offset);
      if (typeof how === "string") return;
      for (let piece = 0; piece * how.granularity < write.bytes.byteLength; piece++) {
        if (!how.wrote(piece)) continue;
        const from = piece * how.granularity;
        image.set(write.bytes.subarray(from, from + how.granularity), write.offset + from);
      }
    });
    return image;
  }

  /**
   * Ways for the unflushed writes to survive: every subset while there are few of them, else all,
   * none, every single one kept or dropped, every prefix, and `samples` random ones; then torn.
   *
   * @param random Numbers from 0 up to 1.
   */
  *survivals(random: () => number, samples: number): Generator<(index: number) => Survival> {
    const count = this.#unflushed.length;
    if (count <= this.#subsetsMax) {
      for (let subset = 0; subset < 1 << count; subset++) {
        yield (index) => (subset >> index) & 1 ? "kept" : "dropped";
      }
    } else {
      for (let one = 0; one <= count; one++) {
        yield (index) => index < one ? "kept" : "dropped";
        yield (index) => index === one ? "kept" : "dropped";
        yield (index) => index === one ? "dropped" : "kept";
      }
      for (let sample = 0; sample < samples; sample++) {
        const kept = Array.from({ length: count }, () => random() < 0.5);
        yield (index) => kept[index]! ? "kept" : "dropped";
      }
    }
    for (let torn = 0; torn < count; torn++) {
      const { offset, bytes } = this.#unflushed[torn]!;
      for (const tear of this.#tears(offset)) {
        const others = Array.from({ length: count }, () => random() < 0.5);
        const coins = Array.from({ length: 64 }, () => random() < 0.5);
        const pieces = Math.ceil(bytes.byteLength / tear.granularity);
        const wrote = (piece: number): boolean => tear.wrote(piece, pieces, coins);
        const { granularity } = tear;
        yield (index) =>
          index === torn ? { granularity, wrote } : others[index]! ? "kept" : "dropped";
      }
    }
  }

  #tears(offset: number): readonly Tear[] {
    if (offset >= this.#fineFrom) return [...TEARS, ...FINE_TEARS];
    if (offset >= this.#ringFrom) return TEARS;
    return TEARS.filter((tear) => tear.granularity >= this.#sectorBytes);
  }
}

function overlap(one: WriteEvent, other: WriteEvent): boolean {
  return one.offset < other.offset + other.bytes.byteLength &&
    other.offset < one.offset + one.bytes.byteLength;
}

interface Tear {
  readonly granularity: number;
  readonly wrote: (piece: number, pieces: number, coins: boolean[]) => boolean;
}

/** Random pieces, the first and the last part of what a superblock or header says. */
const FINE_TEARS: readonly Tear[] = [
  { granularity: 16, wrote: (piece, _, coins) => coins[piece % 64]! },
  { granularity: 16, wrote: (piece) => piece < 4 },
  { granularity: 16, wrote: (piece) => piece >= 4 },
];

/** Random sectors; the first half; the second half; both ends without the middle; whole blocks. */
const TEARS: readonly Tear[] = [
  { granularity: 512, wrote: (piece, _, coins) => coins[piece % 64]! },
  { granularity: 512, wrote: (piece, pieces) => piece < pieces / 2 },
  { granularity: 512, wrote: (piece, pieces) => piece >= pieces / 2 },
  { granularity: 512, wrote: (piece, pieces) => piece === 0 || piece === pieces - 1 },
  { granularity: 4096, wrote: (piece, _, coins) => coins[piece % 64]! },
  { granularity: 4096, wrote: (piece, pieces) => piece < pieces / 2 },
];
