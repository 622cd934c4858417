/**
 * The numbers of requests that Linux waits for, for a Linux older than 6.9, which does not give them
 * again: the successor answers them with an error, so that nobody waits for ever.
 *
 * In a keep: two words for each place; both 0 where there is none.
 *
 * @module
 */

/** The requests that are not answered yet. */
export class Unanswered {
  /** Whether they are written down at all. */
  isNeeded = true;
  readonly #words: Uint32Array;

  /** Takes over what stands in a keep. */
  constructor(words: Uint32Array) {
    this.#words = words;
  }

  /** A request has been read. If there is no room, its asker waits until it is interrupted. */
  add(uniqueLow: number, uniqueHigh: number): void {
    const at = this.isNeeded ? this.#find(0, 0) : -1;
    if (at < 0) return;
    this.#words[at + 1] = uniqueHigh;
    this.#words[at] = uniqueLow;
  }

  /** It is answered. */
  remove(uniqueLow: number, uniqueHigh: number): void {
    const at = this.isNeeded ? this.#find(uniqueLow, uniqueHigh) : -1;
    if (at >= 0) this.#words.fill(0, at, at + 2);
  }

  /** Takes out the numbers of all that is not answered. */
  takeAll(): { readonly uniqueLow: number; readonly uniqueHigh: number }[] {
    const words = this.#words;
    const found = [];
    for (let at = 0; at < words.length; at += 2) {
      const [uniqueLow, uniqueHigh] = [words[at]!, words[at + 1]!];
      if (uniqueLow !== 0 || uniqueHigh !== 0) found.push({ uniqueLow, uniqueHigh });
    }
    words.fill(0);
    return found;
  }

  #find(uniqueLow: number, uniqueHigh: number): number {
    const words = this.#words;
    for (let at = 0; at < words.length; at += 2) {
      if (words[at] === uniqueLow && words[at + 1] === uniqueHigh) return at;
    }
    return -1;
  }
}
