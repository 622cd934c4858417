/**
 * The volume as its clients see it: the handlers of the `Volume` protocol over a journal.
 *
 * Reads and writes of blocks that the journal does not hold go straight between the client's window
 * and the device, with no copy. A transaction is checked, copied into the journal's tail, and true
 * with one store; it touches the device only when the tail is full.
 *
 * @module
 */

import { assert, ERRNO, type Reply, type Request, type RequestName } from "@hako/ipc";
import type { DeathPoint } from "./death_points.ts";
import { type Device, deviceErrno, type Point } from "./device.ts";
import type { Journal } from "./journal.ts";
import type { JournalTail } from "./journal_tail.ts";
import type { OpenedJournal } from "./recover.ts";
import {
  BLOCK_BYTES,
  type operations,
  TRANSACTION_BLOCKS_MAX,
  TRANSACTION_ENTRY_BYTES,
} from "./protocol.ts";
import { readU64 } from "./layouts/u64.ts";

const ENTRY_WORDS = TRANSACTION_ENTRY_BYTES / 4;

/** A request to read a run of blocks, into a window of exactly `count` blocks. */
export type ReadRequest = Request<(typeof operations)["read"]>;

/** A request to write a run of blocks, from a window of exactly `count` blocks. */
export type WriteRequest = Request<(typeof operations)["write"]>;

/** A request to write scattered blocks, all or nothing. The tag is for `lastTag` alone. */
export type TransactRequest = Request<(typeof operations)["transact"]>;

/** What `lastTag` tells; `known` is 1 if there is a tag, else 0. */
export type LastTagReply = Reply<(typeof operations)["lastTag"]>;

/** A volume that is open. Every operation runs to completion and answers a count or `-errno`. */
export class StoredVolume {
  readonly #device: Device;
  readonly #journal: Journal;
  readonly #tail: JournalTail;
  readonly #blockCount: number;
  readonly #point: Point<DeathPoint>;
  readonly #table = new Uint32Array(TRANSACTION_BLOCKS_MAX * ENTRY_WORDS); // Copied, then checked.
  readonly #tableBytes = new Uint8Array(this.#table.buffer);
  readonly #blocks = new Float64Array(TRANSACTION_BLOCKS_MAX);
  readonly #seen = new Set<number>();

  /**
   * Serves what was opened.
   *
   * @param opened The volume's journal, recovered.
   * @param point Where a fault plan may end this incarnation.
   */
  constructor(opened: OpenedJournal, point: Point<DeathPoint>) {
    this.#device = opened.device;
    this.#journal = opened.journal;
    this.#tail = opened.journal.tail;
    this.#blockCount = opened.blockCount;
    this.#point = point;
  }

