/**
 * The work that nobody waits for: settling what is in doubt, cleaning regions, and scrubbing.
 *
 * Cleaning takes regions that were not written since it last passed by:
 *
 * ```
 * 1 flush: their blocks are durable      3 flush: their tags are durable
 * 2 write their tag blocks               4 labels without them, flushed
 * ```
 *
 * Before 4 they are dirty in every label, and a successor does not trust the tags; after it, tags
 * and blocks agree on every leg that gets writes. In the same step a leg that is syncing is let in
 * when it misses nothing any more.
 *
 * @module
 */

import { BLOCK_WORDS } from "../layouts/superblock.ts";
import { OsError } from "@hako/ipc";
import { BLOCK_BYTES } from "../protocol.ts";
import type { Layer } from "./layer.ts";
import { LEG_STATE } from "./layouts/label.ts";
import { attempt } from "./legs.ts";
import { clearBit, hasBit } from "./regions.ts";
import type { Repair } from "./repair.ts";
import { VERDICT } from "./tags.ts";

/** How fast the background work goes. */
export interface Pace {
  /** Milliseconds on any clock that does not go back. */
  readonly now: () => number;
  /** Blocks that scrubbing reads in a second; 0 for none. */
  readonly scrubBlocksPerSecond: number;
}

/** Milliseconds between two rounds of cleaning. */
export const CLEAN_MS = 1000;

/** Milliseconds after which blocks that no leg could give are tried again. */
const TRY_MS = 60_000;

/** Most regions that are cleaned in one step. */
const CLEAN_REGIONS_MAX = 64;

/** The background work of one layer. */
export class Background {
  /** How often scrubbing has been through. */
  scrubPasses = 0;
  /** Where scrubbing goes on. */
  scrubNext = 0;
  readonly #layer: Layer;
  readonly #repair: Repair;
  readonly #pace: Pace;
  readonly #runMax: number;
  #settleRegion = -1;
  #settleNext = 0;
  #settleLeft = 0;
  #triedAt: number;
  #cleanedAt: number;
  #scrubbedAt: number;

  /** Does nothing yet. */
  constructor(layer: Layer, repair: Repair, pace: Pace) {
    this.#layer = layer;
    this.#repair = repair;
    this.#pace = pace;
    this.#runMax = Math.max(1, Math.floor(repair.runMax / layer.legs.count));
    this.#cleanedAt = pace.now();
    this.#triedAt = pace.now();
    this.#scrubbedAt = pace.now();
  }

