/**
 * Lives of tests.
 *
 * @module
 */

import type { ImageLife } from "./image.ts";

/** A life that is never over. */
export function life(epoch: number): ImageLife {
  return { epoch, requireLife: () => {} };
}
