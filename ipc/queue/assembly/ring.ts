// A ring of hints: the SCQ of Nikolaev, "A Scalable, Portable, and Memory-Efficient Lock-Free FIFO
// Queue", DISC 2019, in 64-bit words. An entry is cycle | safe(1) | hint; a hint is
// tag(8) | index, the tag being the low bits of the item's generation and the index one bit wider
// than the items need; all ones are no hint.
//
// It differs in three things. Taking a hint is a swap and not an OR, since a sweep may clear an
// entry too. Every loop is bounded: who meets too many others gives up, and a hint is lost or
// overlooked. And an entry may hold a hint that is not true any more; a sweep clears it.

import {
  HEAD_AT,
  ITEM_BYTES,
  ITEMS_AT,
  RING_BYTES,
  RINGS_AT,
  TAIL_AT,
  THRESHOLD_AT,
} from "./constants";
import { GENERATION_SHIFT, phaseOf } from "./word";

export const EMPTY: u64 = u64.MAX_VALUE; // The ring has no hint.
export const MISS: u64 = u64.MAX_VALUE - 1; // This ticket has none; the next one may.
export const TICKETS: u32 = 4; // In one call, times n: two turns of the ring.
export const TAG_BITS: u32 = 8;

const TAG_MASK: u64 = 0xff;
export const GAP: u64 = 3; // From head to tail, times n: what a full threshold lets draws cross.

// What comes between a load of an entry and its swap is a step of another ticket for that entry.
const ENTRY_TRIES: i32 = 8;
const CATCH_UP_TRIES: i32 = 4;

/** The one hint that speaks for the item while its word has this generation. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function hintOf(order: u32, index: u32, word: u64): u64 {
  return (((word >> GENERATION_SHIFT) & TAG_MASK) << (order + 1)) | <u64> index;
}

/** Whether the hint speaks for the item's present word, and means this phase. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function agrees(order: u32, hint: u64, word: u64, phase: u32): bool {
  return phaseOf(word) == phase && (hint >> (order + 1)) == ((word >> GENERATION_SHIFT) & TAG_MASK);
}

// @ts-ignore: decorator of AssemblyScript
@inline
export function countersAt(ring: u32): usize {
  return <usize> (RINGS_AT + ring * RING_BYTES);
}

/** The entry of a ticket. Rotated by three bits: neighbours lie on different cache lines. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function entryAt(ring: u32, order: u32, ticket: u64): usize {
  const bits = order + 1;
  const mask = ((<u32> 1) << bits) - 1;
  const low = <u32> ticket & mask;
  const place = bits > 3 ? ((low << 3) | (low >> (bits - 3))) & mask : low;
  return <usize> (ITEMS_AT + (ITEM_BYTES << order) + (((ring << bits) + place) << 3));
}

/** All ones in the place of the hint. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function noneOf(order: u32): u64 {
  return ((<u64> 1) << <u64> (order + 1 + TAG_BITS)) - 1;
}

/** The cycle of a ticket, where an entry has it. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function cycleOf(order: u32, ticket: u64): u64 {
  return (ticket >> <u64> (order + 1)) << <u64> (order + 2 + TAG_BITS);
}

/** The ticket of the entry at a position, as far as its cycle bits can tell. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function ticketOf(order: u32, entry: u64, position: u32): u64 {
  const cycle = entry >> <u64> (order + 2 + TAG_BITS);
  return (cycle << <u64> (order + 1)) | <u64> position;
}

/** Whether a ticket lies before another, as far as those bits can tell. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function isBefore(ticket: u64, other: u64): bool {
  return <i64> ((other - ticket) << <u64> (TAG_BITS + 1)) > 0;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function fullThreshold(order: u32): i64 {
  return ((<i64> 3) << <i64> order) - 1;
}

/** Says that the ring holds a hint. At most 2 steps. */
export function raiseThreshold(ring: u32, order: u32): void {
  const at = countersAt(ring) + THRESHOLD_AT;
  const full = fullThreshold(order);
  if (atomic.load<i64>(at) != full) atomic.store<i64>(at, full);
}

