/**
 * Which frame holds which page of a file.
 *
 * @module
 */

/** Pages below this are found by their number: those of the first 256 MiB. */
const DENSE_MAX = 65_536;

/** An index of pages. */
export class PageIndex {
  #dense: Int32Array = new Int32Array(16);
  readonly #sparse: Map<number, number> = new Map();

  /** The frame of a page, or -1. Hot path. */
  get(page: number): number {
    if (page < this.#dense.length) return this.#dense[page]! - 1;
    return page < DENSE_MAX ? -1 : this.#sparse.get(page) ?? -1;
  }

  /** How many pages from `page` on are missing, at most `countMax`. */
  missingCount(page: number, countMax: number): number {
    let count = 0;
    while (count < countMax && this.get(page + count) < 0) count++;
    return count;
  }

  /** The last of at most so many pages whose frames are neighbours. Hot path. */
  lastOfRun(page: number, countMax: number): number {
    const first = this.get(page);
    let count = 1;
    while (count < countMax && this.get(page + count) === first + count) count++;
    return page + count - 1;
  }

  /** Enters a page. */
  set(page: number, frame: number): void {
    if (page >= DENSE_MAX) {
      this.#sparse.set(page, frame);
      return;
    }
    if (page >= this.#dense.length) this.#grow(page);
    this.#dense[page] = frame + 1;
  }

  /** Removes a page. */
  delete(page: number): void {
    if (page < this.#dense.length) this.#dense[page] = 0;
    else if (page >= DENSE_MAX) this.#sparse.delete(page);
  }

  /** Removes all pages. */
  clear(): void {
    this.#dense.fill(0);
    this.#sparse.clear();
  }

  #grow(page: number): void {
    let length = this.#dense.length;
    while (length <= page) length *= 2;
    const grown = new Int32Array(length);
    grown.set(this.#dense);
    this.#dense = grown;
  }
}
