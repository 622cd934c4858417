/**
 * The word that commits: a counter, and a check of it, so that a scribbled word is found.
 *
 * @module
 */

const COUNTER_MASK = 0xffff;

/** Spreads the counter over the check: the golden ratio, as in multiplicative hashing (Knuth). */
const SPREAD = 0x9e37_79b1;

/** The state of a log whose counter is `counter`. Never 0, which only a fresh memory holds. */
export function logState(counter: number): number {
  const low = counter & COUNTER_MASK;
  const check = Math.imul(low + 1, SPREAD) >>> 16;
  return ((check << 16) | low) >>> 0;
}

/** The state after this one. */
export function nextState(state: number): number {
  return logState(state + 1);
}

/** Whether a word is a state at all. */
export function isState(word: number): boolean {
  return word === logState(word);
}

/** Whether what the log holds is committed, and may not be in its place yet. */
export function isCommitted(state: number): boolean {
  return (state & 1) !== 0;
}
