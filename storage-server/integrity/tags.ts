/**
 * The tags of a layer: a bounded number of tag blocks in memory, the rest on the legs.
 *
 * - **T1** A tag block changes, in memory and on the legs, only while its region is dirty. So a torn
 *   one, or one older than its blocks, is never trusted by a successor.
 * - **T2** Of two legs that are in, the tag block with the later stamp counts, and the other is
 *   written anew. So one leg that lost writes is found out by the other.
 *   A tag block that no leg has whole is lost, and told: its tags are unknown.
 * - **T3** A tag block leaves memory only when the legs hold what it says.
 *
 * What needs a tag block that cannot be read at all throws `EIO`.
 *
 * @module
 */

import { assert, crc32c, OsError } from "@hako/ipc";
import { BLOCK_WORDS } from "../layouts/superblock.ts";
import type { Point } from "../device.ts";
import type { IntegrityDeathPoint } from "./death_points.ts";
import { attempt, type Legs, metadataAt } from "./legs.ts";
import { LEG_STATE } from "./layouts/label.ts";
import {
  bindingOf,
  DISCARDED,
  encodeTagBlock,
  stampIn,
  stampOf,
  tagBlockCount,
  tagBlocksPerRegion,
  TAGS_AT,
  TAGS_PER_BLOCK,
} from "./layouts/tag_block.ts";
import { hasBit, type Regions } from "./regions.ts";

/** What a tag says of some content. */
export const VERDICT = {
  /** It is what was written. */
  GOOD: 0,
  /** There is no tag. */
  UNKNOWN: 1,
  /** The block was discarded: it may hold anything. */
  DISCARDED: 2,
  /** It is not what was written. */
  BAD: 3,
} as const;

/** A value of {@linkcode VERDICT}. */
export type Verdict = typeof VERDICT[keyof typeof VERDICT];

interface TagBlock {
  readonly words: Uint32Array;
  isDirty: boolean;
  isUsed: boolean;
}

/** What the tags work with. */
export interface TagsParts {
  /** The legs. */
  readonly legs: Legs;
  /** The regions. */
  readonly regions: Regions;
  /** One block of a window. */
  readonly meta: Uint8Array;
  /** Whether every leg refuses writes. */
  readonly isReadOnly: boolean;
  /** Most tag blocks in memory. */
  readonly cacheBlocks: number;
  /** Where a fault plan may end this incarnation. */
  readonly point: Point<IntegrityDeathPoint>;
}

/** The tags of one layer. */
export class Tags {
  /** Tag blocks that no leg had whole; their tags are unknown since. */
  lost = 0;
  /** Tag blocks that were whole on one leg only, and written anew. */
  healed = 0;
  readonly #legs: Legs;
  readonly #regions: Regions;
  readonly #meta: Uint8Array;
  readonly #metaWords: Uint32Array;
  readonly #cache = new Map<number, TagBlock>();
  readonly #cacheBlocks: number;
  readonly #perRegion: number;
  readonly #count: number;
  readonly #point: Point<IntegrityDeathPoint>;
  readonly #isReadOnly: boolean;
  readonly #spare = new Uint32Array(BLOCK_WORDS);
  readonly #zeroGuard: number;
  #stamp = 0;
  #lastNumber = -1;
  #last: TagBlock | undefined;

  /** Reads nothing yet. */
  constructor(parts: TagsParts) {
    assert(parts.cacheBlocks >= 1, "at least one tag block is in memory");
    this.#legs = parts.legs;
    this.#regions = parts.regions;
    this.#meta = parts.meta;
    this.#metaWords = new Uint32Array(parts.meta.buffer, parts.meta.byteOffset, BLOCK_WORDS);
    this.#cacheBlocks = parts.cacheBlocks;
    this.#perRegion = tagBlocksPerRegion(parts.legs.shape);
    this.#count = tagBlockCount(parts.legs.shape);
    this.#point = parts.point;
    this.#isReadOnly = parts.isReadOnly;
    this.#zeroGuard = crc32c(new Uint32Array(BLOCK_WORDS), 0, BLOCK_WORDS, 0);
  }

