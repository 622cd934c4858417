/**
 * The blocks of the device as clients see them: what is in place, the journal's images laid over it.
 *
 * Blocks that are not pinned go straight between a window and the device, with no copy. A pinned
 * block, and one of which only a part is written, becomes an image in the journal's tail, so that a
 * block is written whole or not at all. On a disk that may tear a block even when it is written as
 * one, every block becomes an image.
 *
 * Everything here is run to completion and throws `OsError`. Blocks are those of the device.
 *
 * @module
 */

import type { DeathPoint } from "./death_points.ts";
import type { Device, Point } from "./device.ts";
import type { Journal } from "./journal.ts";
import type { JournalTail } from "./journal_tail.ts";
import { BLOCK_BYTES } from "./protocol.ts";
import type { Transfers } from "./transfers.ts";

/** Who makes sure that a block is written whole: the device, or the journal. */
export type AtomicWrites = "device" | "journal";

/** What to write: as many bytes as are written, or `undefined` for zeroes. */
export type Content = Uint8Array | undefined;

/** What a view of the blocks stands on. */
export interface BlockViewParts {
  /** The device. */
  readonly device: Device;
  /** Its journal. */
  readonly journal: Journal;
  /** What is under way on it. */
  readonly transfers: Transfers;
  /** Who makes sure that a block is written whole. */
  readonly atomicWrites: AtomicWrites;
  /** Where a fault plan may end this incarnation. */
  readonly point: Point<DeathPoint>;
}

const ZERO_BLOCK = new Uint8Array(BLOCK_BYTES);

/** All blocks of one device. */
export class BlockView {
  /** Whether whole blocks are written in place as long as they are not pinned. */
  readonly writesInPlace: boolean;
  readonly #device: Device;
  readonly #journal: Journal;
  readonly #tail: JournalTail;
  readonly #transfers: Transfers;
  readonly #point: Point<DeathPoint>;
  readonly #scratch: Uint8Array;

  /** Reads and writes nothing yet. */
  constructor(parts: BlockViewParts) {
    this.#device = parts.device;
    this.#journal = parts.journal;
    this.#tail = parts.journal.tail;
    this.#transfers = parts.transfers;
    this.#point = parts.point;
    this.#scratch = parts.journal.scratch;
    this.writesInPlace = parts.atomicWrites === "device";
  }

  /** Whether a run can be read from the device alone. Hot path. */
  isInPlace(first: number, count: number): boolean {
    if (this.#tail.imageCount === 0) return true;
    for (let index = 0; index < count; index++) if (this.#tail.has(first + index)) return false;
    return true;
  }

  /** Whether a run can be written to the device alone. Hot path. */
  isWritableInPlace(first: number, count: number): boolean {
    if (!this.writesInPlace) return false;
    return this.#journal.pinnedMax === 0 || this.#countPinned(first, count) === 0;
  }

  /** Reads `target.byteLength` bytes from `offset` bytes behind the block `base` on. Hot path. */
  readBytes(base: number, offset: number, target: Uint8Array): void {
    for (let at = 0, length; at < target.byteLength; at += length) {
      const within = (offset + at) % BLOCK_BYTES;
      const block = base + (offset + at - within) / BLOCK_BYTES;
      length = partLength(within, target.byteLength - at);
      const part = target.subarray(at, at + length);
      if (within === 0 && length >= BLOCK_BYTES) this.read(block, length / BLOCK_BYTES, part);
      else this.#readPart(block, within, part);
    }
  }

  /**
   * Writes `byteLength` bytes from `offset` bytes behind the block `base` on. Hot path.
   *
   * @returns Whether any of them became an image.
   */
  writeBytes(base: number, offset: number, byteLength: number, content: Content): boolean {
    let hasImages = false;
    for (let at = 0, length; at < byteLength; at += length) {
      const within = (offset + at) % BLOCK_BYTES;
      const block = base + (offset + at - within) / BLOCK_BYTES;
      length = partLength(within, byteLength - at);
      const part = content?.subarray(at, at + length);
      if (within === 0 && length >= BLOCK_BYTES) {
        if (this.#write(block, length / BLOCK_BYTES, part)) hasImages = true;
      } else {
        this.#writePart(block, within, length, part);
        hasImages = true;
      }
    }
    return hasImages;
  }

  /** Reads a run of whole blocks. Hot path. */
  read(first: number, count: number, target: Uint8Array): void {
    this.#transfers.awaitWrites(first, count);
    const images = this.#tail.imageCount;
    if (count === 1 && images > 0) {
      const image = this.#tail.find(first);
      if (image !== undefined) return target.set(image);
    }
    this.#device.read(first, count, target);
    if (count === 1 || images === 0) return;
    for (let index = 0; index < count; index++) {
      const image = this.#tail.find(first + index);
      if (image !== undefined) target.set(image, index * BLOCK_BYTES);
    }
  }

  /** Gives back those blocks of a run that are not pinned. */
  discard(first: number, count: number): void {
    this.#transfers.awaitWrites(first, count);
    for (let index = 0, length; index < count; index += length) {
      length = this.#runLength(first + index, count - index);
      if (this.#journal.isPinned(first + index)) continue;
      this.#point("trim.started");
      this.#device.discard(first + index, length);
      this.#point("trim.discarded");
    }
  }

  /** Makes durable what was written, images or not. */
  makeDurable(hasImages: boolean): void {
    if (hasImages) this.#journal.commit();
    else this.#journal.flush();
  }

  #readPart(block: number, within: number, target: Uint8Array): void {
    const whole = this.#load(block);
    target.set(whole.subarray(within, within + target.byteLength));
  }

  /** Writes a part of a block as an image of the whole block. */
  #writePart(block: number, within: number, byteLength: number, content: Content): void {
    this.#transfers.awaitWrites(block, 1);
    this.#journal.makeRoom(1); // Before the scratch is used: this may commit and so use it.
    const whole = this.#load(block);
    if (content === undefined) whole.fill(0, within, within + byteLength);
    else whole.set(content, within);
    this.#point("write.part-loaded");
    this.#tail.stageImage(block, whole, 0);
    this.#publish();
  }

  /** A block in the scratch window. */
  #load(block: number): Uint8Array {
    const whole = this.#scratch.subarray(0, BLOCK_BYTES);
    this.read(block, 1, whole);
    return whole;
  }

  /** Writes a run of whole blocks; answers whether any of them became an image. */
  #write(first: number, count: number, content: Content): boolean {
    this.#transfers.awaitWrites(first, count);
    if (!this.writesInPlace) {
      this.#writeImages(first, count, content);
      return true;
    }
    if (this.#journal.pinnedMax > 0) return this.#writeAround(first, count, content);
    this.#writeInPlace(first, count, content);
    return false;
  }

  #writeInPlace(first: number, count: number, content: Content): void {
    this.#point(content === undefined ? "zero.started" : "write.started");
    if (content === undefined) this.#device.zero(first, count);
    else this.#device.write(first, count, content);
    this.#point(content === undefined ? "zero.written" : "write.written");
  }