/** Tries to put a hint where its ticket says. At most 18 steps. */
function place(ring: u32, order: u32, hint: u64): bool {
  const counters = countersAt(ring);
  const none = noneOf(order);
  const safe = none + 1;
  const cycles = ~(none | safe);
  const ticket = atomic.add<u64>(counters + TAIL_AT, 1);
  const at = entryAt(ring, order, ticket);
  const next = cycleOf(order, ticket) | safe | hint;
  let entry = atomic.load<u64>(at);
  for (let i = 0; i < ENTRY_TRIES; i++) {
    if ((entry & none) != none) return false;
    if (<i64> ((entry & cycles) - (next & cycles)) >= 0) return false;
    if ((entry & safe) == 0 && <i64> (atomic.load<u64>(counters + HEAD_AT) - ticket) > 0) {
      return false;
    }
    const seen = atomic.cmpxchg<u64>(at, entry, next);
    if (seen == entry) return true;
    entry = seen;
  }
  return false;
}

/**
 * Puts a hint at the tail, or loses it to a ring without room: a sweep will find the item. At most
 * 18 T + 2 steps, T being 4n.
 */
export function enqueue(ring: u32, order: u32, hint: u64): void {
  for (let left = TICKETS << order; left != 0; left--) {
    if (!place(ring, order, hint)) continue;
    raiseThreshold(ring, order);
    return;
  }
}

/** Moves the tail up to the head: producers need not burn a ticket each. At most 12 steps. */
export function catchUp(counters: usize, tail: u64, head: u64): void {
  for (let i = 0; i < CATCH_UP_TRIES; i++) {
    if (atomic.cmpxchg<u64>(counters + TAIL_AT, tail, head) == tail) return;
    head = atomic.load<u64>(counters + HEAD_AT);
    tail = atomic.load<u64>(counters + TAIL_AT);
    if (<i64> (tail - head) >= 0) return;
  }
}

/**
 * Whether a look for a hint is in vain, so that whoever polls an empty ring writes nothing. The
 * second look is for when a draw has failed since the last hint was put. At most 3 steps.
 */
export function isEmpty(ring: u32, order: u32): bool {
  const counters = countersAt(ring);
  const threshold = atomic.load<i64>(counters + THRESHOLD_AT);
  if (threshold < 0) return true;
  if (threshold == fullThreshold(order)) return false;
  const head = atomic.load<u64>(counters + HEAD_AT);
  return <i64> (atomic.load<u64>(counters + TAIL_AT) - head) <= 0;
}

/**
 * Takes the next hint out of the ring: the hint, `MISS` or `EMPTY`. At most 24 steps.
 *
 * SCQ takes it by OR, since nobody else may; here a sweep may, so it is a swap.
 */
export function draw(ring: u32, order: u32): u64 {
  const counters = countersAt(ring);
  const none = noneOf(order);
  const safe = none + 1;
  const ticket = atomic.add<u64>(counters + HEAD_AT, 1);
  const at = entryAt(ring, order, ticket);
  const cycle = cycleOf(order, ticket);
  let entry = atomic.load<u64>(at);
  for (let i = 0; i < ENTRY_TRIES; i++) {
    const ahead = <i64> ((entry & ~(none | safe)) - cycle);
    const hasHint = (entry & none) != none;
    if (ahead > 0 || (ahead == 0 && !hasHint)) break;
    // An older hint is unsafe from now on; an older entry without one is stamped, so that the late
    // producer of this ticket finds it used.
    let next = entry | none;
    if (ahead < 0) next = hasHint ? entry & ~safe : cycle | (entry & safe) | none;
    const seen = next == entry ? entry : atomic.cmpxchg<u64>(at, entry, next);
    if (seen == entry) {
      if (ahead == 0) return entry & none;
      break;
    }
    entry = seen;
  }
  const tail = atomic.load<u64>(counters + TAIL_AT);
  if (<i64> (tail - ticket - 1) <= 0) {
    catchUp(counters, tail, ticket + 1);
    atomic.add<i64>(counters + THRESHOLD_AT, -1);
    return EMPTY;
  }
  return atomic.add<i64>(counters + THRESHOLD_AT, -1) <= 0 ? EMPTY : MISS;
}
