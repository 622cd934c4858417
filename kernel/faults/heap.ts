/**
 * A heap that grows and never shrinks, as that of a server with a leak does.
 *
 * @module
 */

/** Numbers in one piece of the heap: 1 MiB of doubles, which V8 keeps in the heap itself. */
const PIECE_LENGTH = 2 ** 17;

/** What has leaked in this worker. */
const leaked: number[][] = [];

/** Grows the heap of this worker by so many MiB; by `Infinity`, until there is no more. */
export function growHeap(byMb: number): void {
  for (let grown = 0; grown < byMb; grown++) {
    // Doubles that are no small integers: an array of those would take half the place.
    leaked.push(Array.from({ length: PIECE_LENGTH }, (_, i) => i + 0.5));
  }
}
