/**
 * The shared memory of one queue or pool of `n` items, `n` being 2 to the power of `order`.
 *
 * ```text
 *     0  head          bell | counters of the free ring | counters of the queued ring | sweeps
 *  1024  items         64 B each: state, mark, byte length
 *        free ring     2n entries of 8 B: hints to items that are FREE
 *        queued ring   the same for QUEUED; a pool has none
 *        payloads      a fixed number of bytes each; the core never looks at them
 * ```
 *
 * The state word of an item is the truth. A ring's entry is only a hint: "look at this item, it may
 * be in the state that you want". A hint may be lost or outlive its truth; see README.md.
 *
 * @module
 */

import { bytes, defineLayout, type Layout, type LayoutField, u32, u64 } from "../layout.ts";
import { ORDER_MIN } from "./limits.ts";

/** The counters of one ring, each on two cache lines of its own. Written by anyone; they wrap. */
export const RING: Layout<{
  head: LayoutField;
  headReserved: LayoutField;
  tail: LayoutField;
  tailReserved: LayoutField;
  threshold: LayoutField;
  thresholdReserved: LayoutField;
}> = defineLayout("ring", { byteLength: 384 }, {
  head: u64, // The ticket of the next look for a hint.
  headReserved: bytes(120),
  tail: u64, // The ticket of the next hint.
  tailReserved: bytes(120),
  threshold: u64, // Signed: failing looks until the ring counts as empty; negative when it does.
  thresholdReserved: bytes(120),
});

/** The head of a queue. */
export const QUEUE: Layout<{
  bell: LayoutField;
  bellReserved: LayoutField;
  free: LayoutField;
  queued: LayoutField;
  sweeps: LayoutField;
  reserved: LayoutField;
}> = defineLayout("queue", { byteLength: 1024 }, {
  bell: u32, // The takers' event count: its lowest bit says that somebody may be asleep.
  bellReserved: bytes(124),
  free: bytes(RING.byteLength),
  queued: bytes(RING.byteLength),
  sweeps: u32, // The number of the latest sweep; wraps.
  reserved: bytes(124),
});

/**
 * The head of one item, a cache line.
 *
 * `state` alone moves an item through its life, by compare-and-swap:
 * `deadline(32) | generation(20) | attempts(8) | suspect(1) | phase(3)`. Its low half is the label.
 * Who moved the item to RESERVED or TAKEN owns payload and byte length until the deadline, and no
 * longer than the word is what it wrote. The generation counts the item's hints: it grows with
 * every step into FREE or QUEUED, so no two hints are alike and no older owner's word matches.
 */
export const ITEM: Layout<{
  state: LayoutField;
  mark: LayoutField;
  byteLength: LayoutField;
  reserved: LayoutField;
}> = defineLayout("item", { byteLength: 64 }, {
  state: u64,
  mark: u32, // The latest sweep that saw this item's hint in its ring. Written by sweepers.
  byteLength: u32, // Of the payload. Written while RESERVED; a taker bounds it.
  reserved: bytes(48),
});

/** The phases of an item, in the low three bits of its state word. */
export const PHASE = {
  /** Nobody's. Its hint is, or ought to be, in the free ring. */
  FREE: 0,
  /** A producer writes the payload; or the buffer is leased, in a pool. */
  RESERVED: 1,
  /** Work that waits. Its hint is, or ought to be, in the queued ring. */
  QUEUED: 2,
  /** A taker is at work on it. */
  TAKEN: 3,
  /** It failed too often, and waits for somebody to look at it. */
  DEAD: 4,
} as const;

/** The rings by number. */
export const RINGS = {
  /** Hints to FREE items. */
  FREE_RING: 0,
  /** Hints to QUEUED items. */
  QUEUED_RING: 1,
} as const;

/** What a sweep did to one item. */
export const SWEPT = {
  /** Nothing that others need to know. */
  LEFT: 0,
  /** Its taker's lease had lapsed: it is QUEUED again. */
  REQUEUED: 1,
  /** Its producer's or holder's lease had lapsed: it is FREE again. */
  FREED: 2,
  /** Its last taker's lease had lapsed: it is DEAD. */
  DIED: 3,
  /** Its hint was lost: it has a new one. */
  RELINKED: 4,
} as const;

/** Byte offset of the first item's head. */
export const ITEMS_AT: number = QUEUE.byteLength;

/** Bytes of one entry of a ring. */
export const ENTRY_BYTES = 8;

/** The power of two that holds so many items. */
export function orderOf(items: number): number {
  return Math.max(ORDER_MIN, 32 - Math.clz32(items - 1));
}

/** Byte offset of the first payload, on a cache line of its own. */
export function payloadsAt(order: number, rings: number): number {
  return ITEMS_AT + 2 ** order * (ITEM.byteLength + rings * 2 * ENTRY_BYTES);
}
