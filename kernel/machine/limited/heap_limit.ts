/**
 * A web worker with a heap limit of its own: what exceeds it dies alone, where a worker without one
 * takes the process with it.
 *
 * Deno gives heap limits to workers of `node:worker_threads` only, and those have all permissions of
 * whoever creates them. But both kinds are made by one host operation, which looks up `resourceLimits`
 * on an object literal that the web worker's constructor passes without it. So for the length of that
 * constructor every object inherits the limits. Nothing else runs meanwhile, and a Deno that no longer
 * looks there is found out: a domain that is to have a limit looks for it before it does anything, and
 * refuses to live without (`heap_watch.ts`).
 *
 * @module
 */

import { outOfMemory } from "./out_of_memory.ts";

/** The property that the host operation looks up. */
const LIMITS = "resourceLimits";

/** Semi-spaces of 16 MiB are V8's own choice; larger ones only make the survivors' copies longer. */
const SEMI_SPACE_MB_MAX = 16;

/** The young generation takes two semi-spaces for what is copied and one for large objects. */
const SEMI_SPACES = 3;

/** The share of the limit that one semi-space may have. */
const SEMI_SPACE_SHARE = 16;

/** How a heap is divided, in the words of `node:worker_threads`. */
export interface HeapShares {
  /** MiB for what lives long. */
  readonly maxOldGenerationSizeMb: number;
  /** MiB for what is new. */
  readonly maxYoungGenerationSizeMb: number;
}

/** The shares of a heap of `limitMb` MiB, 16 at least. Together they are the limit, exactly. */
export function heapShares(limitMb: number): HeapShares {
  // V8 rounds a semi-space up to a power of two, and would exceed the limit.
  const fitting = 2 ** Math.floor(Math.log2(limitMb / SEMI_SPACE_SHARE));
  const young = SEMI_SPACES * Math.min(fitting, SEMI_SPACE_MB_MAX);
  return { maxOldGenerationSizeMb: limitMb - young, maxYoungGenerationSizeMb: young };
}

/**
 * Calls `create`, which makes one web worker and does nothing else: its heap is limited.
 *
 * @throws {TypeError} If the prototype of all objects is frozen, or has such a property already.
 */
export function withHeapLimit(limitMb: number, create: () => Worker): Worker {
  if (LIMITS in Object.prototype) {
    throw new TypeError(`Cannot limit a heap: Object.prototype.${LIMITS} exists`);
  }
  Object.defineProperty(Object.prototype, LIMITS, {
    value: heapShares(limitMb),
    configurable: true, // Taken away below.
  });
  try {
    return create();
  } finally {
    Reflect.deleteProperty(Object.prototype, LIMITS);
  }
}

/**
 * What a limited worker's error event says when V8 has ended it: that its heap was full, since nobody
 * else ends the code of a worker that goes on running.
 */
export function heapDeath(limitMb: number, message: string): string | undefined {
  return message.endsWith("execution terminated") ? outOfMemory(limitMb) : undefined;
}
