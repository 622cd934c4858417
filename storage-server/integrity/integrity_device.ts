/**
 * The integrity layer: a device over one or two others, which it does not trust.
 *
 * With tags, a read is answered only with what was written last: a block that rotted, that went to
 * a wrong place or that was never really written is told from a good one, and read from the other
 * leg and written anew, or answered with `EIO`. With two legs, one may fail or be away; when it is
 * back, it gets what it missed. What holds, besides the rules of legs and tags (`legs.ts`, `tags.ts`):
 *
 * - **D1** A region is dirty in the labels, durably, before a block of it is written (`intend`). It
 *   becomes clean only when a flush covered its blocks, and a later one its tag blocks, on every
 *   leg that gets writes.
 * - **D2** A block's tag in memory is that of the write begun last. A read that does not match is
 *   judged again when no write of its region is under way; only then is a leg called wrong.
 * - **D3** Of a region that was found dirty, only the primary leg counts until a block is settled. On
 *   a mirror a block is settled before it is read, so that what was read once cannot be lost with
 *   the primary leg; the copy is flushed at once. For the same reason a region that is
 *   being written is read from the primary leg.
 * - **D4** A write that no leg which is in has done leaves its blocks without tags and unsettled:
 *   they hold the old or the new, the same on every read. If the leg had silently lost the old one
 *   before, nobody is told any more: what it holds then passes for the old.
 *
 * A client that changes its bytes while they are written gets `EIO` when it reads the block back.
 * Without tags only errors that a leg tells are noticed, and healing trusts it not to tear a block.
 *
 * @module
 */

import { assert, ERRNO, errnoName, OsError } from "@hako/ipc";
import type { Device, Done } from "../device.ts";
import { BLOCK_BYTES } from "../protocol.ts";
import { Background } from "./background.ts";
import type { Joining } from "./joining.ts";
import type { Layer } from "./layer.ts";
import { attempt, SKIPPED } from "./legs.ts";
import { Repair } from "./repair.ts";
import { type IntegrityReport, reportOf } from "./report.ts";
import { VERDICT } from "./tags.ts";
import { Transfer } from "./transfer.ts";
import { WordView } from "./word_view.ts";

/** Most transfers under way at once. */
export const TRANSFERS_MAX = 64;

/** What an integrity layer is built from. */
export interface IntegrityParts {
  /** The layer, opened. */
  readonly layer: Layer;
  /** How it takes back a leg. */
  readonly joining: Joining;
  /** Milliseconds on any clock that does not go back. */
  readonly now: () => number;
  /** Blocks that scrubbing reads in a second; 0 for none. */
  readonly scrubBlocksPerSecond: number;
}

/** A device over one or two others. */
export class IntegrityDevice implements Device {
  /** How many blocks there are. */
  readonly blockCount: number;
  /** Whether writes are refused with `EROFS`. */
  readonly readOnly: boolean;
  readonly #layer: Layer;
  readonly #repair: Repair;
  readonly #background: Background;
  readonly #joining: Joining;
  readonly #words = new WordView();
  readonly #free: Transfer[] = [];
  readonly #ended: Transfer[] = []; // On all their legs, and not concluded.
  readonly #unverified: Transfer[] = []; // Reads.
  readonly #told: Transfer[] = []; // Concluded, to be told of by `poll`.
  #flying = 0; // Begun writes that are not concluded.

  /** Serves what was opened. */
  constructor(parts: IntegrityParts) {
    const { layer } = parts;
    this.#layer = layer;
    this.blockCount = layer.legs.shape.dataBlocks;
    this.readOnly = layer.isReadOnly;
    this.#repair = new Repair(layer);
    this.#background = new Background(layer, this.#repair, parts);
    this.#joining = parts.joining;
    for (let index = 0; index < TRANSFERS_MAX; index++) {
      this.#free.push(new Transfer((transfer) => this.#ended.push(transfer)));
    }
  }

  /** Whether every leg zeroes fast. */
  get fastZero(): boolean {
    const { legs } = this.#layer;
    return legs.devices.every((device, leg) => !legs.isTarget(leg) || device!.fastZero);
  }

  /** How many more transfers can be begun now. Hot path. */
  get room(): number {
    const { legs } = this.#layer;
    let room = this.#free.length;
    for (let leg = 0; leg < legs.count; leg++) {
      if (legs.isTarget(leg)) room = Math.min(room, legs.device(leg).room);
    }
    return room;
  }