  /** Milliseconds until `turn` may have something to do. */
  get msToTurn(): number {
    const { legs, regions, isReadOnly } = this.#layer;
    if (isReadOnly || legs.failure !== 0) return Infinity;
    if (regions.nextToSettle() >= 0 || this.#mayLetIn()) return 0;
    const now = this.#pace.now();
    const clean = this.#isAnyDirty() ? this.#cleanedAt + CLEAN_MS - now : Infinity;
    const rate = this.#pace.scrubBlocksPerSecond;
    const scrub = rate > 0 ? this.#scrubbedAt + 1000 * this.#runMax / rate - now : Infinity;
    return Math.max(0, Math.min(clean, scrub));
  }

  /** One bounded step; answers how much was done. A leg that fails is dealt with, not thrown. */
  turn(): number {
    const { legs, regions, isReadOnly } = this.#layer;
    if (isReadOnly || legs.failure !== 0) return 0;
    try {
      const now = this.#pace.now();
      if (now - this.#cleanedAt >= CLEAN_MS || this.#mayLetIn()) {
        const cleaned = this.#clean({ isAll: false });
        if (cleaned < CLEAN_REGIONS_MAX) this.#cleanedAt = now;
        if (cleaned > 0) return cleaned;
      }
      if (now - this.#triedAt >= TRY_MS) {
        this.#triedAt = now;
        regions.unstick();
      }
      return this.#settle() || this.#scrub(now);
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      return 0; // A tag block that cannot be read; the request that needs it is told.
    }
  }

  /** Cleans every region that can be. */
  cleanAll(): void {
    attempt(() => {
      while (this.#clean({ isAll: true }) > 0);
    });
  }

  #settle(): number {
    const { regions } = this.#layer;
    if (!regions.hasUnsettled(this.#settleRegion)) {
      this.#settleRegion = regions.nextToSettle();
      this.#settleNext = 0;
      this.#settleLeft = regions.unsettledIn(this.#settleRegion);
    }
    const region = this.#settleRegion;
    if (region < 0 || regions.flying[region]! > 0) return 0;
    const first = regions.firstOf(region) + this.#settleNext;
    const left = regions.blocksOf(region) - this.#settleNext;
    const count = Math.min(left, this.#repair.runMax);
    this.#settleNext += count;
    const isLast = count === left;
    if (isLast) this.#settleRegion = -1;
    this.#repair.settleRun(first, count);
    const leftNow = regions.unsettledIn(region);
    if (isLast && leftNow > 0 && leftNow >= this.#settleLeft) regions.setStuck(region);
    return count;
  }

  #clean({ isAll }: { isAll: boolean }): number {
    const { legs, regions, tags, point } = this.#layer;
    const chosen = this.#choose(isAll);
    const isLettingIn = this.#mayLetIn(); // It may have missed nothing at all.
    if (chosen.length === 0 && !isLettingIn) return 0;
    if (legs.flush() !== 0) return 0;
    point("clean.flushed");
    for (const region of chosen) if (this.#writeTags(region) !== 0) return 0;
    point("clean.tags-written");
    if (tags !== undefined && legs.flush() !== 0) return 0;
    point("clean.tags-flushed");
    const { syncing } = legs;
    for (const region of chosen) {
      clearBit(regions.dirty, region);
      if (syncing >= 0) clearBit(regions.missed, region);
    }
    if (syncing >= 0) {
      legs.setSyncedUpToNow();
      // With writes under way it may not become the primary leg, which reads saw them on.
      const isBehind = regions.isAnyMissed || regions.unsettledRegions > 0 || regions.isAnyFlying;
      if (!isBehind) legs.states[syncing] = LEG_STATE.IN;
    }
    if (legs.writeLabels() !== 0) return 0;
    point("clean.labelled");
    return Math.max(1, chosen.length);
  }

  /** Writes the tag blocks of a region to every leg that shall have them; answers 0 or an errno. */
  #writeTags(region: number): number {
    const { legs, regions, tags } = this.#layer;
    if (tags === undefined) return 0;
    const errno = tags.writeRegion(region);
    const { syncing } = legs;
    if (errno !== 0 || syncing < 0 || !hasBit(regions.missed, region)) return errno;
    const copied = tags.copyRegion(region, syncing);
    return copied === 0 ? 0 : legs.conclude(syncing === 0 ? copied : 0, syncing === 1 ? copied : 0);
  }

  #choose(isAll: boolean): number[] {
    const { legs, regions } = this.#layer;
    const chosen: number[] = [];
    const isSyncing = legs.syncing >= 0;
    for (let region = 0; region < regions.count && chosen.length < CLEAN_REGIONS_MAX; region++) {
      const isMissed = isSyncing && hasBit(regions.missed, region);
      if (!isMissed && !hasBit(regions.dirty, region)) continue;
      const isQuiet = isAll || isMissed || regions.written[region] === 0;
      regions.written[region] = 0;
      if (isQuiet && regions.flying[region] === 0 && !regions.hasUnsettled(region)) {
        chosen.push(region);
      }
    }
    return chosen;
  }

  /** Whether a leg that is syncing misses nothing that is not settled. */
  #mayLetIn(): boolean {
    const { legs, regions } = this.#layer;
    return legs.syncing >= 0 && regions.unsettledRegions === 0 &&
      !regions.isAnyFlying;
  }

  #isAnyDirty(): boolean {
    return this.#layer.regions.dirty.some((word) => word !== 0);
  }

