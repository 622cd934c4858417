/**
 * Reads and writes of clients that are under way on the device while other requests are served.
 *
 * A request that dies unanswered is done again by the successor. What it has done already must not
 * have been seen by then, or a value would come back after it was overwritten. So one rule is kept:
 *
 * **Nothing that overlaps a write under way is begun before that write has been answered.**
 *
 * - A read begun later would show the write, or would be answered before it; a write or a transaction
 *   of the same block would be overwritten again when the write is done once more.
 * - What is pinned is never under way: an image of a block is published only when no write of it is
 *   (`journal.ts`, I8).
 * - Reads under way hinder nobody. The device carries overlapping transfers out in the order in which
 *   they were begun, so a read returns what was there when it began, each block whole, even if the
 *   block has got an image meanwhile, or has been applied: both are concurrent with the read.
 *
 * @module
 */

import { assert, ERRNO, type Later } from "@hako/ipc";
import type { DeathPoint } from "./death_points.ts";
import type { Device, Done, Point } from "./device.ts";

/** Most transfers of clients that are under way at once. */
export const TRANSFERS_MAX = 64;

/** One transfer, or room for one: used again and again. */
class Transfer {
  first = 0;
  count = 0;
  isWrite = false;
  byteLength = 0;
  answer: Later | undefined;
  readonly done: Done;

  constructor(end: (transfer: Transfer, errno: number) => void) {
    this.done = (errno) => end(this, errno);
  }
}

/** What is under way on one device, on behalf of the clients of all its volumes. */
export class Transfers {
  readonly #device: Device;
  readonly #point: Point<DeathPoint>;
  readonly #free: Transfer[] = [];
  readonly #writes: Transfer[] = []; // Under way.

  /**
   * Nothing is under way.
   *
   * @param device The device.
   * @param point Where a fault plan may end this incarnation.
   */
  constructor(device: Device, point: Point<DeathPoint>) {
    this.#device = device;
    this.#point = point;
    for (let index = 0; index < TRANSFERS_MAX; index++) {
      this.#free.push(new Transfer((transfer, errno) => this.#end(transfer, errno)));
    }
  }

  /** Whether anything is under way. Hot path. */
  get isAnyUnderWay(): boolean {
    return this.#device.underWay > 0;
  }

  /**
   * Begins to read a run that no write under way overlaps and whose blocks are all in place.
   *
   * @param answer Told how many bytes were read, or `-EIO`.
   * @throws {OsError} What the device said; then nothing was begun. Hot path.
   */
  beginRead(first: number, count: number, target: Uint8Array, answer: Later): void {
    const transfer = this.#take(first, count, target.byteLength);
    this.#device.beginRead(first, count, target, transfer.done);
    transfer.isWrite = false;
    transfer.answer = answer;
    this.#free.pop();
  }

  /**
   * Begins to write a run that no write under way overlaps and whose blocks are not pinned.
   *
   * @param answer Told how many bytes were written, or `-errno`.
   * @throws {OsError} What the device said; then nothing was begun. Hot path.
   */
  beginWrite(first: number, count: number, source: Uint8Array, answer: Later): void {
    const transfer = this.#take(first, count, source.byteLength);
    this.#point("write.started");
    this.#device.beginWrite(first, count, source, transfer.done);
    transfer.isWrite = true;
    transfer.answer = answer;
    this.#free.pop();
    this.#writes.push(transfer);
    this.#point("write.begun");
  }

  /** Waits until no write that overlaps a run is under way. Hot path. */
  awaitWrites(first: number, count: number): void {
    while (this.#overlapsWrite(first, count)) this.#device.wait();
  }

  /** Waits until no write of any of these blocks is under way. */
  awaitWritesOf(blocks: Float64Array, count: number): void {
    if (this.#writes.length === 0) return;
    for (let index = 0; index < count; index++) this.awaitWrites(blocks[index]!, 1);
  }

  /** Waits until nothing is under way. */
  awaitAll(): void {
    while (this.#device.underWay > 0) this.#device.wait();
  }

  #overlapsWrite(first: number, count: number): boolean {
    for (const write of this.#writes) {
      if (first < write.first + write.count && write.first < first + count) return true;
    }
    return false;
  }

  /** Room for a transfer, which is still free until it has begun. */
  #take(first: number, count: number, byteLength: number): Transfer {
    while (this.#free.length === 0 || this.#device.room < 1) {
      assert(this.#device.underWay > 0, "a device without room has transfers under way");
      this.#device.wait();
    }
    const transfer = this.#free[this.#free.length - 1]!;
    transfer.first = first;
    transfer.count = count;
    transfer.byteLength = byteLength;
    return transfer;
  }

  #end(transfer: Transfer, errno: number): void {
    const { answer, isWrite, byteLength } = transfer;
    assert(answer !== undefined, "a transfer ends once");
    this.#point(isWrite ? "write.ended" : "read.ended");
    answer.answer(errno === 0 ? byteLength : -answerErrno(errno, isWrite));
    if (isWrite) this.#writes.splice(this.#writes.indexOf(transfer), 1);
    transfer.answer = undefined;
    this.#free.push(transfer);
    this.#point(isWrite ? "write.answered" : "read.answered");
  }
}

function answerErrno(errno: number, isWrite: boolean): number {
  const isKnown = isWrite && (errno === ERRNO.ENOSPC || errno === ERRNO.EROFS);
  return isKnown ? errno : ERRNO.EIO;
}