  /** How many transfers are under way. Hot path. */
  get underWay(): number {
    return TRANSFERS_MAX - this.#free.length;
  }

  /** Reads, and answers only what was written. Hot path. */
  read(first: number, count: number, target: Uint8Array): void {
    this.#check(first, count, target);
    this.#settleFirst(first, count);
    const leg = this.#legFor(first, count);
    const device = this.#layer.legs.device(leg);
    const errno = attempt(() => device.read(first, count, target));
    throwIf(this.#verify(leg, errno, { first, count, view: target }), "read", first);
  }

  /** Writes to every leg. Hot path. */
  write(first: number, count: number, source: Uint8Array): void {
    this.#check(first, count, source);
    throwIf(this.#prepareWrite(first, count, source), "write", first);
    const { legs, point } = this.#layer;
    point("write.started");
    const errno = legs.onEach((device) => {
      device.write(first, count, source);
      point("write.leg-written");
    });
    this.#concludeWrite(first, count, errno);
    throwIf(errno, "write", first);
  }

  /** Makes every write that ended durable on every leg. */
  flush(): void {
    if (this.readOnly) return;
    const { legs } = this.#layer;
    throwIf(legs.failure || legs.flush(), "flush", 0);
  }

  /** Makes a run read as zeroes. */
  zero(first: number, count: number): void {
    this.#check(first, count, undefined);
    throwIf(this.#intend(first, count), "zero", first);
    const { legs, tags, point } = this.#layer;
    this.#tagRun(first, count, () => tags?.setZero(first, count));
    const errno = legs.onEach((device) => {
      device.zero(first, count);
      point("zero.leg-zeroed");
    });
    this.#concludeWrite(first, count, errno);
    throwIf(errno, "zero", first);
  }

  /** Lets a single leg forget a run. Two legs could forget differently: they zero it, or keep it. */
  discard(first: number, count: number): void {
    this.#check(first, count, undefined);
    const { legs, tags } = this.#layer;
    if (legs.count > 1) {
      if (this.fastZero) this.zero(first, count);
      return;
    }
    throwIf(this.#intend(first, count), "discard", first);
    this.#tagRun(first, count, () => tags?.discard(first, count));
    throwIf(legs.onEach((device) => device.discard(first, count)), "discard", first);
  }

  /** Begins to read; there must be room. Hot path. */
  beginRead(first: number, count: number, target: Uint8Array, done: Done): void {
    this.#check(first, count, target);
    const transfer = this.#take(first, count, target, done);
    transfer.isWrite = false;
    const settled = attempt(() => this.#settleFirst(first, count));
    transfer.start(1);
    const leg = this.#legFor(first, count);
    const device = this.#layer.legs.device(leg);
    const begin = (): void => device.beginRead(first, count, target, transfer.endedOn[leg]!);
    const errno = settled !== 0 ? settled : attempt(begin);
    if (errno !== 0) transfer.endedOn[leg]!(errno);
  }

  /** Begins to write; there must be room. Hot path. */
  beginWrite(first: number, count: number, source: Uint8Array, done: Done): void {
    this.#check(first, count, source);
    const { legs, point } = this.#layer;
    const transfer = this.#take(first, count, source, done);
    transfer.isWrite = true;
    const errno = this.#prepareWrite(first, count, source);
    if (errno !== 0) {
      transfer.errno = errno;
      this.#told.push(transfer);
      return;
    }
    point("write.started");
    this.#fly(first, count, 1);
    const on0 = legs.isTarget(0);
    const on1 = legs.count === 2 && legs.isTarget(1);
    transfer.start((on0 ? 1 : 0) + (on1 ? 1 : 0));
    if (on0) this.#beginOn(0, transfer);
    if (on1) this.#beginOn(1, transfer);
  }

  /** Tells of the transfers that have ended; answers how many. Hot path. */
  poll(): number {
    this.#gather();
    while (this.#unverified.length > 0) this.#concludeRead(this.#unverified.shift()!);
    const count = this.#told.length;
    for (let index = 0; index < count; index++) {
      const transfer = this.#told.shift();
      if (transfer === undefined) break; // One that was told polled, too.
      const { done, errno } = transfer;
      transfer.clear();
      this.#free.push(transfer);
      done(errno);
    }
    return count;
  }

  /** Waits until a transfer that is under way has ended, and tells of it; or until time is over. */
  wait(timeoutMs?: number): void {
    if (this.poll() > 0) return;
    this.#waitForLeg(timeoutMs);
    this.poll();
  }

  /**
   * One bounded step of background work: settling, cleaning or scrubbing.
   *
   * @returns How much was done; 0 if there is nothing to do now.
   */
  turn(): number {
    return this.#background.turn();
  }

  /** Milliseconds until `turn` may have something to do; 0 if it has, `Infinity` if never. */
  get msToTurn(): number {
    return this.#background.msToTurn;
  }

  /**
   * Takes back a leg that is out: from now on it gets every write, and in the background what it
   * missed.
   *
   * @param device The leg's device, if another than before.
   * @returns Whether it is back; if not, `report` says why.
   */
  tryLegAgain(leg: number, device?: Device): boolean {
    if (this.readOnly || this.#layer.legs.failure !== 0) return false;
    const concluded = (): number => this.#unverified.length + this.#told.length;
    for (this.#gather(); this.underWay > concluded(); this.#gather()) this.#waitForLeg(undefined);
    return this.#joining(leg, device);
  }

  /** Leaves every region clean, as far as it can; the layer may be used on. */
  halt(): void {
    if (this.readOnly) return;
    this.#drain();
    this.#background.cleanAll();
  }

  /** How the layer stands. */
  report(): IntegrityReport {
    return reportOf(this.#layer, this.#background);
  }

  #take(first: number, count: number, view: Uint8Array, done: Done): Transfer {
    const transfer = this.#free.pop();
    assert(transfer !== undefined, "a transfer is begun only when there is room");
    transfer.first = first;
    transfer.count = count;
    transfer.view = view;
    transfer.done = done;
    return transfer;
  }

  #beginOn(leg: number, transfer: Transfer): void {
    const { first, count, view } = transfer;
    const device = this.#layer.legs.device(leg);
    const errno = attempt(() => device.beginWrite(first, count, view, transfer.endedOn[leg]!));
    if (errno !== 0) transfer.endedOn[leg]!(errno);
    this.#layer.point("write.leg-written");
  }

  /** What must be durable and known before a run is written; answers 0 or an errno. Hot path. */
  #prepareWrite(first: number, count: number, source: Uint8Array): number {
    const errno = this.#intend(first, count);
    const { tags } = this.#layer;
    if (errno !== 0 || tags === undefined) return errno;
    return attempt(() =>
      this.#tagRun(first, count, () => {
        for (let index = 0; index < count; index++) {
          const at = this.#words.find(source, index);
          tags.set(first + index, this.#words.words, at);
        }
      })
    );
  }

  #intend(first: number, count: number): number {
    if (this.readOnly) return ERRNO.EROFS;
    const { legs, tally } = this.#layer;
    if (legs.failure !== 0) return legs.failure;
    if (tally.rotten.size > 0) {
      for (let block = first; block < first + count; block++) tally.rotten.delete(block);
    }
    return legs.intend(first, count);
  }

  /** Tags a run; if a tag block cannot be read, the tags of the run are as good as none. */
  #tagRun(first: number, count: number, tag: () => void): void {
    try {
      tag();
    } catch (error) {
      this.#forget(first, count);
      throw error;
    }
  }

  #forget(first: number, count: number): void {
    const { tags } = this.#layer;
    if (tags === undefined) return;
    for (let block = first; block < first + count; block++) attempt(() => tags.forget(block, 1));
  }

  /** Hot path. */
  #concludeWrite(first: number, count: number, errno: number): void {
    const { legs, regions, point } = this.#layer;
    if (errno === 0) {
      regions.settle(first, count);
    } else {
      this.#forget(first, count);
      if (legs.count > 1) regions.unsettle(first, count);
    }
    point("write.concluded");
  }

  #concludeRead(transfer: Transfer): void {
    const { errnos } = transfer;
    const leg = errnos[0] === SKIPPED ? 1 : 0;
    try {
      transfer.errno = this.#verify(leg, errnos[leg]!, transfer);
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      transfer.errno = error.errno;
    }
    this.#told.push(transfer);
  }