  /** How large the volume is. */
  stat(): { blockCount: number } {
    return { blockCount: this.#blockCount };
  }

  /** Reads a run, the journal's images laid over what is in place. Hot path. */
  read(request: ReadRequest): number {
    const { first, count, target } = request;
    if (!this.#exists(first, count) || target.byteLength !== count * BLOCK_BYTES) {
      return -ERRNO.EINVAL;
    }
    if (count === 0) return 0;
    const images = this.#tail.imageCount;
    if (count === 1 && images > 0) {
      const image = this.#tail.find(first);
      if (image !== undefined) {
        target.set(image);
        return 1;
      }
    }
    try {
      this.#device.read(first, count, target);
    } catch (error) {
      deviceErrno(error);
      return -ERRNO.EIO;
    }
    if (count > 1 && images > 0) this.#overlay(first, count, target);
    return count;
  }

  /** Writes a run: in place, but for pinned blocks, which become images in the tail. Hot path. */
  write(request: WriteRequest): number {
    const { first, count, source } = request;
    if (!this.#exists(first, count) || source.byteLength !== count * BLOCK_BYTES) {
      return -ERRNO.EINVAL;
    }
    if (this.#tail.failure !== 0) return -ERRNO.EROFS;
    if (count === 0) return 0;
    try {
      this.#point("write.started");
      if (this.#journal.pinnedMax === 0) {
        this.#device.write(first, count, source);
      } else {
        this.#writeAround(first, count, source);
      }
      this.#point("write.written");
      return count;
    } catch (error) {
      return -ERRNO[deviceErrno(error)];
    }
  }

  /** Makes everything acknowledged durable. */
  flush(): number {
    const { failure } = this.#tail;
    if (failure === ERRNO.EROFS) return 0; // A read-only device: nothing was ever acknowledged.
    if (failure !== 0) return failure === ERRNO.EIO ? -ERRNO.EIO : -ERRNO.EROFS;
    try {
      this.#journal.commit();
      return 0;
    } catch (error) {
      return -ERRNO[deviceErrno(error)];
    }
  }

  /**
   * Writes scattered blocks, all or nothing, exactly once. Hot path.
   *
   * A request that was in flight when a server died is given again, known by its client's badge and
   * its sequence. The last one of each client is enough: requests run to completion one at a time,
   * so only the newest commit of all can have gone unanswered. Tags do not serve for that: a client
   * may do several transactions for one request of its own.
   */
  transact(request: TransactRequest, context: RequestName): number {
    const { count, tagBadge, tagSequence, result, images } = request;
    const { badge, sequence } = context;
    // A dead predecessor did this very request, and only the answer is missing.
    if (this.#tail.last(badge)?.sequence === sequence) return count;
    if (!this.#readTable(request)) return -ERRNO.EINVAL;
    try {
      this.#journal.makeRoom(count);
    } catch (error) {
      return -ERRNO[deviceErrno(error)];
    }
    this.#point("transact.checked");
    for (let index = 0; index < count; index++) {
      const offset = readU64(this.#table, index * ENTRY_WORDS + 2);
      this.#tail.stageImage(this.#blocks[index]!, images, offset);
      this.#point("transact.image-copied");
    }
    this.#tail.stageLast({ badge, sequence, tagBadge, tagSequence, result });
    this.#point("transact.staged");
    this.#tail.publish();
    this.#point("transact.published");
    this.#tail.settle();
    this.#point("transact.settled");
    return count;
  }

  /** The tag and result of this client's last transaction. */
  lastTag(badge: number): LastTagReply {
    const last = this.#tail.last(badge);
    if (last === undefined) return { known: 0, tagBadge: 0, tagSequence: 0, result: 0 };
    const { tagBadge, tagSequence, result } = last;
    return { known: 1, tagBadge, tagSequence, result };
  }

  /**
   * Leaves an image with nothing to replay.
   *
   * @throws {OsError} What the device said; the image is recovered at the next boot instead.
   */
  halt(): void {
    this.#journal.halt();
  }

  #exists(first: number, count: number): boolean {
    return first <= this.#blockCount && count <= this.#blockCount - first;
  }

  #overlay(first: number, count: number, target: Uint8Array): void {
    for (let index = 0; index < count; index++) {
      const image = this.#tail.find(first + index);
      if (image !== undefined) target.set(image, index * BLOCK_BYTES);
    }
  }

  /**
   * Writes a run some of whose blocks may be pinned: those through the tail in one commit, the
   * others in place, neighbours in one transfer. With more pinned blocks than the tail has room
   * for, a checkpoint unpins them all first.
   */
  #writeAround(first: number, count: number, source: Uint8Array): void {
    const journal = this.#journal;
    let pinned = this.#countPinned(first, count);
    if (pinned > 0) {
      this.#journal.refuseIfFailed();
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
      this.#device.write(first + index, length, source.subarray(index * BLOCK_BYTES, end));
    }
    if (pinned === 0) return;
    for (let index = 0; index < count; index++) {
      if (!journal.isPinned(first + index)) continue;
      this.#tail.stageImage(first + index, source, index * BLOCK_BYTES);
    }
    this.#tail.publish();
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

  /** Copies the table once and checks the copy, which alone is used from here on. */
  #readTable(request: TransactRequest): boolean {
    const { count, table, images } = request;
    if (count > TRANSACTION_BLOCKS_MAX) return false;
    if (table.byteLength !== count * TRANSACTION_ENTRY_BYTES) return false;
    this.#tableBytes.set(table);
    this.#seen.clear();
    for (let index = 0; index < count; index++) {
      const block = readU64(this.#table, index * ENTRY_WORDS);
      const offset = readU64(this.#table, index * ENTRY_WORDS + 2);
      if (block < 0 || block >= this.#blockCount || offset < 0) return false;
      if (offset > images.byteLength || images.byteLength - offset < BLOCK_BYTES) return false;
      this.#blocks[index] = block;
      this.#seen.add(block);
    }
    assert(this.#seen.size <= count, "a table has no more blocks than entries");
    return this.#seen.size === count;
  }
}
