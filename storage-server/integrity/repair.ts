/**
 * Finding the good copy of a block, writing it where it is missing, and settling blocks in doubt.
 *
 * All copies pass through a window of our own: the reader's window could be changed between the
 * check and the write. Nothing here may run while a begun write of the same region is not
 * concluded, since its failure on one leg is not known yet.
 *
 * @module
 */

import { assert, ERRNO } from "@hako/ipc";
import { BLOCK_WORDS } from "../layouts/superblock.ts";
import { BLOCK_BYTES } from "../protocol.ts";
import { type Layer, ROTTEN_MAX } from "./layer.ts";
import { LEG_STATE } from "./layouts/label.ts";
import { attempt, SKIPPED } from "./legs.ts";
import { hasBit } from "./regions.ts";
import { VERDICT, type Verdict } from "./tags.ts";

/** The repairs of one layer. */
export class Repair {
  /** Most blocks that are settled at once. */
  readonly runMax: number;
  readonly #layer: Layer;
  readonly #alone: Uint8Array;

  /** Does nothing yet. */
  constructor(layer: Layer) {
    this.#layer = layer;
    this.runMax = layer.body.byteLength / BLOCK_BYTES;
    this.#alone = layer.body.subarray(0, BLOCK_BYTES);
  }

  /**
   * Reads one block from whichever leg has it right, and writes it anew on those that have not.
   *
   * @param leg The leg that seemed to have it wrong. It is asked first.
   * @returns 0, or `EIO` if no leg has it.
   */
  readAgain(block: number, leg: number, target: Uint8Array): number {
    const errno = this.#find(block, leg);
    if (errno === 0) target.set(this.#alone);
    return errno;
  }

  /** Reads one block from every leg that is in, and writes it anew on those that have it wrong. */
  healAll(block: number): void {
    const { legs, point } = this.#layer;
    const isKnown = this.#isKnown(block);
    const errnos = [SKIPPED, SKIPPED];
    for (let leg = 0; leg < legs.count; leg++) {
      if (legs.states[leg] === LEG_STATE.IN) errnos[leg] = this.#readFrom(leg, block, isKnown);
    }
    point("heal.read");
    const good = errnos.indexOf(0);
    if (good < 0) this.#setRotten(block);
    else if (this.#readFrom(good, block, isKnown) === 0) this.#heal(block, errnos);
  }

  /** Settles what is unsettled in a run, as far as it can be. */
  settleRun(first: number, count: number): void {
    const { regions } = this.#layer;
    assert(!regions.isFlying(first, count), "no write of a block that is settled is under way");
    for (let done = 0; done < count; done += this.runMax) {
      const some = Math.min(this.runMax, count - done);
      if (regions.anyUnsettled(first + done, some)) this.#settle(first + done, some);
    }
  }

  /** Puts the good content of a block into the window, and heals; answers 0 or `EIO`. */
  #find(block: number, first: number): number {
    const { legs, tally, point } = this.#layer;
    const isKnown = this.#isKnown(block);
    const errnos = [SKIPPED, SKIPPED];
    let isFound = false;
    for (let turn = 0; turn < legs.count && !isFound; turn++) {
      const leg = first ^ turn;
      const state = legs.states[leg];
      if (state !== LEG_STATE.IN && !(isKnown && state === LEG_STATE.SYNCING)) continue;
      errnos[leg] = this.#readFrom(leg, block, isKnown);
      isFound = errnos[leg] === 0;
    }
    point("heal.read");
    if (!isFound) return this.#setRotten(block);
    tally.rotten.delete(block);
    this.#heal(block, errnos);
    return 0;
  }

  #isKnown(block: number): boolean {
    const { regions, tags } = this.#layer;
    return tags !== undefined && regions.isTagTrusted(block) && tags.isKnown(block);
  }

  /** Reads one block into the window, and judges it if it has a tag; answers 0 or an errno. */
  #readFrom(leg: number, block: number, isKnown: boolean): number {
    const { legs, tags, bodyWords } = this.#layer;
    const device = legs.device(leg);
    const errno = attempt(() => device.read(block, 1, this.#alone));
    if (errno !== 0 || !isKnown) return errno;
    return tags!.judge(block, bodyWords, 0) === VERDICT.GOOD ? 0 : ERRNO.EIO;
  }

  #setRotten(block: number): number {
    const { rotten } = this.#layer.tally;
    if (rotten.size < ROTTEN_MAX) rotten.add(block);
    return ERRNO.EIO;
  }

