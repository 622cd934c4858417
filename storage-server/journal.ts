/**
 * The redo journal: group commit, checkpoint, and what is pinned meanwhile.
 *
 * A transaction is acknowledged when the tail's commit word covers it. A **group commit** then
 * moves all images of the tail to disk as one record, in this order:
 *
 * ```
 * 1 room in the ring        5 superblock: replay from this record
 * 2 images into the ring    6 flush: the record is durable
 * 3 flush                   7 RING entry in the tail: head moved on, unapplied
 * 4 header into the ring    8 apply: images to their places in the volume
 *                           9 the tail restarts empty (applied)
 * ```
 *
 * What holds at every instant, whoever dies and whenever the power goes:
 *
 * - **I1** A valid header on disk has durable images: 3 comes before 4. So a torn record is one
 *   without a valid header, and a record whose images do not match is damage.
 * - **I2** Flush 3 also makes durable what was written in place before it: client data (ordered
 *   mode: a transaction never becomes durable before data acknowledged before it), and the apply of
 *   the record before. That is why 5 may let replay start at the new record.
 * - **I3** Live ring blocks, those that a replay from any superblock that may survive could read,
 *   are never written over. Live after 6 is just the new record; before 6 its predecessors too.
 * - **I4** A superblock is written only right after a flush, so the other of the two is durable.
 * - **I5** While `unapplied` holds, the tail is exactly the last record. Nothing is staged; every
 *   operation that needs the journal tries 8 and 9 again first.
 * - **I6** A block is **pinned** while an image of it is in the tail or in a live record. A plain
 *   write of a pinned block becomes an image in the tail. So no block is ever newer in place than
 *   an image that an apply or a replay may still write: nothing old is resurrected, and no revoke
 *   records are needed.
 * - **I7** A successor that finds a valid header at the head of the ring completes that group commit: the tail
 *   has not changed since its predecessor died inside it, because handlers run to completion. A
 *   successor that finds none starts over from 1 some time; nothing of the attempt counts.
 *
 * - **I8** No block is pinned while a write of it is under way: whoever stages an image waits first
 *   for the writes that overlap it (`transfers.ts`), and a write of a pinned block becomes an image.
 *   So I6 holds with writes under way, too: what is under way is neither newer than an image nor
 *   lands after its apply. Flush 3 covers the writes that have been answered, which is all that I2
 *   asks: one under way is concurrent with the transactions of this record, whichever comes first.
 *
 * - **I9** Blocks are unpinned for another reason than a next record only when both superblocks start
 *   behind their record. So whichever superblock is lost, of the records behind the other all but the
 *   last are durable in place (I2), and the last one is not over: it alone is replayed then.
 *
 * A flush that failed, or a write between 4 and 6 that failed, leaves the disk in an unknown state:
 * the volume takes no more writes, and the tail remembers that across incarnations.
 *
 * @module
 */

import { assert, ERRNO, OsError } from "@hako/ipc";
import type { DeathPoint } from "./death_points.ts";
import { deviceErrno, type Point } from "./device.ts";
import type { JournalTail } from "./journal_tail.ts";
import { headerBlocksOf, imagesMaxOf, recordBlocksOf } from "./layouts/record.ts";
import { SUPERBLOCKS } from "./layouts/superblock.ts";
import type { Ring } from "./ring.ts";

/** What a journal works with. */
export interface JournalParts {
  /** The ring on the device. */
  readonly ring: Ring;
  /** The tail in its keep, opened. */
  readonly tail: JournalTail;
  /** This incarnation's number, for the record. */
  readonly epoch: number;
  /** Where a fault plan may end this incarnation. */
  readonly point: Point<DeathPoint>;
}

/** The journal of one device. */
export class Journal {
  /** Most images of one record, and so of the tail. */
  readonly imagesMax: number;
  readonly #ring: Ring;
  readonly #tail: JournalTail;
  readonly #epoch: number;
  readonly #point: Point<DeathPoint>;
  #recorded = new Set<number>(); // Blocks of live records.

  /**
   * Goes on where the tail stands.
   *
   * @param parts What it works with.
   * @param recorded The blocks of the live records.
   */
  constructor(parts: JournalParts, recorded: Iterable<number>) {
    this.#ring = parts.ring;
    this.#tail = parts.tail;
    this.#epoch = parts.epoch;
    this.#point = parts.point;
    this.imagesMax = Math.min(imagesMaxOf(parts.ring.superblock.ringLength), parts.tail.slotCount);
    for (const block of recorded) this.#recorded.add(block);
  }

  /**
   * A window that the journal uses within its own operations, for whoever reads through it between
   * them.
   */
  get scratch(): Uint8Array {
    return this.#ring.body;
  }

  /** The tail. */
  get tail(): JournalTail {
    return this.#tail;
  }

  /** How many of the blocks of any run can be pinned at most. Hot path. */
  get pinnedMax(): number {
    return this.#tail.imageCount + this.#recorded.size;
  }

  /** Whether a plain write of this block must go through the tail. Hot path. */
  isPinned(block: number): boolean {
    return this.#tail.has(block) || this.#recorded.has(block);
  }

