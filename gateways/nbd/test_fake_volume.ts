/**
 * A volume in memory for the tests of the protocol: the operations of a real one, at once or when the
 * test says so, with the failures that it asks for.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import { BLOCK_BYTES, SECTOR_BYTES, WRITE_FLAG } from "@hako/storage-server";
import type { Asker, VolumeExtent, VolumePort } from "./volume_port.ts";

/** What was asked of the volume. */
export interface Asked {
  /** The operation. */
  readonly operation: "read" | "write" | "flush" | "zero" | "trim" | "extent";
  /** The byte offset. */
  readonly offset: number;
  /** How many bytes. */
  readonly byteLength: number;
  /** `WRITE_FLAG`s. */
  readonly flags: number;
}

/** A volume of a few blocks. */
export class FakeVolume implements VolumePort {
  /** What it holds. */
  readonly bytes: Uint8Array;
  /** All that was asked, in order. */
  readonly asked: Asked[] = [];
  /** Answers with this errno what is asked in this block, until it is taken out. */
  readonly failures: Map<number, number> = new Map();
  /** While set, nothing is answered: {@linkcode FakeVolume.answer} does. */
  isHeld = false;
  /** Most bytes that one extent tells of. */
  extentBytesMax = Infinity;
  /** Whether `zero` is fast. */
  isFast = true;
  readonly #held: (() => void)[] = [];

  /** A volume of zeroes. */
  constructor(byteLength: number) {
    this.bytes = new Uint8Array(byteLength);
  }

  /** How many requests wait for an answer. */
  get heldCount(): number {
    return this.#held.length;
  }

  /** Answers one of those that wait, or all in order if none is named. */
  answer(index?: number): void {
    const picked = index === undefined ? this.#held.splice(0) : this.#held.splice(index, 1);
    for (const answer of picked) answer();
  }

  read(asker: Asker, offset: number, target: Uint8Array): void {
    const { byteLength } = target;
    this.#do(asker, { operation: "read", offset, byteLength, flags: 0 }, () => {
      target.set(this.bytes.subarray(offset, offset + byteLength));
      return byteLength;
    });
  }

  write(asker: Asker, offset: number, source: Uint8Array, flags: number): void {
    const { byteLength } = source;
    this.#do(asker, { operation: "write", offset, byteLength, flags }, () => {
      this.bytes.set(source, offset);
      return byteLength;
    });
  }

  flush(asker: Asker): void {
    this.#do(asker, { operation: "flush", offset: 0, byteLength: 0, flags: 0 }, () => 0);
  }

  zero(asker: Asker, offset: number, byteLength: number, flags: number): void {
    this.#do(asker, { operation: "zero", offset, byteLength, flags }, () => {
      if (flags & WRITE_FLAG.FAST && !this.isFast) return -ERRNO.EOPNOTSUPP;
      this.bytes.fill(0, offset, offset + byteLength);
      return 0;
    });
  }

  trim(asker: Asker, offset: number, byteLength: number, flags: number): void {
    this.#do(asker, { operation: "trim", offset, byteLength, flags }, () => 0);
  }

  extent(offset: number, byteLength: number): Promise<VolumeExtent> {
    this.asked.push({ operation: "extent", offset, byteLength, flags: 0 });
    const end = offset + Math.min(byteLength, this.extentBytesMax);
    const isZero = this.#isZero(offset);
    let at = Math.min(end, nextBlock(offset));
    while (at < end && this.#isZero(at) === isZero) at = Math.min(end, nextBlock(at));
    return Promise.resolve({ byteLength: at - offset, isZero: isZero ? 1 : 0 });
  }

  #isZero(offset: number): boolean {
    return this.bytes.subarray(offset, nextBlock(offset)).every((byte) => byte === 0);
  }

  #do(asker: Asker, asked: Asked, body: () => number): void {
    this.asked.push(asked);
    const answer = () => {
      const failure = this.failures.get(Math.floor(asked.offset / BLOCK_BYTES));
      asker.ended(failure === undefined ? this.#checked(asked, body) : -failure);
    };
    if (this.isHeld) this.#held.push(answer);
    else queueMicrotask(answer);
  }

  #checked({ offset, byteLength }: Asked, body: () => number): number {
    const isWhole = offset % SECTOR_BYTES === 0 && byteLength % SECTOR_BYTES === 0;
    return isWhole && offset + byteLength <= this.bytes.byteLength ? body() : -ERRNO.EINVAL;
  }
}

function nextBlock(offset: number): number {
  return offset - offset % BLOCK_BYTES + BLOCK_BYTES;
}