  /** Writes the window's block to the legs that did not have it. */
  #heal(block: number, errnos: number[]): void {
    const { legs, tally, point, isReadOnly } = this.#layer;
    if (isReadOnly) return;
    for (let leg = 0; leg < legs.count; leg++) {
      if (errnos[leg]! <= 0 || !legs.isTarget(leg)) continue;
      const device = legs.device(leg);
      const errno = attempt(() => device.write(block, 1, this.#alone));
      point("heal.written");
      if (errno === 0) tally.healed++;
      else this.#concludeOn(leg, errno);
    }
  }

  #settle(first: number, count: number): void {
    const { legs, regions, body, point } = this.#layer;
    const bytes = body.subarray(0, count * BLOCK_BYTES);
    const source = legs.primary; // It may be out when the tags have been read.
    const isRead = attempt(() => legs.device(source).read(first, count, bytes)) === 0;
    point("settle.read");
    const alone: number[] = [];
    for (let index = 0, run = 0; index <= count; index++) {
      const block = first + index;
      const isDoubted = index < count && regions.isUnsettled(block);
      const isCopied = isDoubted && isRead && this.#mayCopy(block, index);
      if (isDoubted && !isCopied) alone.push(block);
      if (isCopied) continue;
      if (index > run) this.#copy(source, first + run, index - run, run);
      run = index + 1;
    }
    for (const block of alone) this.#settleAlone(block);
    point("settle.settled");
  }

  /** Whether what was read may count; a block that has no tag is given one. */
  #mayCopy(block: number, index: number): boolean {
    const verdict = this.#judge(block, index);
    if (verdict === VERDICT.UNKNOWN) this.#adopt(block, index);
    return verdict !== VERDICT.BAD;
  }

  #judge(block: number, index: number): Verdict {
    const { regions, tags, bodyWords } = this.#layer;
    if (tags === undefined || !regions.isTagTrusted(block)) return VERDICT.UNKNOWN;
    return tags.judge(block, bodyWords, index * BLOCK_WORDS);
  }

  #adopt(block: number, index: number): void {
    const { regions, tags, bodyWords, tally } = this.#layer;
    if (tags === undefined || !hasBit(regions.dirty, regions.of(block))) return;
    tags.set(block, bodyWords, index * BLOCK_WORDS);
    tally.adopted++;
  }

  /** Copies blocks that were read from one leg to the other, and settles them. */
  #copy(source: number, first: number, count: number, index: number): void {
    const { legs, regions, body, tally, point } = this.#layer;
    const other = source ^ 1;
    if (other < legs.count && legs.isTarget(other)) {
      const bytes = body.subarray(index * BLOCK_BYTES, (index + count) * BLOCK_BYTES);
      const device = legs.device(other);
      const isSparse = device.fastZero && isZero(this.#layer.bodyWords, index, count);
      const errno = attempt(() =>
        isSparse ? device.zero(first, count) : device.write(first, count, bytes)
      );
      point("settle.copied");
      if (errno === 0) tally.copied += count;
      else if (this.#concludeOn(other, errno) !== 0) return this.#disown(first, count);
    }
    regions.settle(first, count);
  }

  /** The leg that blocks were read from is out, and the last one did not take them. */
  #disown(first: number, count: number): void {
    const { regions, tags } = this.#layer;
    for (let block = first; block < first + count; block++) {
      if (!regions.isTagTrusted(block)) attempt(() => tags?.forget(block, 1));
    }
  }

  /** Settles a block that the primary leg cannot give. */
  #settleAlone(block: number): void {
    const { legs, regions, tally } = this.#layer;
    const isKnown = this.#isKnown(block);
    if (this.#find(block, legs.primary) === 0) {
      const errno = legs.onEach((device) => device.write(block, 1, this.#alone));
      if (errno !== 0) return;
      tally.copied++;
      if (!isKnown) this.#adopt(block, 0);
    } else if (!isKnown) {
      return;
    }
    regions.settle(block, 1); // If no leg has it, its tag says so for all of them.
  }

  /** Answers 0, or an errno if no leg is left that has done it. */
  #concludeOn(leg: number, errno: number): number {
    return this.#layer.legs.conclude(leg === 0 ? errno : 0, leg === 1 ? errno : 0);
  }
}

function isZero(words: Uint32Array, index: number, count: number): boolean {
  const end = (index + count) * BLOCK_WORDS;
  for (let at = index * BLOCK_WORDS; at < end; at++) if (words[at] !== 0) return false;
  return true;
}
