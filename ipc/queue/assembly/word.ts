// The state word of an item: deadline(32) | generation(20) | attempts(8) | suspect(1) | phase(3).

import { ITEM_BYTES, ITEMS_AT } from "./constants";

export const SUSPECT_BIT: u64 = 8; // A sweep has missed the item's hint.
export const ATTEMPT: u64 = 1 << 4;
export const ATTEMPTS_MASK: u64 = 0xff << 4;
export const GENERATION_SHIFT: u64 = 12;
export const GENERATION_MASK: u64 = 0xfffff << 12;

const PHASE_MASK: u64 = 7;
const GENERATION: u64 = 1 << 12;
const DEADLINE_SHIFT: u64 = 32;
const LEASE_RANGE: u32 = 1 << 22; // In ms: more than the longest lease.

// @ts-ignore: decorator of AssemblyScript
@inline
export function stateAt(index: u32): usize {
  return <usize> (ITEMS_AT + index * ITEM_BYTES);
}

// @ts-ignore: decorator of AssemblyScript
@inline
export function wordOf(deadline: u32, label: u64): u64 {
  return (<u64> deadline << DEADLINE_SHIFT) | label;
}

// @ts-ignore: decorator of AssemblyScript
@inline
export function phaseOf(word: u64): u32 {
  return <u32> (word & PHASE_MASK);
}

/** The label of an item that takes a step into `phase` and gets a new generation. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function renewed(word: u64, attempts: u64, phase: u32): u64 {
  return ((word + GENERATION) & GENERATION_MASK) | attempts | <u64> phase;
}

/** Whether the deadline has come: it lies ahead by no more than a lease can be long. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function hasLapsed(word: u64, now: u32): bool {
  return <u32> (word >> DEADLINE_SHIFT) - now - 1 >= LEASE_RANGE;
}
