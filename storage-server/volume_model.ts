/**
 * The reference model of a volume: for each block, every content that it may legally have.
 *
 * Each acknowledged or started change is an event. Two questions are answered: whether what a reader
 * sees is right ({@linkcode VolumeModel.compare}), and whether what is left after a power cut is
 * legal ({@linkcode VolumeModel.judge}): transactions visible are a prefix, no shorter than what was
 * flushed, each whole; a block's content is that of the newest such transaction or durable write,
 * with any of the later plain writes of it done or not, each of them whole in every block.
 *
 * @module
 */

import { DISCARDED_STAMP } from "./simulated_device.ts";
import { SECTOR_BYTES } from "./protocol.ts";
import { BLOCK_SECTORS, effectsOf, type Operation } from "./workload.ts";

/** How much of a block is written whole. */
export type Wholeness = "block" | "sector";

/** One change of a volume. */
interface ModelEvent {
  readonly isTransaction: boolean;
  readonly stamp: number;
  /** The sectors that it writes, by block. */
  readonly blocks: ReadonlyMap<number, readonly number[]>;
  isDurable: boolean;
  /** It was answered with an error: any of its blocks may have been written, and none need be. */
  hasFailed: boolean;
}

/** The stamps of a block's sectors. */
type Content = readonly number[];

/** A model of one volume. */
export class VolumeModel {
  readonly #base: Uint32Array; // What each sector held before the first event.
  readonly #events: ModelEvent[] = [];
  #flushed = 0; // Events that a flush has covered.
  /** For each reading that was judged: the contents that each changed block may have. */
  readonly #legal = new Map<number, ReadonlyMap<number, readonly Content[]>>();

  /**
   * A model without events.
   *
   * @param sectors What each sector holds.
   */
  constructor(sectors: ArrayLike<number>) {
    this.#base = Uint32Array.from(sectors);
  }

  /** How many events there were. */
  get eventCount(): number {
    return this.#events.length;
  }

  /** A request was answered, with nothing else under way. */
  answered(operation: Operation): void {
    this.start(operation);
    this.end(operation);
  }

  /** A request was started. */
  start(operation: Operation): void {
    this.#legal.clear();
    for (const { sectors, isTransaction, stamp } of effectsOf(operation)) {
      const blocks = Map.groupBy(sectors, (sector) => Math.floor(sector / BLOCK_SECTORS));
      this.#events.push({ isTransaction, stamp, blocks, isDurable: false, hasFailed: false });
    }
  }

  /** The request that was started last was answered. */
  end(operation: Operation): void {
    this.#legal.clear();
    if (operation.kind === "flush") this.flush(this.eventCount);
    const effects = effectsOf(operation);
    for (const [index, { isDurable }] of effects.toReversed().entries()) {
      this.#events.at(-1 - index)!.isDurable = isDurable;
    }
  }

  /** The request that was started last was answered with an error; no transaction, and no flush. */
  fail(operation: Operation): void {
    this.#legal.clear();
    const count = effectsOf(operation).length;
    for (let index = 1; index <= count; index++) this.#events.at(-index)!.hasFailed = true;
  }

  /** A flush was answered that began after the first `eventCount` events were acknowledged. */
  flush(eventCount: number): void {
    this.#legal.clear();
    this.#flushed = Math.max(this.#flushed, eventCount);
  }

  /**
   * Whether a reader sees what it must, everything started being acknowledged.
   *
   * @param sectors The stamp of each sector, eight a block.
   * @returns `undefined`, or what is wrong.
   */
  compare(sectors: Uint32Array): string | undefined {
    const expected = this.#base.slice();
    for (const { blocks, stamp } of this.#events) {
      for (const written of blocks.values()) for (const sector of written) expected[sector] = stamp;
    }
    for (let sector = 0; sector < sectors.length; sector++) {
      if (expected[sector] === DISCARDED_STAMP || expected[sector] === sectors[sector]) continue;
      return `${where(sector)} holds ${sectors[sector]}, not ${expected[sector]}`;
    }
    return undefined;
  }

