// The channel core: every step that moves a slot through its life.
//
//   FREE --post(client)--> POSTED --take(server)--> TAKEN --complete(server)--> DONE --reap(client)--> FREE
//                             ^------------------------ fence(kernel) ----'
//
// The state word is sequence(32) | epoch(24) | unused(4) | area(1) | phase(3). The epoch names the
// server incarnation that may move the slot; `fence` rewrites it, so any later compare-and-swap of
// an older incarnation fails. Every function but `fence` ends within a fixed number of its own
// steps whatever the others do; the number stands beside it.
//
// One instance per memory. The instance of a channel imports `ring` from the instance of the
// server's doorbell; wasm to wasm that costs 4-6 ns.

import {
  BELL_AT,
  CLIENT_BELL_AT,
  CLIENT_SLEEPERS_AT,
  DONE,
  FREE,
  POSTED,
  SLEEPERS_AT,
  SLOT_BYTES,
  SLOT_COUNT,
  SLOTS_AT,
  TAKEN,
} from "./constants";

// @ts-ignore: decorator of AssemblyScript
@external("peer", "ring")
declare function ringPeer(): void;

const PHASE_MASK: u64 = 7;
const AREA_BIT: u64 = 8;
const LABEL_MASK: u64 = 0xffffffff; // Epoch, area and phase.
const EPOCH_SHIFT: u64 = 8;
const SEQUENCE_SHIFT: u64 = 32;

// The kernel's fence is the only step that can come between a client's load and its swap, once per
// death of the server. Four deaths within these few nanoseconds do not happen; if they did, the
// caller is told to look again.
const TRIES: i32 = 4;