  /** Judges a block's content by its tag alone. Hot path. */
  judge(block: number, words: Uint32Array, at: number): Verdict {
    const tags = this.#block(block).words;
    const index = this.#indexOf(block);
    const guard = tags[index]!;
    const sequence = tags[index + 1]!;
    if (sequence === 0) return guard === DISCARDED ? VERDICT.DISCARDED : VERDICT.UNKNOWN;
    const found = (crc32c(words, at, BLOCK_WORDS, 0) ^ bindingOf(block, sequence)) >>> 0;
    return found === guard ? VERDICT.GOOD : VERDICT.BAD;
  }

  /** Whether there is a tag to judge a block by. */
  isKnown(block: number): boolean {
    return this.#block(block).words[this.#indexOf(block) + 1] !== 0;
  }

  /** Tags a block with what it holds from now on. Its region is dirty. Hot path. */
  set(block: number, words: Uint32Array, at: number): void {
    this.#put(block, crc32c(words, at, BLOCK_WORDS, 0));
  }

  /** Tags a run that holds zeroes from now on. Its regions are dirty. */
  setZero(first: number, count: number): void {
    for (let block = first; block < first + count; block++) this.#put(block, this.#zeroGuard);
  }

  /** Nothing is known of a run any more. Its regions are dirty. */
  forget(first: number, count: number): void {
    this.#clear(first, count, 0);
  }

  /** A run may hold anything from now on. Its regions are dirty. */
  discard(first: number, count: number): void {
    this.#clear(first, count, DISCARDED);
  }

  /** How many tag blocks in memory are not on the legs. */
  get dirtyBlocks(): number {
    let dirty = 0;
    for (const { isDirty } of this.#cache.values()) if (isDirty) dirty++;
    return dirty;
  }

  /** Writes what memory has of a region's tag blocks to the legs; answers 0 or an errno. */
  writeRegion(region: number): number {
    const end = this.#endOf(region);
    for (let number = region * this.#perRegion; number < end; number++) {
      const found = this.#cache.get(number);
      if (found === undefined || !found.isDirty) continue;
      const errno = this.#write(number, found);
      if (errno !== 0) return errno;
    }
    return 0;
  }

  /** Copies all of a region's tag blocks to one leg, which is not in; answers 0 or an errno. */
  copyRegion(region: number, leg: number): number {
    const end = this.#endOf(region);
    for (let number = region * this.#perRegion; number < end; number++) {
      const found = this.#cache.get(number) ?? this.#load(number);
      if (found.isDirty) continue; // It was written, or will be, to every leg.
      this.#prepare(number, found);
      const errno = attempt(() => this.#writeTo(leg, number));
      if (errno !== 0) return errno;
    }
    return 0;
  }

  /** Hot path. */
  #put(block: number, checksum: number): void {
    const sequence = this.#legs.generation % 0xffff_ffff + 1;
    const found = this.#block(block);
    const index = this.#indexOf(block);
    found.words[index] = checksum ^ bindingOf(block, sequence);
    found.words[index + 1] = sequence;
    found.isDirty = true;
  }

  #clear(first: number, count: number, guard: number): void {
    for (let block = first; block < first + count; block++) {
      const found = this.#block(block);
      const index = this.#indexOf(block);
      found.words[index] = guard;
      found.words[index + 1] = 0;
      found.isDirty = true;
    }
  }

  #endOf(region: number): number {
    return Math.min(this.#count, (region + 1) * this.#perRegion);
  }

  /** Hot path. */
  #indexOf(block: number): number {
    return TAGS_AT + 2 * (block % this.#regions.regionBlocks % TAGS_PER_BLOCK);
  }

  /** The tag block of a block, in memory. Hot path. */
  #block(block: number): TagBlock {
    const region = this.#regions.of(block);
    const within = block - region * this.#regions.regionBlocks;
    const number = region * this.#perRegion + Math.floor(within / TAGS_PER_BLOCK);
    if (number === this.#lastNumber) return this.#last!;
    const found = this.#cache.get(number) ?? this.#load(number);
    found.isUsed = true;
    this.#lastNumber = number;
    this.#last = found;
    return found;
  }

