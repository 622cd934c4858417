/**
 * What a copy between an app's own buffer and shared memory costs at least: the same bytes in the same
 * pattern, and nothing else.
 *
 * @module
 */

import type { Contestant } from "@hako/tools/bench";
import { FILE_BYTES, MiB } from "./works.ts";

/** Copies a MiB a time out of shared memory, or into it. */
export function copying(direction: "out" | "in"): Promise<Contestant> {
  const shared = new Uint8Array(new SharedArrayBuffer(FILE_BYTES)).fill(7);
  const own = new Uint8Array(MiB).fill(1);
  let at = 0;
  return Promise.resolve({
    run(count) {
      for (let done = 0; done < count; done++, at = (at + MiB) % FILE_BYTES) {
        const place = shared.subarray(at, at + MiB);
        if (direction === "out") own.set(place);
        else place.set(own);
      }
    },
  });
}
