/**
 * How an integrity layer stands, for people.
 *
 * @module
 */

import type { Background } from "./background.ts";
import type { Layer } from "./layer.ts";
import { LEG_STATE } from "./layouts/label.ts";
import { countBits } from "./regions.ts";

/** What a layer says of itself. */
export interface IntegrityReport {
  /** How current each leg is. */
  readonly legs: readonly ("in" | "syncing" | "out")[];
  /** Whether there are tags. */
  readonly isTagged: boolean;
  /** Whether every write is refused since the last leg failed to flush. */
  readonly isFailed: boolean;
  /** Blocks that were unreadable or wrong on a leg, and were written anew. */
  readonly healed: number;
  /** Blocks that no leg holds right, as far as was noticed, lowest first; at most 4,096. */
  readonly rotten: readonly number[];
  /** Blocks without a tag that two legs held differently. */
  readonly different: number;
  /** Blocks that got a tag for what they were found to hold. */
  readonly adopted: number;
  /** Tag blocks that no leg had whole. */
  readonly tagBlocksLost: number;
  /** Tag blocks that were written anew on one leg. */
  readonly tagBlocksHealed: number;
  /** Blocks that are still in doubt: to be copied, or to get a tag. */
  readonly unsettledBlocks: number;
  /** Blocks that were copied to a leg which lacked them. */
  readonly copied: number;
  /** Regions that a power cut now would leave in doubt. */
  readonly dirtyRegions: number;
  /** Regions that a leg which is not in lacks. */
  readonly missedRegions: number;
  /** All regions. */
  readonly regions: number;
  /** How often scrubbing has been through, and the block where it goes on. */
  readonly scrub: { readonly passes: number; readonly next: number };
  /** Why legs went out or were not taken back, newest last. */
  readonly history: readonly string[];
}

/** Says how a layer stands. */
export function reportOf(layer: Layer, background: Background): IntegrityReport {
  const { legs, regions, tags, tally } = layer;
  return {
    legs: legs.states.map((state) =>
      state === LEG_STATE.IN ? "in" : state === LEG_STATE.SYNCING ? "syncing" : "out"
    ),
    isTagged: tags !== undefined,
    isFailed: legs.failure !== 0,
    healed: tally.healed,
    rotten: [...tally.rotten].sort((one, other) => one - other),
    different: tally.different,
    adopted: tally.adopted,
    tagBlocksLost: tags?.lost ?? 0,
    tagBlocksHealed: tags?.healed ?? 0,
    unsettledBlocks: regions.unsettledBlocks,
    copied: tally.copied,
    dirtyRegions: countBits(regions.dirty, regions.count),
    missedRegions: countBits(regions.missed, regions.count),
    regions: regions.count,
    scrub: { passes: background.scrubPasses, next: background.scrubNext },
    history: [...legs.history],
  };
}
