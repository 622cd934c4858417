/**
 * What a successor in the same boot is told of the legs: one word in a keep.
 *
 * Labels cannot tell whether a leg that is there alone was left behind by one that is gone. While
 * the system runs, the witness can; so the death of a server together with a leg stops nobody.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import type { LegState } from "./layouts/label.ts";

/** Bytes of a witness. */
export const WITNESS_BYTES = 4;

const STATE_BITS = 4;
const STATE_MASK = 15;
const STATES_BITS = 8;

/** The witness of one layer. */
export class Witness {
  readonly #words: Int32Array;
  readonly #mark: number;

  /**
   * Changes nothing yet.
   *
   * @param keep At least {@linkcode WITNESS_BYTES} bytes, aligned to them; zeroes after a boot.
   * @param layerId The id of the layer, which binds the witness to it.
   */
  constructor(keep: Uint8Array | undefined, layerId: Uint32Array) {
    this.#words = keep === undefined
      ? new Int32Array(1)
      : new Int32Array(keep.buffer, keep.byteOffset, 1);
    this.#mark = (layerId[0]! ^ layerId[1]!) | 1 << STATES_BITS; // Never all zero.
  }

  /** Whether anything is known of this layer. */
  get isKnown(): boolean {
    const word = Atomics.load(this.#words, 0);
    return word !== 0 && word >>> STATES_BITS === this.#mark >>> STATES_BITS;
  }

  /** How current a leg was when it was last told. */
  stateOf(leg: number): number {
    assert(this.isKnown, "only a witness of this layer is asked");
    return (Atomics.load(this.#words, 0) >>> (leg * STATE_BITS)) & STATE_MASK;
  }

  /** Remembers how current each leg is, with one store. */
  remember(states: readonly LegState[]): void {
    let word = this.#mark >>> STATES_BITS << STATES_BITS;
    states.forEach((state, leg) => word |= state << (leg * STATE_BITS));
    Atomics.store(this.#words, 0, word);
  }
}
