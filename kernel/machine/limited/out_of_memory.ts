/**
 * The one sentence that a full heap is told by.
 *
 * @module
 */

/** Why a domain died whose heap has reached its limit of `limitMb` MiB. */
export function outOfMemory(limitMb: number): string {
  return `ran out of its ${limitMb} MiB of memory`;
}
