/**
 * Tells that this worker's heap has reached its limit.
 *
 * At the limit the host ends the code that is running, in the middle, by something that nobody can
 * catch, and allows the heap twice its size so that the rest can end in order. In a callback of the
 * event loop the worker dies of that; in a microtask, where domains do their work, only that work
 * ends, and the event loop goes on without it. So it is the event loop that looks: at a limit that
 * is higher than it was.
 *
 * @module
 */

import { outOfMemory } from "../machine/limited/out_of_memory.ts";

const MIB = 2 ** 20;

/**
 * How long the death of an evented domain goes unnoticed at most; a look wakes an idle core. The timer
 * of a serving loop that sleeps in place is long due when that is cut off, so it is found at once.
 */
const LOOK_MS = 100;

/** Who is ended. */
export interface Mortal {
  /** Ends this life and says why. */
  die(why: string): void;
}

/** What of Node's `v8` is used: loaded by the domains that have a limit, and by no others. */
interface V8 {
  getHeapStatistics(): { readonly heap_size_limit: number };
}

function heapSizeLimit(): number {
  const { process } = globalThis as unknown as {
    readonly process: { getBuiltinModule(name: string): V8 };
  };
  return process.getBuiltinModule("node:v8").getHeapStatistics().heap_size_limit;
}

/** Whether the host keeps the heap of this worker within `limitMb` MiB. */
export function hasHeapLimit(limitMb: number): boolean {
  return heapSizeLimit() <= limitMb * MIB;
}

/** Ends `life` when the heap of this worker has reached its limit of `limitMb` MiB. */
export function watchHeap(limitMb: number, life: Mortal): void {
  const timer = setInterval(() => {
    if (hasHeapLimit(limitMb)) return;
    clearInterval(timer);
    life.die(outOfMemory(limitMb));
  }, LOOK_MS);
}
