/**
 * The block driver's endpoint as a {@linkcode Device}.
 *
 * @module
 */

import { assert, type Client, ERRNO, OsError, SLOT_COUNT } from "@hako/ipc";
import { type Block, DISK_FLAG } from "@hako/drivers/block";
import type { Device, Done } from "./device.ts";

/** Most transfers under way: the channel's slots, but for those that other requests need. */
export const UNDER_WAY_MAX: number = SLOT_COUNT - 2;

/**
 * How often a transfer that failed is tried in all. A disk that failed once has often not failed for
 * good, and whoever is told of a failure does more: a mirror gives up a half, a journal its volume.
 */
const TRIES = 2;

/** Puts a transfer into the channel; answers its ticket. */
type Post = () => number;

/** A transfer that was posted; `done` is `undefined` once its answer was told. */
interface Posted {
  readonly post: Post;
  readonly count: number;
  ticket: number;
  triesLeft: number;
  done: Done | undefined;
}

/**
 * A block driver behind a channel.
 *
 * Building one asks the driver for its size. That first call is also a barrier: the driver serves
 * this incarnation's channel only after it has closed that of its predecessor. So once it has
 * answered it takes no more requests of a dead one, and those that it had taken come before all that
 * overlap them, as the driver's own order says.
 *
 * A transfer that the disk fails, or does in part, is tried once more. A flush is not: after one that
 * failed nobody knows what a second one would mean.
 */
export class BlockDevice implements Device {
  /** How many blocks the driver has. */
  readonly blockCount: number;
  /** Whether the driver refuses writes. */
  readonly readOnly: boolean;
  /** Whether the driver zeroes fast. */
  readonly fastZero: boolean;
  readonly #disk: Client<Block>;
  readonly #discards: boolean;
  #posted: Posted[] = []; // Oldest first.
  #underWay = 0;

  /**
   * Asks the driver for its size.
   *
   * @param disk The driver's endpoint.
   */
  constructor(disk: Client<Block>) {
    this.#disk = disk;
    const { blockCount, flags } = disk.callSync("stat", {});
    this.blockCount = blockCount;
    this.readOnly = (flags & DISK_FLAG.READ_ONLY) !== 0;
    this.fastZero = (flags & DISK_FLAG.FAST_ZERO) !== 0;
    this.#discards = (flags & DISK_FLAG.DISCARDS) !== 0;
  }

  /** Reads straight into a window. Hot path. */
  read(first: number, count: number, target: Uint8Array): void {
    this.#awaitRoom();
    tried(() => checkWhole(this.#disk.callSync("read", { first, count, target }), count));
  }

  /** Writes straight from a window. Hot path. */
  write(first: number, count: number, source: Uint8Array): void {
    this.#awaitRoom();
    tried(() => checkWhole(this.#disk.callSync("write", { first, count, source }), count));
  }

  /** Makes every answered write durable. */
  flush(): void {
    this.#awaitRoom();
    this.#disk.callSync("flush", {});
  }

  /** Makes a run read as zeroes. */
  zero(first: number, count: number): void {
    this.#awaitRoom();
    tried(() => checkWhole(this.#disk.callSync("zero", { first, count }), count));
  }

  /** Gives a run back, if the driver has any use for that. */
  discard(first: number, count: number): void {
    if (!this.#discards) return;
    this.#awaitRoom();
    tried(() => checkWhole(this.#disk.callSync("discard", { first, count }), count));
  }

  /** How many more transfers can be begun now. Hot path. */
  get room(): number {
    return Math.min(UNDER_WAY_MAX - this.#posted.length, this.#disk.room - 1);
  }

  /** How many transfers are under way. Hot path. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Begins to read into a window. Hot path. */
  beginRead(first: number, count: number, target: Uint8Array, done: Done): void {
    assert(this.room > 0, "a transfer is begun only where there is room");
    this.#note(() => this.#disk.post("read", { first, count, target }), count, done);
  }

  /** Begins to write from a window. Hot path. */
  beginWrite(first: number, count: number, source: Uint8Array, done: Done): void {
    assert(this.room > 0, "a transfer is begun only where there is room");
    this.#note(() => this.#disk.post("write", { first, count, source }), count, done);
  }

  /**
   * Tells of the transfers that have ended: from the oldest on, since that is how most drivers
   * answer; the others are looked at only when the oldest is not among them. Hot path.
   */
  poll(): number {
    let told = 0;
    while (this.#posted.length > 0 && this.#tell(this.#posted[0]!)) {
      this.#posted.shift();
      told++;
    }
    if (told > 0 || this.#underWay < 2) return told;
    for (const posted of this.#posted.slice(1)) if (this.#tell(posted)) told++;
    return told;
  }

  /** Waits until a transfer has ended, and tells of it; or until time is over. */
  wait(timeoutMs?: number): void {
    if (this.#underWay === 0 || this.poll() > 0) return;
    try {
      this.#disk.awaitAny(timeoutMs);
    } catch (error) {
      this.#endAll(error);
    }
    this.poll();
  }

  #note(post: Post, count: number, done: Done): void {
    this.#posted.push({ post, count, ticket: post(), triesLeft: TRIES - 1, done });
    this.#underWay++;
  }

  /** Tells of a transfer if it has ended; answers whether it has, now or before. */
  #tell(posted: Posted): boolean {
    const { done } = posted;
    if (done === undefined) return true;
    let result: number | undefined;
    try {
      result = this.#disk.collect(posted.ticket);
    } catch (error) {
      this.#endAll(error);
      return true;
    }
    if (result === undefined) return false;
    const errno = result < 0 ? -result : result === posted.count ? 0 : ERRNO.EIO;
    if (errno === ERRNO.EIO && this.#isTriedAgain(posted)) return false;
    posted.done = undefined;
    this.#underWay--;
    done(errno);
    return true;
  }

  /** Nothing that overlaps it was begun meanwhile: whoever asked for it waits for it still. */
  #isTriedAgain(posted: Posted): boolean {
    if (posted.triesLeft === 0 || this.#disk.room < 1) return false;
    posted.triesLeft--;
    posted.ticket = posted.post();
    return true;
  }

  /** The driver is gone for good: whatever is under way has failed. */
  #endAll(error: unknown): void {
    if (!(error instanceof OsError)) throw error;
    const ended = this.#posted;
    this.#posted = [];
    this.#underWay = 0;
    for (const { done } of ended) done?.(ERRNO.EIO);
  }

  /** A channel is full as long as its oldest request is under way, however few others are. */
  #awaitRoom(): void {
    while (this.#underWay > 0 && this.#disk.room < 1) this.wait();
  }
}

function checkWhole(done: number, count: number): void {
  if (done !== count) throw new OsError("EIO", `transfer ${count} blocks: ${done} were`);
}

/** Does it once more if the disk fails it. */
function tried(transfer: () => void): void {
  for (let triesLeft = TRIES - 1;; triesLeft--) {
    try {
      return transfer();
    } catch (error) {
      if (!(error instanceof OsError) || error.code !== "EIO" || triesLeft === 0) throw error;
    }
  }
}
