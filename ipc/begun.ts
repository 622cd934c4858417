/**
 * What fenced incarnations had taken, for their successor.
 *
 * @module
 */

import { slotWord, TAKEN_AT } from "./channel.ts";
import { SLOT_COUNT } from "./limits.ts";
import type { OpenChannel } from "./served_channel.ts";

/** A request that a predecessor had taken, taken again. */
export interface Begun {
  /** Its channel. */
  readonly served: OpenChannel;
  /** Its number there. */
  readonly sequence: number;
  /** Its place in the order of taking, which begins anew after 2^32. */
  readonly taken: number;
}

/**
 * Takes all that predecessors had taken, and puts it into the order in which they had.
 *
 * The order is read from the slots, where clients could have changed it. Within a channel it is that
 * of posting whatever stands there; so who changes it puts only its own requests elsewhere.
 */
export function takeBegun(channels: readonly OpenChannel[]): Begun[] {
  const begun: Begun[] = [];
  for (const served of channels) {
    const { channel: { core, words }, epoch } = served.accepted;
    let taken = 0;
    for (let looked = 0; looked < SLOT_COUNT; looked++) {
      const sequence = served.next;
      const outcome = core.takeAgain(sequence, epoch);
      if (outcome === 0) break;
      served.next = (sequence + 1) >>> 0;
      if (outcome !== 1) continue;
      taken = Math.max(taken, words[slotWord(sequence) + TAKEN_AT]! >>> 0);
      begun.push({ served, sequence, taken });
    }
  }
  return begun.sort((one, other) => one.taken - other.taken);
}
