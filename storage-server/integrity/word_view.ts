/**
 * A client's bytes as words, without a new view for each request.
 *
 * @module
 */

import { BLOCK_WORDS } from "../layouts/superblock.ts";
import { BLOCK_BYTES } from "../protocol.ts";

/** The words of one view after the other. */
export class WordView {
  /** The words that hold the block that was asked for last. */
  words: Uint32Array = new Uint32Array(0);
  #buffer: ArrayBufferLike | undefined;
  #all: Uint32Array = this.words;
  readonly #copy = new Uint32Array(BLOCK_WORDS);
  readonly #copyBytes = new Uint8Array(this.#copy.buffer);

  /**
   * Finds one block of a view: in place, or in a copy if the view is not aligned. Hot path.
   *
   * @returns Where the block starts in {@linkcode WordView.words}.
   */
  find(view: Uint8Array, index: number): number {
    const offset = view.byteOffset + index * BLOCK_BYTES;
    if ((offset & 3) !== 0) {
      this.#copyBytes.set(view.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES));
      this.words = this.#copy;
      return 0;
    }
    if (this.#buffer !== view.buffer) {
      this.#buffer = view.buffer;
      this.#all = new Uint32Array(view.buffer, 0, view.buffer.byteLength >>> 2);
    }
    this.words = this.#all;
    return offset >>> 2;
  }
}
