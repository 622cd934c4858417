/**
 * Which regions of a layer are in doubt, and which blocks of those are not any more.
 *
 * - **dirty**: may have been written since its tags in place were. Set durably before the first
 *   write; a successor does not trust the tags of a region that it finds dirty.
 * - **missed**: a leg that is not in lacks writes of it.
 * - **unsettled**: found dirty or missed when the layer was opened or a leg joined. Each of its
 *   blocks becomes settled when it has been written, or read and copied to every other leg.
 *
 * Dirty and missed are bitmaps as in the label; the rest lives in memory alone.
 *
 * @module
 */

import { BITMAP_WORDS } from "./layouts/label.ts";

interface Unsettled {
  /** Whether the tags of its unsettled blocks are worthless, too. */
  isUntagged: boolean;
  /** A bit for each block that is settled, once there is one. */
  settled: Uint8Array | undefined;
  /** How many blocks are unsettled. */
  left: number;
  /** Whether a block can be settled only by a write. */
  isStuck: boolean;
}

/** The regions of one layer. */
export class Regions {
  /** How many there are. */
  readonly count: number;
  /** Blocks of each; the last one may be shorter. */
  readonly regionBlocks: number;
  /** Bitmap: tags in place may be older than the blocks. */
  readonly dirty: Uint32Array = new Uint32Array(BITMAP_WORDS);
  /** Bitmap: a leg that is not in lacks writes. */
  readonly missed: Uint32Array = new Uint32Array(BITMAP_WORDS);
  /** Whether it was written since cleaning last passed by. */
  readonly written: Uint8Array;
  /** Begun writes that are not concluded. */
  readonly flying: Int32Array;
  readonly #unsettled = new Map<number, Unsettled>();
  readonly #dataBlocks: number;

  /** All clean. */
  constructor(dataBlocks: number, regionBlocks: number) {
    this.#dataBlocks = dataBlocks;
    this.regionBlocks = regionBlocks;
    this.count = Math.ceil(dataBlocks / regionBlocks);
    this.written = new Uint8Array(this.count);
    this.flying = new Int32Array(this.count);
  }

  /** Whether any begun write is not concluded. */
  get isAnyFlying(): boolean {
    return this.flying.some((count) => count > 0);
  }

  /** Whether a leg that is not in lacks any region. */
  get isAnyMissed(): boolean {
    return countBits(this.missed, this.count) > 0;
  }

  /** How many regions have unsettled blocks. Hot path. */
  get unsettledRegions(): number {
    return this.#unsettled.size;
  }

