/**
 * For tests: chance that a seed fixes.
 *
 * @module
 */

/** Numbers below a bound, in an order that a seed fixes. */
export type Random = (bound: number) => number;

/** Such numbers. */
export function randomOf(seed: number): Random {
  let state = (seed * 2654435761 + 12345) >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
