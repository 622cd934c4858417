/**
 * The bound of every transfer: a plain copy within one thread, from shared memory.
 *
 * @module
 */

import type { Contestant } from "@hako/tools/bench";

/** Copies the same bytes to the same place, again and again. */
export function copyingMemory(byteLength: number): Contestant {
  const source = new Uint8Array(new SharedArrayBuffer(byteLength)).fill(7);
  const target = new Uint8Array(byteLength);
  return {
    run(count) {
      for (let index = 0; index < count; index++) target.set(source);
    },
  };
}
