/**
 * Who owns which block, one bit each.
 *
 * @module
 */

import type { Findings } from "./finding.ts";

/** The blocks of a file system that somebody owns. */
export class Claims {
  readonly #words: Uint32Array;
  readonly #blockCount: number;
  readonly #findings: Findings;

  /** @param blockCount Blocks of the file system. */
  constructor(blockCount: number, findings: Findings) {
    this.#words = new Uint32Array(Math.ceil(blockCount / 32));
    this.#blockCount = blockCount;
    this.#findings = findings;
  }

  /** Claims a run for somebody; what is claimed twice or lies outside is a finding. */
  claim(first: number, count: number, who: string): void {
    if (!(first > 0) || first + count > this.#blockCount) {
      this.#findings.add(who, `owns ${count} blocks from ${first} on, which are not there`);
      return;
    }
    for (let block = first; block < first + count; block++) {
      const bit = 1 << (block & 31);
      const word = this.#words[block >>> 5] as number;
      if ((word & bit) !== 0) this.#findings.add(who, `block ${block} has an owner already`);
      this.#words[block >>> 5] = word | bit;
    }
  }

  /** Whether somebody owns a block. */
  has(block: number): boolean {
    return ((this.#words[block >>> 5] as number) >>> (block & 31) & 1) === 1;
  }
}
