/**
 * Ranges of sectors, and the blocks that they touch.
 *
 * @module
 */

import { SECTORS, WHOLE } from "./ledger.ts";

/** A range of a volume, in sectors of 512 bytes. */
export interface Range {
  /** The first sector. */
  readonly sector: number;
  /** Sectors. */
  readonly count: number;
}

/** The blocks that ranges touch, and which sectors of each, as bits. */
export function runsOf(ranges: readonly Range[]): { block: number; mask: number }[] {
  const runs: { block: number; mask: number }[] = [];
  for (const { sector, count } of ranges) {
    for (let at = sector; at < sector + count;) {
      const block = Math.floor(at / SECTORS);
      const end = Math.min(sector + count, (block + 1) * SECTORS);
      const [from, to] = [at - block * SECTORS, end - block * SECTORS];
      runs.push({ block, mask: (WHOLE << from) & (WHOLE >> (SECTORS - to)) & WHOLE });
      at = end;
    }
  }
  return runs;
}
