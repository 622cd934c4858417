/**
 * How the scratch window is shared between the journal and the integrity layer.
 *
 * @module
 */

import { SCRATCH_BLOCKS_MIN } from "./integrity/open.ts";
import { BLOCK_BYTES } from "./protocol.ts";
import { SCRATCH_BYTES_MIN } from "./ring.ts";

/** Bytes that the integrity layer gets at most: more would not make it faster. */
const LAYER_BYTES_MAX = 66 * BLOCK_BYTES;

/** Fewest bytes that it gets. */
const LAYER_BYTES_MIN = SCRATCH_BLOCKS_MIN * BLOCK_BYTES;

/** The two parts of a scratch window. */
export interface SharedScratch {
  /** The part of the journal. */
  readonly journal: Uint8Array;
  /** The part of the integrity layer; empty without one. */
  readonly layer: Uint8Array;
}

/**
 * Shares a window.
 *
 * @throws {RangeError} If it is too small; a manifest is written by a person, who is told.
 */
export function shareScratch(window: Uint8Array, hasLayer: boolean): SharedScratch {
  const spare = window.byteLength - SCRATCH_BYTES_MIN;
  const least = hasLayer ? LAYER_BYTES_MIN : 0;
  if (spare < least) {
    const needed = SCRATCH_BYTES_MIN + least;
    throw new RangeError(
      `Cannot work with a scratch window of ${window.byteLength} bytes: ${needed} at least`,
    );
  }
  const whole = spare - spare % BLOCK_BYTES;
  const layerBytes = hasLayer ? Math.min(LAYER_BYTES_MAX, whole) : 0;
  return { layer: window.subarray(0, layerBytes), journal: window.subarray(layerBytes) };
}
