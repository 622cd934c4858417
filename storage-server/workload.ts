/**
 * Requests for a volume, drawn by chance, as its tests send them.
 *
 * Every write fills what it writes with a stamp of its own: the sectors of a volume tell which write
 * each of them comes from.
 *
 * @module
 */

import { DISCARDED_STAMP } from "./simulated_device.ts";

/** Sectors of a block. */
export const BLOCK_SECTORS = 8;

/** A run of sectors. */
export interface SectorRun {
  /** The first. */
  readonly first: number;
  /** How many. */
  readonly count: number;
}

/** One request of a workload. Units are blocks, but for runs of sectors. */
export type Operation =
  | { readonly kind: "transact"; readonly blocks: readonly number[]; readonly stamp: number }
  | {
    readonly kind: "write";
    readonly first: number;
    readonly count: number;
    readonly stamp: number;
    readonly fua?: boolean;
  }
  | {
    readonly kind: "scatter";
    readonly runs: readonly SectorRun[];
    readonly stamp: number;
    readonly fua?: boolean;
  }
  | { readonly kind: "zero"; readonly run: SectorRun; readonly fua?: boolean }
  | { readonly kind: "trim"; readonly run: SectorRun }
  | { readonly kind: "read"; readonly run: SectorRun }
  | { readonly kind: "flush" };

/** What an operation makes of some sectors. */
export interface Effect {
  /** The sectors, in the order in which they are written. */
  readonly sectors: readonly number[];
  /** What they hold then; {@linkcode DISCARDED_STAMP} stands for anything. */
  readonly stamp: number;
  /** Whether all of it happens or nothing, and in the order of all such. */
  readonly isTransaction: boolean;
  /** Whether it is durable once it has been answered. */
  readonly isDurable: boolean;
}

/** What an operation does: each effect is whole in every block. Reads and flushes have none. */
export function effectsOf(operation: Operation): readonly Effect[] {
  const plain = { isTransaction: false, isDurable: false };
  switch (operation.kind) {
    case "flush":
    case "read":
      return [];
    case "transact": {
      const { blocks, stamp } = operation;
      const sectors = blocks.flatMap((block) => sectorsOf(wholeBlocks(block, 1)));
      return [{ ...plain, sectors, stamp, isTransaction: true }];
    }
    case "write": {
      const { first, count, stamp, fua = false } = operation;
      return [{ ...plain, sectors: sectorsOf(wholeBlocks(first, count)), stamp, isDurable: fua }];
    }
    case "scatter": {
      const { runs, stamp, fua = false } = operation;
      return runs.map((run) => ({ ...plain, sectors: sectorsOf(run), stamp, isDurable: fua }));
    }
    case "zero": {
      const { run, fua = false } = operation;
      return [{ ...plain, sectors: sectorsOf(run), stamp: 0, isDurable: fua }];
    }
    case "trim":
      return [{ ...plain, sectors: sectorsOf(innerBlocks(operation.run)), stamp: DISCARDED_STAMP }];
  }
}

/**
 * A random workload.
 *
 * @param blockCount Blocks are chosen below this.
 * @param stampFirst Stamps count up from here.
 */
export function randomWorkload(
  random: () => number,
  length: number,
  { blockCount, stampFirst = 1 }: { blockCount: number; stampFirst?: number },
): Operation[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  const run = (): SectorRun => {
    const first = below(blockCount * BLOCK_SECTORS);
    const count = 1 + below(Math.min(24, blockCount * BLOCK_SECTORS - first));
    return { first, count };
  };
  return Array.from({ length }, (_, index): Operation => {
    const stamp = stampFirst + index;
    const kind = random();
    if (kind < 0.13) return { kind: "flush" };
    const fua = random() < 0.1;
    if (kind < 0.36) {
      const first = below(blockCount);
      const count = 1 + below(Math.min(6, blockCount - first));
      return { kind: "write", first, count, stamp, fua };
    }
    if (kind < 0.48) {
      const runs = Array.from({ length: 1 + below(3) }, run);
      return { kind: "scatter", runs, stamp, fua };
    }
    if (kind < 0.54) return { kind: "zero", run: run(), fua };
    if (kind < 0.58) return { kind: "trim", run: run() };
    if (kind < 0.62) {
      return { kind: "read", run: kind < 0.6 ? run() : wholeBlocks(below(blockCount), 1) };
    }
    const blocks = new Set(Array.from({ length: 1 + below(5) }, () => below(blockCount)));
    return { kind: "transact", blocks: [...blocks], stamp };
  });
}

/** A repeatable source of numbers from 0 up to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** The sectors of a run. */
export function sectorsOf({ first, count }: SectorRun): number[] {
  const sectors: number[] = []; // Millions of them: a loop takes half the time of Array.from().
  for (let sector = first; sector < first + count; sector++) sectors.push(sector);
  return sectors;
}

/** A run of whole blocks. */
export function wholeBlocks(first: number, count: number): SectorRun {
  return { first: first * BLOCK_SECTORS, count: count * BLOCK_SECTORS };
}

/** The blocks that lie in a run as a whole: no others are ever trimmed. */
function innerBlocks({ first, count }: SectorRun): SectorRun {
  const from = Math.ceil(first / BLOCK_SECTORS);
  const end = Math.max(from, Math.floor((first + count) / BLOCK_SECTORS));
  return wholeBlocks(from, end - from);
}
