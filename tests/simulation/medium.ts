/**
 * What a simulated disk is made of: bytes, and what of them a power cut would leave.
 *
 * Only what a flush covered is sure to survive. Each later write may survive or not, or in part, in
 * any combination. A flush that fails has given up what it should have covered: no later flush makes
 * that durable, as with a host whose `fsync` fails once.
 *
 * @module
 */

import type { Chance } from "./chance.ts";

interface UnflushedWrite {
  readonly number: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  fate: "open" | "durable" | "given up";
}

/** A medium that forgets. */
export class Medium {
  /** What a reader sees. */
  readonly bytes: Uint8Array;
  readonly #durable: Uint8Array;
  #log: UnflushedWrite[] = [];
  #number = 0;

  /** Blank. */
  constructor(byteLength: number) {
    this.bytes = new Uint8Array(byteLength);
    this.#durable = new Uint8Array(byteLength);
  }

  /** How many writes there were: what a flush that begins now covers. */
  get mark(): number {
    return this.#number;
  }

  /** Writes. */
  write(offset: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, offset);
    this.#log.push({ number: this.#number++, offset, bytes: bytes.slice(), fate: "open" });
  }

  /** Changes what is durable and what is read, at once: the medium itself goes bad. */
  spoil(offset: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, offset);
    this.#durable.set(bytes, offset);
    for (const write of this.#log) {
      const at = offset - write.offset;
      if (at >= 0 && at + bytes.byteLength <= write.bytes.byteLength) write.bytes.set(bytes, at);
    }
  }

  /** Makes the first `mark` writes durable, but for those that were given up. */
  flush(mark: number): void {
    for (const write of this.#log) {
      if (write.number < mark && write.fate === "open") write.fate = "durable";
    }
    let folded = 0;
    for (; folded < this.#log.length && this.#log[folded]!.fate === "durable"; folded++) {
      this.#durable.set(this.#log[folded]!.bytes, this.#log[folded]!.offset);
    }
    this.#log.splice(0, folded);
  }

  /** A flush of the first `mark` writes has failed. */
  failFlush(mark: number): void {
    for (const write of this.#log) {
      if (write.number < mark && write.fate === "open") write.fate = "given up";
    }
  }

  /**
   * Cuts the power.
   *
   * @param chance What survives, by chance; nothing that need not if left out.
   * @param tearOf The size of the pieces that are written whole, by the offset of a write.
   */
  cut(chance: Chance | undefined, tearOf: (offset: number) => number): void {
    const survival = chance === undefined ? () => false : wayToSurvive(chance, this.#log.length);
    this.#log.forEach((write, index) => {
      const tearBytes = tearOf(write.offset);
      const pieces = Math.ceil(write.bytes.byteLength / tearBytes);
      const torn = chance !== undefined && chance.happens(0.3);
      const isKept = survival(index);
      for (let piece = 0; piece < pieces; piece++) {
        const from = piece * tearBytes;
        const isWritten = torn ? chance.happens(0.5) : isKept;
        if (!isWritten && write.fate !== "durable") continue;
        this.#durable.set(write.bytes.subarray(from, from + tearBytes), write.offset + from);
      }
    });
    this.#log = [];
    this.bytes.set(this.#durable);
  }
}

/** All, none, the first ones, or each by a coin. */
function wayToSurvive(chance: Chance, count: number): (index: number) => boolean {
  const way = chance.below(6);
  if (way === 0) return () => true;
  if (way === 1) return () => false;
  const end = chance.below(count + 1);
  return way === 2 ? (index) => index < end : () => chance.happens(0.5);
}
