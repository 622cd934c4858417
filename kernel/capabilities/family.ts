/**
 * Who was derived from whom: the parents in the table's rows, with links downwards that are built
 * again when a kernel begins.
 *
 * @module
 */

/** A forest over row indices; 0 is the parent of the roots. Static: three words a row. */
export class Family {
  readonly #parent: Int32Array;
  readonly #firstChild: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  /** A forest of no row yet. */
  constructor(length: number) {
    this.#parent = new Int32Array(length);
    this.#firstChild = new Int32Array(length);
    this.#next = new Int32Array(length);
    this.#previous = new Int32Array(length);
  }

  /** Adds a row below its parent. */
  add(index: number, parent: number): void {
    const next = this.#firstChild[parent]!;
    this.#parent[index] = parent;
    this.#next[index] = next;
    this.#previous[index] = 0;
    this.#firstChild[parent] = index;
    if (next !== 0) this.#previous[next] = index;
  }

  /** Takes a row out that has no children any more. */
  remove(index: number): void {
    const next = this.#next[index]!;
    const previous = this.#previous[index]!;
    if (previous === 0) this.#firstChild[this.#parent[index]!] = next;
    else this.#next[previous] = next;
    if (next !== 0) this.#previous[next] = previous;
  }

  /** Whether anything was derived from a row. */
  hasChildren(index: number): boolean {
    return this.#firstChild[index] !== 0;
  }

  /** All that was derived from a row, directly or not, children before their parents. */
  descendants(index: number): number[] {
    const found: number[] = [];
    let at = this.#deepest(index);
    while (at !== index) {
      found.push(at);
      const next = this.#next[at]!;
      at = next === 0 ? this.#parent[at]! : this.#deepest(next);
    }
    return found;
  }

  #deepest(index: number): number {
    let at = index;
    for (let child = this.#firstChild[at]!; child !== 0; child = this.#firstChild[at]!) at = child;
    return at;
  }
}
