/**
 * For tests: what a power cut leaves of a disk in memory.
 *
 * Only what a flush covers is sure to survive. Of the writes behind it, each block may survive or
 * not, in any combination; of the transactions behind it, the first ones, each whole.
 *
 * @module
 */

import { DISK_BLOCK_BYTES } from "./disk.ts";
import type { DiskEvent, MemoryDisk } from "./memory_disk.ts";

/** How a power cut treats what no flush covered. */
export interface Survival {
  /** How many of the transactions survive. */
  readonly transactions: number;
  /** Whether a block that was written in place survives. */
  readonly isKept: () => boolean;
}

/** Everything that is done to a disk from now on. */
export class DiskHistory {
  readonly #durable: MemoryDisk;
  readonly #events: DiskEvent[] = [];
  /** Events that are in `#durable`. */
  #applied = 0;

  /** Watches a disk. */
  constructor(disk: MemoryDisk) {
    this.#durable = disk.clone();
    disk.onEvent = (event) => this.#events.push(event);
  }

  /** How many events there were. */
  get length(): number {
    return this.#events.length;
  }

  /** Number behind the last flush among the first `end` events; 0 without one. */
  lastFlush(end: number): number {
    return this.#events.slice(0, end).findLastIndex(({ kind }) => kind === "flush") + 1;
  }

  /** Transactions among the first `end` events that no flush covers. */
  looseTransactions(end: number): number {
    const loose = this.#events.slice(this.lastFlush(end), end);
    return loose.filter(({ kind }) => kind === "transact").length;
  }

  /** The disk after a power cut behind the first `end` events; `end` never goes back. */
  cut(end: number, survival: Survival): MemoryDisk {
    const flushed = this.lastFlush(end);
    for (; this.#applied < flushed; this.#applied++) {
      apply(this.#durable, this.#events[this.#applied]!, () => true);
    }
    const disk = this.#durable.clone();
    let transactions = 0;
    for (const event of this.#events.slice(flushed, end)) {
      if (event.kind === "transact" && transactions++ >= survival.transactions) continue;
      apply(disk, event, survival.isKept);
    }
    return disk;
  }
}

function apply(disk: MemoryDisk, event: DiskEvent, isKept: () => boolean): void {
  if (event.kind === "transact") {
    for (const { offset, bytes } of event.pieces) disk.poke(offset, bytes);
  } else if (event.kind === "write") {
    const { offset, bytes } = event;
    for (let at = 0; at < bytes.byteLength;) {
      const count = Math.min(
        DISK_BLOCK_BYTES - (offset + at) % DISK_BLOCK_BYTES,
        bytes.length - at,
      );
      if (isKept()) disk.poke(offset + at, bytes.subarray(at, at + count));
      at += count;
    }
  }
}