  /** Judges what was read, and finds what is better; answers 0 or an errno. Hot path. */
  #verify(leg: number, errno: number, run: Run): number {
    const { first, count, view } = run;
    const { regions, tags } = this.#layer;
    if (errno === 0 && tags === undefined) return 0;
    let answer = 0;
    for (let index = 0; index < count; index++) {
      const block = first + index;
      if (errno === 0 && this.#isGood(block, view, index)) continue;
      if (regions.isFlying(block, 1)) this.#drain();
      const slice = view.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
      const again = this.#repair.readAgain(block, leg, slice);
      if (again !== 0) answer = again;
    }
    return answer;
  }

  /** Hot path. */
  #isGood(block: number, target: Uint8Array, index: number): boolean {
    const { regions, tags } = this.#layer;
    if (tags === undefined || !regions.isTagTrusted(block)) return true;
    const at = this.#words.find(target, index);
    return tags.judge(block, this.#words.words, at) !== VERDICT.BAD;
  }

  /** On a mirror, settles what will be read (D3). Hot path. */
  #settleFirst(first: number, count: number): void {
    const { legs, regions } = this.#layer;
    if (regions.unsettledRegions === 0 || !legs.isMirrored || this.readOnly) return;
    if (!regions.anyUnsettled(first, count)) return;
    this.#drain();
    this.#repair.settleRun(first, count);
    throwIf(legs.failure || legs.flush(), "read", first); // Else the next power cut undoes the copy.
  }

  /**
   * The leg to read from: on a mirror in step, one region here, the next there. What is being
   * written is read from the primary leg, which alone counts if the server dies now. Hot path.
   */
  #legFor(first: number, count: number): number {
    const { legs, regions } = this.#layer;
    if (!legs.isMirrored || regions.unsettledRegions > 0) return legs.primary;
    if (this.#flying > 0 && regions.isFlying(first, count)) return legs.primary;
    return regions.of(first) & 1;
  }

  #fly(first: number, count: number, change: number): void {
    const { regions } = this.#layer;
    const last = regions.of(first + count - 1);
    for (let region = regions.of(first); region <= last; region++) {
      regions.flying[region]! += change;
    }
    this.#flying += change;
  }

  /** Concludes what has ended on the legs; tells nobody yet. */
  #gather(): void {
    const { devices } = this.#layer.legs;
    for (let leg = 0; leg < devices.length; leg++) devices[leg]?.poll();
    for (let index = 0; index < this.#ended.length; index++) {
      const transfer = this.#ended[index]!;
      if (!transfer.isWrite) {
        this.#unverified.push(transfer);
        continue;
      }
      const { first, count, errnos } = transfer;
      transfer.errno = this.#layer.legs.conclude(errnos[0]!, errnos[1]!);
      this.#fly(first, count, -1);
      this.#concludeWrite(first, count, transfer.errno);
      this.#told.push(transfer);
    }
    this.#ended.length = 0;
  }

  /** Waits until no begun write is left to conclude. */
  #drain(): void {
    for (this.#gather(); this.#flying > 0; this.#gather()) this.#waitForLeg(undefined);
  }

  #waitForLeg(timeoutMs: number | undefined): void {
    const { legs } = this.#layer;
    let chosen: Device | undefined;
    for (let leg = legs.count - 1; leg >= 0; leg--) {
      const device = legs.devices[leg];
      if (device === undefined || device.underWay === 0) continue;
      if (chosen === undefined || legs.isTarget(leg)) chosen = device;
    }
    chosen?.wait(timeoutMs);
  }

  #check(first: number, count: number, view: Uint8Array | undefined): void {
    const fits = first >= 0 && count > 0 && first <= this.blockCount &&
      count <= this.blockCount - first;
    const holds = view === undefined || view.byteLength === count * BLOCK_BYTES;
    assert(fits && holds, "a transfer lies in the device, and its view holds it exactly");
  }
}

/** A run of blocks, and the client's bytes. */
interface Run {
  readonly first: number;
  readonly count: number;
  readonly view: Uint8Array;
}

function throwIf(errno: number, what: string, first: number): void {
  if (errno === 0) return;
  const code = errno === SKIPPED ? "EIO" : errnoName(errno) ?? "EIO";
  throw new OsError(code, `${what} blocks from ${first} of the integrity layer`);
}
