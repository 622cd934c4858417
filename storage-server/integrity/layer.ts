/**
 * What the parts of an integrity layer share.
 *
 * @module
 */

import type { Point } from "../device.ts";
import type { IntegrityDeathPoint } from "./death_points.ts";
import type { Legs } from "./legs.ts";
import type { Regions } from "./regions.ts";
import type { Tags } from "./tags.ts";

/** One layer, open. */
export interface Layer {
  /** The legs and their labels. */
  readonly legs: Legs;
  /** The regions in doubt. */
  readonly regions: Regions;
  /** The tags, if there are any. */
  readonly tags: Tags | undefined;
  /** Blocks of a window for copies. */
  readonly body: Uint8Array;
  /** The same as words. */
  readonly bodyWords: Uint32Array;
  /** Whether every leg refuses writes. */
  readonly isReadOnly: boolean;
  /** What was found and done since it was opened. */
  readonly tally: Tally;
  /** Where a fault plan may end this incarnation. */
  readonly point: Point<IntegrityDeathPoint>;
}

/** What a layer has met with since it was opened. */
export interface Tally {
  /** Blocks of a leg that were unreadable or wrong, and were written anew. */
  healed: number;
  /** Blocks that no leg holds right, as far as was noticed; bounded. */
  readonly rotten: Set<number>;
  /** Blocks without a tag that two legs held differently; the first leg counts. */
  different: number;
  /** Blocks that got a tag for what they were found to hold. */
  adopted: number;
  /** Blocks that were copied to a leg which lacked them. */
  copied: number;
}

/** Most rotten blocks that are remembered by number. */
export const ROTTEN_MAX = 4096;
