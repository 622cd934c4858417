/**
 * What a client knows of a file of which it keeps parts.
 *
 * @module
 */

import type { PageIndex } from "./page_index.ts";

/** A file of which this program keeps parts. */
export interface CachedFile {
  readonly inode: number;
  /** The slot of its lease. */
  slot: number;
  /** Word index of the slot. */
  word: number;
  /** The grant under which the frames were filled. */
  grant: number;
  readonly pages: PageIndex;
  /** The frames that are its own. */
  readonly frames: Set<number>;
  /** How many open files use it. */
  useCount: number;
  /** When it was last opened. */
  usedAt: number;
  /** Whether we were overruled: our late stores may have spoilt the slot until it is granted anew. */
  isLost: boolean;
  /** Uses left before a lease is asked for again, and how many there will be next time. */
  pause: number;
  nextPause: number;
}
