/**
 * A number for each group, and the nearest group with at least so much: a tree of maxima, so that
 * no search looks at all groups.
 *
 * @module
 */

/** Numbers of groups. */
export class GroupIndex {
  /** Groups. */
  readonly count: number;
  readonly #leaves: number;
  /** Node 1 is the root, node `n` has the greater of nodes `2n` and `2n + 1`. */
  readonly #nodes: Uint32Array;

  /** All numbers are 0 at first. */
  constructor(count: number) {
    let leaves = 1;
    while (leaves < count) leaves *= 2;
    this.count = count;
    this.#leaves = leaves;
    this.#nodes = new Uint32Array(2 * leaves);
  }

  /** The greatest number of all. */
  get max(): number {
    return this.#nodes[1] ?? 0;
  }

  /** The number of a group. */
  get(group: number): number {
    return this.#nodes[this.#leaves + group] ?? 0;
  }

  /** Sets the number of a group. */
  set(group: number, value: number): void {
    const nodes = this.#nodes;
    let node = this.#leaves + group;
    nodes[node] = value;
    while (node > 1) {
      const max = Math.max(nodes[node] ?? 0, nodes[node ^ 1] ?? 0);
      node >>>= 1;
      if (nodes[node] === max) return;
      nodes[node] = max;
    }
  }

  /**
   * The first group from `from` on, and then from 0 on, with at least that number.
   *
   * @param atLeast More than 0.
   * @returns -1 if there is none.
   */
  next(from: number, atLeast: number): number {
    const found = this.#nextUp(from, atLeast);
    return found < 0 && from > 0 ? this.#nextUp(0, atLeast) : found;
  }

  #nextUp(from: number, atLeast: number): number {
    const nodes = this.#nodes;
    let node = this.#leaves + from;
    while ((nodes[node] ?? 0) < atLeast) {
      while ((node & 1) === 1) node >>>= 1; // A right child: all of its parent lies before.
      if (node === 0) return -1;
      node++;
    }
    while (node < this.#leaves) {
      node *= 2;
      if ((nodes[node] ?? 0) < atLeast) node++;
    }
    return node - this.#leaves;
  }
}