  #scrub(now: number): number {
    const rate = this.#pace.scrubBlocksPerSecond;
    const { regions, legs } = this.#layer;
    if (rate === 0 || now - this.#scrubbedAt < 1000 * this.#runMax / rate) return 0;
    this.#scrubbedAt = now;
    const first = this.scrubNext;
    const region = regions.of(first);
    const end = regions.firstOf(region) + regions.blocksOf(region);
    const count = Math.min(this.#runMax, end - first);
    if (regions.flying[region] === 0 && !regions.hasUnsettled(region)) this.#check(first, count);
    this.scrubNext = first + count;
    if (this.scrubNext === legs.shape.dataBlocks) {
      this.scrubNext = 0;
      this.scrubPasses++;
    }
    return count;
  }

  /** Repairs what is not right in a run; then gives tags, which makes its region dirty. */
  #check(first: number, count: number): void {
    let bad = this.#readRun(first, count);
    if (bad.size > 0) {
      for (const index of bad) this.#repair.healAll(first + index);
      bad = this.#readRun(first, count);
    }
    this.#compare(first, count, bad);
  }

  /** Reads a run from every leg that is in; answers which of its blocks are not right. */
  #readRun(first: number, count: number): ReadonlySet<number> {
    const { legs, body, point } = this.#layer;
    const bad = new Set<number>();
    for (let leg = 0; leg < legs.count; leg++) {
      if (legs.states[leg] !== LEG_STATE.IN) continue;
      const half = leg * this.#runMax * BLOCK_BYTES;
      const device = legs.device(leg);
      const bytes = body.subarray(half, half + count * BLOCK_BYTES);
      const isRead = attempt(() => device.read(first, count, bytes)) === 0;
      for (let index = 0; index < count; index++) {
        if (!isRead || this.#isBad(first + index, leg * this.#runMax + index)) bad.add(index);
      }
    }
    point("scrub.read");
    return bad;
  }

  #isBad(block: number, at: number): boolean {
    const { tags, bodyWords } = this.#layer;
    return tags !== undefined && tags.judge(block, bodyWords, at * BLOCK_WORDS) === VERDICT.BAD;
  }

  /** Gives tags to blocks that have none, after making two legs hold the same. */
  #compare(first: number, count: number, skip: ReadonlySet<number>): void {
    const { legs, regions, tags, tally, bodyWords, body } = this.#layer;
    for (let index = 0; index < count; index++) {
      const block = first + index;
      if (skip.has(index)) continue;
      const leg = legs.primary;
      const at = leg * this.#runMax + index;
      const verdict = tags?.judge(block, bodyWords, at * BLOCK_WORDS) ?? VERDICT.UNKNOWN;
      if (verdict !== VERDICT.UNKNOWN || legs.primary !== leg) continue; // It may be out by now.
      if (legs.isMirrored && !this.#isSame(index)) {
        tally.different++;
        const bytes = body.subarray(at * BLOCK_BYTES, (at + 1) * BLOCK_BYTES);
        const device = legs.device(leg ^ 1);
        const errno = attempt(() => device.write(block, 1, bytes));
        if (errno !== 0) legs.conclude(leg === 1 ? errno : 0, leg === 0 ? errno : 0);
      }
      if (tags === undefined || legs.intend(block, 1) !== 0) continue;
      regions.written[regions.of(block)] = 0;
      tags.set(block, bodyWords, at * BLOCK_WORDS);
      tally.adopted++;
    }
  }

  #isSame(index: number): boolean {
    const { bodyWords } = this.#layer;
    const one = index * BLOCK_WORDS;
    const other = (this.#runMax + index) * BLOCK_WORDS;
    for (let word = 0; word < BLOCK_WORDS; word++) {
      if (bodyWords[one + word] !== bodyWords[other + word]) return false;
    }
    return true;
  }
}