  /**
   * Makes room in the tail for a transaction of `images` images.
   *
   * @throws {OsError} `ENOSPC` if it can never have room; else what the device said.
   */
  makeRoom(images: number): void {
    this.refuseIfFailed();
    this.applyAgain();
    if (this.#hasRoom(images)) return;
    if (!this.#tail.hasEntries(images + 1)) this.#compact();
    if (this.#hasRoom(images)) return;
    this.commit();
    this.applyAgain();
    if (!this.#hasRoom(images)) {
      throw new OsError("ENOSPC", `put ${images} blocks into a journal of ${this.imagesMax}`);
    }
  }

  /** Throws `EROFS` when a failed flush or damage has ended all writing. */
  refuseIfFailed(): void {
    if (this.#tail.failure === 0) return;
    throw new OsError("EROFS", "write to a volume whose journal has failed");
  }

  /**
   * Makes everything acknowledged durable: a group commit if the tail has images, else one flush.
   *
   * @throws {OsError} What the device said. Failing to apply is no failure to commit.
   */
  commit(): void {
    const tail = this.#tail;
    const point = this.#point;
    point("commit.started");
    if (tail.ring.unapplied || tail.imageCount === 0) return this.flush();
    if (!tail.hasEntries(0)) this.#compact();
    const blocks = tail.blocks();
    const tags = tail.lastTransactions();
    const length = recordBlocksOf(blocks.length, tags.length);
    if (length > this.#ring.superblock.ringLength - tail.ring.liveBlocks) this.checkpoint();
    point("commit.room-made");
    const place = tail.ring;
    const start = this.#ring.after(place.position, headerBlocksOf(blocks.length, tags.length));
    const checksums = this.#ring.writeImages(start, blocks, tail);
    point("commit.images-written");
    this.#flush();
    point("commit.images-flushed");
    const content = { epoch: this.#epoch, blocks, checksums, tags };
    const chain = this.#orFail(() => {
      const checksum = this.#ring.writeHeader(place, content);
      point("commit.header-written");
      this.#ring.writeSuperblock(place);
      point("commit.superblock-written");
      this.#ring.device.flush();
      return checksum;
    });
    point("commit.header-flushed");
    tail.stageRing({
      sequence: place.sequence + 1,
      position: this.#ring.after(place.position, length),
      chain,
      liveBlocks: length,
      unapplied: true,
    });
    tail.publish();
    this.#recorded = new Set(blocks);
    point("commit.published");
    this.#apply(blocks);
  }

  /**
   * Makes durable what was written in place.
   *
   * @throws {OsError} What the device said; then this volume writes no more.
   */
  flush(): void {
    this.#point("flush.started");
    this.#flush();
    this.#point("flush.flushed");
  }

  /**
   * Applies the last record if that is still to be done.
   *
   * @throws {OsError} What the device said; everything stays as it was.
   */
  applyAgain(): void {
    if (!this.#tail.ring.unapplied) return;
    this.#applyOrThrow(this.#tail.blocks());
  }

  /**
   * Empties the ring: replay starts at its head, and no record is live.
   *
   * @throws {OsError} What the device said.
   */
  checkpoint(): void {
    const tail = this.#tail;
    assert(!tail.ring.unapplied, "a record stays live until it is applied");
    this.#point("checkpoint.started");
    this.#flush();
    this.#point("checkpoint.flushed");
    for (let written = 0; written < SUPERBLOCKS; written++) { // I9.
      this.#orFail(() => {
        this.#ring.writeSuperblock(tail.ring);
        this.#point("checkpoint.superblock-written");
        this.#ring.device.flush();
      });
      this.#point("checkpoint.superblock-flushed");
    }
    tail.stageRing({ ...tail.ring, liveBlocks: 0 });
    tail.publish();
    this.#recorded.clear();
    this.#point("checkpoint.published");
  }

  /**
   * Leaves nothing to replay, in either superblock, so that other tools may change the image.
   *
   * @throws {OsError} What the device said.
   */
  halt(): void {
    this.refuseIfFailed();
    this.#point("halt.started");
    this.commit();
    this.applyAgain();
    if (!this.#tail.hasEntries(0)) this.#compact();
    this.checkpoint();
    this.#point("halt.superblock-written");
  }

  #compact(): void {
    this.#tail.compact();
    this.#point("tail.compacted");
  }

  #hasRoom(images: number): boolean {
    return this.#tail.hasRoom(images) && this.#tail.imageCount + images <= this.imagesMax;
  }

  /** Applies what is durable already; failing to only keeps the tail from shrinking. */
  #apply(blocks: Float64Array): void {
    try {
      this.#applyOrThrow(blocks);
    } catch (error) {
      deviceErrno(error); // Told when the room is wanted: `applyAgain` tries once more.
    }
  }

  #applyOrThrow(blocks: Float64Array): void {
    this.#point("apply.started");
    this.#ring.apply(blocks, this.#tail, () => this.#point("apply.run-written"));
    this.#point("apply.written");
    this.#tail.restart();
    this.#point("apply.tail-restarted");
  }

  #flush(): void {
    this.#orFail(() => this.#ring.device.flush());
  }

  /** Does what must not fail half-way: if it fails, this volume writes no more. */
  #orFail<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      if (error instanceof OsError) this.#tail.fail(ERRNO.EIO);
      throw error;
    }
  }
}
