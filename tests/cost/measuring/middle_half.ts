/**
 * The usual operation: the mean of those that took neither long nor short.
 *
 * @module
 */

/**
 * What the parts of operations came to, on average over the half of them whose whole lies in the
 * middle. So the parts add up to the whole, as medians of parts do not where each part takes one of
 * two times.
 *
 * @param operations Each with its parts, and with the whole under that name.
 */
export function middleHalf<K extends string>(
  operations: readonly Readonly<Record<K | "whole", number>>[],
): Record<K | "whole", number> {
  const sorted = operations.toSorted((one, other) => one.whole - other.whole);
  const quarter = sorted.length >> 2;
  const middle = sorted.slice(quarter, sorted.length - quarter);
  const names = Object.keys(middle[0] ?? {}) as (K | "whole")[];
  const means = names.map((name) => {
    return [name, middle.reduce((sum, parts) => sum + parts[name], 0) / middle.length];
  });
  return Object.fromEntries(means);
}