  /** How many blocks are unsettled. */
  get unsettledBlocks(): number {
    let blocks = 0;
    for (const { left } of this.#unsettled.values()) blocks += left;
    return blocks;
  }

  /** The region of a block. Hot path. */
  of(block: number): number {
    return Math.floor(block / this.regionBlocks);
  }

  /** The first block of a region. */
  firstOf(region: number): number {
    return region * this.regionBlocks;
  }

  /** How many blocks a region has. */
  blocksOf(region: number): number {
    return Math.min(this.regionBlocks, this.#dataBlocks - this.firstOf(region));
  }

  /** Whether a begun write is not concluded in any region of a run. */
  isFlying(first: number, count: number): boolean {
    const last = this.of(first + count - 1);
    for (let region = this.of(first); region <= last; region++) {
      if (this.flying[region]! > 0) return true;
    }
    return false;
  }

  /** Whether a region has unsettled blocks. */
  hasUnsettled(region: number): boolean {
    return this.#unsettled.has(region);
  }

  /** How many blocks of a region are unsettled. */
  unsettledIn(region: number): number {
    return this.#unsettled.get(region)?.left ?? 0;
  }

  /** Whether a block is unsettled. */
  isUnsettled(block: number): boolean {
    const region = this.of(block);
    const entry = this.#unsettled.get(region);
    return entry !== undefined && !isSettled(entry, block - this.firstOf(region));
  }

  /** Whether any block of a run is unsettled. */
  anyUnsettled(first: number, count: number): boolean {
    if (this.#unsettled.size === 0) return false;
    for (let block = first; block < first + count; block++) {
      if (this.isUnsettled(block)) return true;
    }
    return false;
  }

  /** Whether the tag of a block says what the block should hold. */
  isTagTrusted(block: number): boolean {
    if (this.#unsettled.size === 0) return true;
    const entry = this.#unsettled.get(this.of(block));
    return entry === undefined || !entry.isUntagged || !this.isUnsettled(block);
  }

  /** Marks all blocks of a region. */
  unsettleRegion(region: number, isUntagged: boolean): void {
    const before = this.#unsettled.get(region)?.isUntagged ?? false;
    this.#unsettled.set(region, {
      isUntagged: isUntagged || before,
      settled: undefined,
      left: this.blocksOf(region),
      isStuck: false,
    });
  }

  /** Marks blocks that legs may hold different contents of; their tags are forgotten already. */
  unsettle(first: number, count: number): void {
    for (let block = first; block < first + count; block++) {
      const region = this.of(block);
      let entry = this.#unsettled.get(region);
      if (entry === undefined) {
        const settled = new Uint8Array(Math.ceil(this.regionBlocks / 8)).fill(0xff);
        entry = { isUntagged: false, settled, left: 0, isStuck: false };
        this.#unsettled.set(region, entry);
      }
      const index = block - this.firstOf(region);
      if (!isSettled(entry, index)) continue;
      entry.settled![index >> 3]! &= ~(1 << (index & 7));
      entry.left++;
      entry.isStuck = false;
    }
  }

  /** All legs hold the same in this run, and its tags are right. */
  settle(first: number, count: number): void {
    if (this.#unsettled.size === 0) return;
    for (let block = first; block < first + count; block++) {
      const region = this.of(block);
      const entry = this.#unsettled.get(region);
      const index = block - this.firstOf(region);
      if (entry === undefined || isSettled(entry, index)) continue;
      entry.settled ??= new Uint8Array(Math.ceil(this.regionBlocks / 8));
      entry.settled[index >> 3]! |= 1 << (index & 7);
      if (--entry.left === 0) this.#unsettled.delete(region);
    }
  }

  /** Says that background work can do nothing for a region until a write or another leg comes. */
  setStuck(region: number): void {
    const entry = this.#unsettled.get(region);
    if (entry !== undefined) entry.isStuck = true;
  }

  /** Lets background work try all regions again. */
  unstick(): void {
    for (const entry of this.#unsettled.values()) entry.isStuck = false;
  }

  /** A region that background work can settle now, or -1. */
  nextToSettle(): number {
    for (const [region, entry] of this.#unsettled) {
      if (!entry.isStuck && this.flying[region] === 0) return region;
    }
    return -1;
  }
}

/** Whether the bit of a region is set. Hot path. */
export function hasBit(bitmap: Uint32Array, region: number): boolean {
  return (bitmap[region >> 5]! & (1 << (region & 31))) !== 0;
}

/** Sets the bit of a region. */
export function setBit(bitmap: Uint32Array, region: number): void {
  bitmap[region >> 5]! |= 1 << (region & 31);
}

/** Clears the bit of a region. */
export function clearBit(bitmap: Uint32Array, region: number): void {
  bitmap[region >> 5]! &= ~(1 << (region & 31));
}

/** Sets every bit that another bitmap has. */
export function addBits(bitmap: Uint32Array, other: Uint32Array): void {
  for (let word = 0; word < bitmap.length; word++) bitmap[word]! |= other[word]!;
}

/** How many of the first `count` bits are set. */
export function countBits(bitmap: Uint32Array, count: number): number {
  let set = 0;
  for (let region = 0; region < count; region++) if (hasBit(bitmap, region)) set++;
  return set;
}

function isSettled(entry: Unsettled, index: number): boolean {
  return entry.settled !== undefined && (entry.settled[index >> 3]! & (1 << (index & 7))) !== 0;
}