  #load(number: number): TagBlock {
    if (this.#cache.size >= this.#cacheBlocks) this.#makeRoom();
    const { shape, states } = this.#legs;
    const stamps = [-1, -1];
    const words = new Uint32Array(BLOCK_WORDS);
    let best = -1;
    let isRead = false;
    for (let leg = 0; leg < this.#legs.count; leg++) {
      if (states[leg] !== LEG_STATE.IN) continue;
      const device = this.#legs.device(leg);
      const at = metadataAt(device, shape) + number;
      if (attempt(() => device.read(at, 1, this.#meta)) !== 0) continue;
      isRead = true;
      this.#spare.set(this.#metaWords);
      stamps[leg] = stampOf(this.#spare, shape, number);
      if (stamps[leg]! > best) {
        best = stamps[leg]!;
        words.set(this.#spare);
      }
    }
    if (!isRead) throw new OsError("EIO", `read tag block ${number}`);
    if (best < 0) {
      words.fill(0);
      if (!this.#regions.hasUnsettled(Math.floor(number / this.#perRegion))) this.lost++;
    }
    const loaded = { words, isDirty: false, isUsed: false };
    this.#cache.set(number, loaded);
    if (best > 0 && !this.#isReadOnly) this.#healLegs(number, loaded, stamps);
    return loaded;
  }

  /** Writes a tag block anew where a leg that is in has an older one, or none. */
  #healLegs(number: number, loaded: TagBlock, stamps: number[]): void {
    const best = Math.max(stamps[0]!, stamps[1]!);
    for (let leg = 0; leg < this.#legs.count; leg++) {
      if (this.#legs.states[leg] !== LEG_STATE.IN || stamps[leg] === best) continue;
      this.#prepare(number, loaded);
      const errno = attempt(() => this.#writeTo(leg, number));
      if (errno === 0) this.healed++;
      else this.#legs.conclude(leg === 0 ? errno : 0, leg === 1 ? errno : 0);
    }
  }

  /** Writes a tag block to every target; answers 0 or an errno. */
  #write(number: number, found: TagBlock): number {
    const base = this.#legs.generation * STAMPS_PER_GENERATION;
    this.#stamp = Math.max(this.#stamp, base) + 1;
    if (this.#stamp >= base + STAMPS_PER_GENERATION) {
      const errno = this.#legs.writeLabels();
      if (errno !== 0) return errno;
    }
    encodeTagBlock(found.words, this.#legs.shape, { number, stamp: this.#stamp });
    this.#metaWords.set(found.words);
    const errno = this.#legs.onEach((_, leg) => {
      this.#writeTo(leg, number);
      this.#point("tags.block-written");
    });
    if (errno === 0) found.isDirty = false;
    return errno;
  }

  /** Puts a tag block that the legs have into the window, as it was written. */
  #prepare(number: number, found: TagBlock): void {
    this.#metaWords.set(found.words);
    const stamp = stampIn(found.words);
    if (stamp > 0) encodeTagBlock(this.#metaWords, this.#legs.shape, { number, stamp });
  }

  #writeTo(leg: number, number: number): void {
    const device = this.#legs.device(leg);
    device.write(metadataAt(device, this.#legs.shape) + number, 1, this.#meta);
  }

  /** Lets go of a tag block that was not used lately; if none can be written, of none. */
  #makeRoom(): void {
    for (let pass = 0; pass < 2; pass++) {
      for (const [number, found] of this.#cache) {
        if (found.isUsed && pass === 0) {
          found.isUsed = false;
          continue;
        }
        if (found.isDirty && this.#write(number, found) !== 0) continue;
        this.#cache.delete(number);
        if (number === this.#lastNumber) this.#lastNumber = -1;
        return;
      }
    }
  }

  /** Whether T1 holds for what is in memory; for tests. */
  get isInOrder(): boolean {
    for (const [number, { isDirty }] of this.#cache) {
      const region = Math.floor(number / this.#perRegion);
      if (isDirty && !hasBit(this.#regions.dirty, region)) return false;
    }
    return true;
  }
}

/** Tag blocks that are written before the generation must rise. */
const STAMPS_PER_GENERATION = 1 << 20;
