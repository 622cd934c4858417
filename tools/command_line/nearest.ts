/**
 * The valid name that a misspelt one was probably meant to be.
 *
 * @module
 */

/**
 * The candidate nearest to `name`, or `undefined` if none is near: no more than a third of the
 * letters, and at least one, may be inserted, deleted, replaced or swapped with a neighbour.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** `: no such command; did you mean "scenarios"?` - the end of a message that refuses a name. */
export function noSuch(kind: string, name: string, candidates: Iterable<string>): string {
  const guess = nearest(name, candidates);
  return guess === undefined ? `no such ${kind}` : `no such ${kind}; did you mean "${guess}"?`;
}

/** Edits (insert, delete, replace, swap neighbours) that turn `source` into `target`. */
function editDistance(source: string, target: string): number {
  // Three rows of the table of Wagner and Fischer, with the swap of Damerau.
  let beforeLast: number[] = [];
  let last = Array.from({ length: target.length + 1 }, (_, column) => column);
  for (let row = 1; row <= source.length; row++) {
    const current = [row];
    for (let column = 1; column <= target.length; column++) {
      const same = source[row - 1] === target[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && source[row - 1] === target[column - 2] &&
        source[row - 2] === target[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[target.length] ?? 0;
}
