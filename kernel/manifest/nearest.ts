/**
 * The valid name that a wrong one was probably meant to be.
 *
 * @module
 */

/** The longest name that is compared: the work grows with the square, and names come from files. */
const NAME_LENGTH_MAX = 100;

/** The question that names the nearest valid name, or nothing when none is near. */
export function suggest(name: string, candidates: Iterable<string>): string {
  if (name.length > NAME_LENGTH_MAX) return "";
  let nearest: string | undefined;
  let distanceMin = Math.max(2, name.length / 2) + 1;
  for (const candidate of candidates) {
    if (candidate.length > NAME_LENGTH_MAX) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < distanceMin) [nearest, distanceMin] = [candidate, distance];
  }
  return nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