// @ts-ignore: decorator of AssemblyScript
@inline
function slotAt(sequence: u32): usize {
  return <usize> (SLOTS_AT + (sequence & (SLOT_COUNT - 1)) * SLOT_BYTES);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function wordOf(sequence: u32, epoch: u32, phase: u64): u64 {
  return (<u64> sequence << SEQUENCE_SHIFT) | (<u64> epoch << EPOCH_SHIFT) | phase;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function phaseOf(word: u64): u64 {
  return word & PHASE_MASK;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function sequenceOf(word: u64): u32 {
  return <u32> (word >> SEQUENCE_SHIFT);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function epochOf(word: u64): u32 {
  return <u32> ((word & LABEL_MASK) >> EPOCH_SHIFT);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function ringAt(bell: usize, sleepers: usize): void {
  atomic.add<u32>(bell, 1);
  if (atomic.load<u32>(sleepers) != 0) atomic.notify(bell, -1);
}

/** Makes every slot FREE, for the server of `epoch`; `first` is a multiple of the slot count. */
export function initialise(first: u32, epoch: u32): void {
  for (let index: u32 = 0; index < SLOT_COUNT; index++) {
    atomic.store<u64>(slotAt(index), wordOf(first + index, epoch, FREE));
  }
}

/** Client. Posts the request of `sequence` and rings. 1 if posted, 0 if the slot is not free. At most 5 + ring. */
export function post(sequence: u32): i32 {
  const slot = slotAt(sequence);
  let word = atomic.load<u64>(slot);
  for (let i = 0; i < TRIES; i++) {
    if (phaseOf(word) != FREE || sequenceOf(word) != sequence) return 0;
    const seen = atomic.cmpxchg<u64>(slot, word, word | POSTED);
    if (seen == word) {
      ringPeer();
      return 1;
    }
    word = seen;
  }
  return 0;
}

/** Client. 0 while unanswered, then 1 or 2: the answer lies in the even or the odd reply area. 1 step. */
export function poll(sequence: u32): i32 {
  const word = atomic.load<u64>(slotAt(sequence));
  if (phaseOf(word) != DONE || sequenceOf(word) != sequence) return 0;
  return word & AREA_BIT ? 2 : 1;
}

/** Client. Like `poll`, up to `limit` times. */
export function spin(sequence: u32, limit: i32): i32 {
  for (let i = 0; i < limit; i++) {
    const area = poll(sequence);
    if (area != 0) return area;
  }
  return 0;
}

/** Client. Posts and spins: the whole of a call to a server that is awake. -1 if the slot is not free. */
export function call(sequence: u32, limit: i32): i32 {
  if (post(sequence) == 0) return -1;
  return spin(sequence, limit);
}

/** Client. Gives the slot of an answered request back to itself. 1 if done. At most 5 steps. */
export function reap(sequence: u32): i32 {
  const slot = slotAt(sequence);
  let word = atomic.load<u64>(slot);
  for (let i = 0; i < TRIES; i++) {
    if (phaseOf(word) != DONE || sequenceOf(word) != sequence) return 0;
    const free = wordOf(sequence + SLOT_COUNT, epochOf(word), FREE);
    const seen = atomic.cmpxchg<u64>(slot, word, free);
    if (seen == word) return 1;
    word = seen;
  }
  return 0;
}

/**
 * Server. Takes the request of `sequence`: 1 if taken, 0 if it is not there yet (or a newer
 * incarnation owns the slot), 2 if it was dealt with already and the next one is to be looked at.
 * At most 2 steps.
 */
export function take(sequence: u32, epoch: u32): i32 {
  const slot = slotAt(sequence);
  const word = atomic.load<u64>(slot);
  if (sequenceOf(word) != sequence) {
    return <i32> (sequenceOf(word) - sequence) > 0 ? 2 : 0;
  }
  const phase = phaseOf(word);
  if (phase == FREE) return 0;
  if (phase != POSTED) return 2;
  if (epochOf(word) != epoch) return 0;
  return atomic.cmpxchg<u64>(slot, word, wordOf(sequence, epoch, TAKEN)) == word ? 1 : 0;
}

/** Server. Publishes the answer and rings the client. 1, or 0 if the taker was fenced. At most 4 steps. */
export function complete(sequence: u32, epoch: u32): i32 {
  const taken = wordOf(sequence, epoch, TAKEN);
  const done = wordOf(sequence, epoch, DONE) | (epoch & 1 ? AREA_BIT : 0);
  if (atomic.cmpxchg<u64>(slotAt(sequence), taken, done) != taken) return 0;
  ringAt(CLIENT_BELL_AT, CLIENT_SLEEPERS_AT);
  return 1;
}

/**
 * Kernel. Hands every slot to the server of `epoch`: what was TAKEN is POSTED again, what is DONE
 * keeps its answer. From here on no step of an older incarnation counts in this channel. Lock-free:
 * a client that keeps posting can only make it look again. Answers how many requests wait.
 */
export function fence(epoch: u32): i32 {
  let waiting = 0;
  for (let index: u32 = 0; index < SLOT_COUNT; index++) {
    const slot = slotAt(index);
    let word = atomic.load<u64>(slot);
    for (;;) {
      const phase = phaseOf(word) == TAKEN ? <u64> POSTED : phaseOf(word);
      const area = word & AREA_BIT;
      const next = wordOf(sequenceOf(word), epoch, phase) | area;
      const seen = atomic.cmpxchg<u64>(slot, word, next);
      if (seen == word) {
        if (phase == POSTED) waiting++;
        break;
      }
      word = seen;
    }
  }
  return waiting;
}

/** Server. The lowest sequence that a fresh incarnation has to look at: no earlier one is unfinished. */
export function firstUnfinished(): u32 {
  let first = sequenceOf(atomic.load<u64>(slotAt(0)));
  for (let index: u32 = 1; index < SLOT_COUNT; index++) {
    const sequence = sequenceOf(atomic.load<u64>(slotAt(index)));
    if (<i32> (sequence - first) < 0) first = sequence;
  }
  return first;
}

/** Anyone. Rings the client of this channel: the kernel after it closed or fenced something. 2 steps + notify. */
export function ringClient(): void {
  ringAt(CLIENT_BELL_AT, CLIENT_SLEEPERS_AT);
}

/** Doorbell. Rings the domain. 2 steps + notify. */
export function ring(): void {
  ringAt(BELL_AT, SLEEPERS_AT);
}

/** Doorbell. Waits up to `limit` looks for the bell to differ from `seen`; answers the bell. */
export function spinBell(seen: u32, limit: i32): u32 {
  let bell = atomic.load<u32>(BELL_AT);
  for (let i = 0; i < limit && bell == seen; i++) bell = atomic.load<u32>(BELL_AT);
  return bell;
}
