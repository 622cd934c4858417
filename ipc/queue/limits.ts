/**
 * Every limit of the queues, each with where it comes from.
 *
 * @module
 */

/**
 * Entries of the smallest ring, as a power of two: 64. The proof of SCQ wants no more participants
 * than a ring has indices; with more, `take` may say "nothing" too early. So few items still get a
 * ring that is large enough for any machine's workers.
 */
export const ORDER_MIN = 6;

/** Items in a queue, at most: an index and a label of 32 bits go into one number of 53 bits. */
export const ITEMS_MAX = 65_536;

/** Tries of one item, at most: what the state word has bits for. */
export const ATTEMPTS_MAX = 255;

/** The longest lease, an hour: deadlines are compared within half of 2^32 ms, which is 24 days. */
export const LEASE_MS_MAX = 3_600_000;

/** Pages of 64 KiB in the memory of a queue, at most: 1 GiB, what the core is compiled for. */
export const PAGES_MAX = 16_384;