  /** Writes a run as images, as many in one commit as there is ever room for. */
  #writeImages(first: number, count: number, content: Content): void {
    const piece = this.#journal.imagesMax;
    for (let from = 0; from < count; from += piece) {
      const end = Math.min(count, from + piece);
      this.#journal.makeRoom(end - from);
      for (let index = from; index < end; index++) this.#stage(first + index, content, index);
      this.#publish();
    }
  }

  /**
   * Writes a run some of whose blocks may be pinned: those through the tail in one commit, the
   * others in place, neighbours in one transfer. With more pinned blocks than the tail has room
   * for, a checkpoint unpins them all first.
   */
  #writeAround(first: number, count: number, content: Content): boolean {
    const journal = this.#journal;
    let pinned = this.#countPinned(first, count);
    if (pinned > 0) {
      journal.refuseIfFailed();
      if (pinned <= journal.imagesMax) {
        journal.makeRoom(pinned); // May commit and so unpin, and pin nothing outside the tail.
        pinned = this.#countPinned(first, count);
      }
      if (pinned > journal.imagesMax) {
        journal.commit();
        journal.applyAgain();
        journal.checkpoint();
        pinned = 0;
      }
    }
    for (let index = 0, length; index < count; index += length) {
      length = this.#runLength(first + index, count - index);
      if (pinned > 0 && journal.isPinned(first + index)) continue;
      const end = (index + length) * BLOCK_BYTES;
      this.#writeInPlace(first + index, length, content?.subarray(index * BLOCK_BYTES, end));
    }
    if (pinned === 0) return false;
    for (let index = 0; index < count; index++) {
      if (journal.isPinned(first + index)) this.#stage(first + index, content, index);
    }
    this.#publish();
    return true;
  }

  #stage(block: number, content: Content, index: number): void {
    if (content === undefined) this.#tail.stageImage(block, ZERO_BLOCK, 0);
    else this.#tail.stageImage(block, content, index * BLOCK_BYTES);
  }

  #publish(): void {
    this.#point("write.images-staged");
    this.#tail.publish();
    this.#point("write.images-published");
    this.#tail.settle();
    this.#point("write.absorbed");
  }

  #countPinned(first: number, count: number): number {
    let pinned = 0;
    for (let index = 0; index < count; index++) {
      if (this.#journal.isPinned(first + index)) pinned++;
    }
    return pinned;
  }

  /** How many blocks from `first` on are alike: all pinned, or all not. */
  #runLength(first: number, countMax: number): number {
    const pinned = this.#journal.isPinned(first);
    let length = 1;
    while (length < countMax && this.#journal.isPinned(first + length) === pinned) length++;
    return length;
  }
}

/** How many of `left` bytes can be treated alike: whole blocks, or up to the end of this one. */
function partLength(within: number, left: number): number {
  if (within === 0 && left >= BLOCK_BYTES) return left - left % BLOCK_BYTES;
  return Math.min(BLOCK_BYTES - within, left);
}