  /**
   * Whether a volume is legal after a power cut.
   *
   * @param sectors The stamp of each sector, eight a block.
   * @param wholeness How much of a plain write in place survives as a whole.
   * @returns `undefined`, or what is wrong under the most generous reading.
   */
  judge(sectors: Uint32Array, wholeness: Wholeness): string | undefined {
    let wrong = "no reading at all";
    for (let visible = this.#events.length; visible >= this.#flushed; visible--) {
      const isReading = visible === this.#events.length || this.#events[visible]!.isTransaction;
      if (!isReading) continue; // The same as the one before it.
      const found = this.#judgeAt(sectors, visible, wholeness);
      if (found === undefined) return undefined;
      wrong = found;
    }
    return wrong;
  }

  /** Judges on the reading that just the transactions among the first `visible` events happened. */
  #judgeAt(sectors: Uint32Array, visible: number, wholeness: Wholeness): string | undefined {
    const legal = this.#legalAt(visible);
    for (let block = 0; block * BLOCK_SECTORS < sectors.length; block++) {
      const first = block * BLOCK_SECTORS;
      const contents = legal.get(block) ?? [this.#baseOf(block)];
      const matches = (content: Content, index: number): boolean =>
        content[index] === sectors[first + index] || content[index] === DISCARDED_STAMP;
      const isWhole = contents.some((content) => content.every((_, at) => matches(content, at)));
      if (isWhole) continue;
      const isLegal = (index: number): boolean =>
        contents.some((content) => matches(content, index));
      const wrong = Array.from({ length: BLOCK_SECTORS }, (_, at) => at).find((at) => !isLegal(at));
      if (wholeness === "sector" && wrong === undefined) continue;
      const found = [...sectors.subarray(first, first + BLOCK_SECTORS)].join(" ");
      const wanted = contents.map((content) => content.join(" ")).join(" or ");
      return `${where(first + (wrong ?? 0))} in ${found}, not ${wanted} ` +
        `(${visible} events visible, ${this.#flushed} flushed)`;
    }
    return undefined;
  }

  #legalAt(visible: number): ReadonlyMap<number, readonly Content[]> {
    const known = this.#legal.get(visible);
    if (known !== undefined) return known;
    const legal = new Map<number, readonly Content[]>();
    for (const [index, event] of this.#events.entries()) {
      if (event.isTransaction && index >= visible && !event.isDurable) continue;
      const isSettled = event.isTransaction || event.isDurable || index < this.#flushed;
      const settles = isSettled && !event.hasFailed;
      for (const [block, sectors] of event.blocks) {
        const before = legal.get(block) ?? [this.#baseOf(block)];
        const after = before.map((content) => change(content, sectors, event.stamp));
        legal.set(block, unique(settles ? after : [...before, ...after]));
      }
    }
    this.#legal.set(visible, legal);
    return legal;
  }

  #baseOf(block: number): Content {
    return [...this.#base.subarray(block * BLOCK_SECTORS, (block + 1) * BLOCK_SECTORS)];
  }
}

/** The stamp of each sector of a volume's bytes; throws when a sector is not of one stamp. */
export function sectorStamps(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const each = SECTOR_BYTES / 4;
  const stamps = new Uint32Array(words.length / each);
  for (let index = 0; index < stamps.length; index++) {
    const stamp = words[index * each]!;
    for (let word = 1; word < each; word++) {
      if (words[index * each + word] !== stamp) throw new Error(`sector ${index} is a mixture`);
    }
    stamps[index] = stamp;
  }
  return stamps;
}

function change(content: Content, sectors: readonly number[], stamp: number): Content {
  const changed = [...content];
  for (const sector of sectors) changed[sector % BLOCK_SECTORS] = stamp;
  return changed;
}

function unique(contents: readonly Content[]): Content[] {
  return [...new Map(contents.map((content) => [content.join(), content])).values()];
}

function where(sector: number): string {
  const block = Math.floor(sector / BLOCK_SECTORS);
  return `sector ${sector % BLOCK_SECTORS} of block ${block}`;
}
