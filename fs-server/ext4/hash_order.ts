/**
 * Sorting of few things by their hashes, without allocating.
 *
 * @module
 */

const GAPS: readonly number[] = [3535, 1577, 701, 301, 132, 57, 23, 10, 4, 1];

/** Any array of numbers that is sorted in place. */
export type Keys = Uint32Array | Float64Array;

/** Sorts the first `count` of `keys`, and `companions` with them. Not stable. */
export function sortByHash(
  keys: Keys,
  companions: Uint16Array | Float64Array,
  count: number,
): void {
  for (const gap of GAPS) {
    for (let index = gap; index < count; index++) {
      const key = keys[index] as number;
      const companion = companions[index] as number;
      let hole = index;
      while (hole >= gap && (keys[hole - gap] as number) > key) {
        keys[hole] = keys[hole - gap] as number;
        companions[hole] = companions[hole - gap] as number;
        hole -= gap;
      }
      keys[hole] = key;
      companions[hole] = companion;
    }
  }
}
