/**
 * What a client knows of a file of which it keeps parts.
 *
 * @module
 */

import type { PageIndex } from "./page_index.ts";

/** Uses of a file without asking again, after its lease was refused or taken away: doubles. */
export const PAUSE_MIN = 2;
const PAUSE_MAX = 32;

/** A file of which this program keeps parts. */
export interface CachedFile {
  /** The number of its inode. */
  readonly inode: number;
  /** The slot of its lease. */
  slot: number;
  /** Word index of the slot. */
  word: number;
  /** The grant under which the frames were filled. */
  grant: number;
  /** Which frame holds which of its pages. */
  readonly pages: PageIndex;
  /** The frames that are its own. */
  readonly frames: Set<number>;
  /** How many open files use it. */
  useCount: number;
  /** When it was last opened. */
  usedAt: number;
  /** Whether we were overruled: our late stores may have spoilt the slot until it is granted anew. */
  isLost: boolean;
  /** Uses left before a lease is asked for again. */
  pause: number;
  /** How many there will be next time. */
  nextPause: number;
}

/** Whether to ask for a lease again now. */
export function mayAsk(file: CachedFile): boolean {
  if (file.pause > 0) {
    file.pause--;
    return false;
  }
  file.pause = file.nextPause;
  file.nextPause = Math.min(2 * file.nextPause, PAUSE_MAX);
  return true;
}
