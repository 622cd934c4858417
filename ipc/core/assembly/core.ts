// The channel core: every step that moves a slot through its life, and every step of waking.
//
//   FREE ---post---> POSTED ---take---> TAKEN ---complete---> DONE ---post (next sequence)---> POSTED
//    ^                | ^                | |                   (reap reads the answer: no step)
//    |<----cancel-----' '-----fence------' '--cancel--> CANCELLED
//    '<----complete (one-way)--------------'                |
//    '<----complete, fence----------------------------------'
//
// The state word is sequence(32) | epoch(24) | unused(3) | again(1) | area(1) | phase(3). The epoch names the
// server incarnation that may move the slot; `fence` raises it, so any later compare-and-swap of an
// older incarnation fails. FREE carries the sequence of the slot's next request; DONE that of its
// last, and is as good as FREE to its client. AGAIN marks a POSTED that was TAKEN before a fence: its
// effects may be there, so a successor takes all such before any other. Every function ends within a fixed number of its own
// atomic steps whatever the others do; the number stands beside it, and the model checks it.
//
// One instance per memory. The instance of a channel imports `ring` from the instance of the
// server's doorbell; wasm to wasm that costs 4-6 ns.

import {
  AGAIN,
  ASLEEP,
  BELL_AT,
  CANCELLED,
  DONE,
  FREE,
  PHASE_MASK,
  POSTED,
  READY_AT,
  SLOT_BYTES,
  SLOT_COUNT,
  SLOTS_AT,
  TAKEN,
  USES_READY_AT,
} from "./constants";

// @ts-ignore: decorator of AssemblyScript
@external("peer", "ring")
declare function ringPeer(index: u32): void;

// @ts-ignore: decorator of AssemblyScript
@external("peer", "index")
declare const peerIndex: u32;

const AREA_BIT: u64 = 8;
const LABEL_MASK: u64 = 0xffffffff; // Epoch, area and phase.
const EPOCH_SHIFT: u64 = 8;
const SEQUENCE_SHIFT: u64 = 32;
const TIMED_OUT: i32 = 2; // What `memory.atomic.wait32` answers.

const PAUSE_LOADS: i32 = 36; // About 10 ns.
const AWAY_LOADS: i32 = 280; // 60 to 80 ns: no answer comes sooner from another core.

// What can come between a client's load and its swap: nothing but a fence while the slot is its own,
// once per death of the server; a fence, a take and a completion while it cancels.
const POST_TRIES: i32 = 4;
const CANCEL_TRIES: i32 = 8;
const FENCE_TRIES: i32 = 16; // A client and its server move a slot once in 50 ns; a try takes 5.

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

/** Whether the word's slot is the client's, for the request of `sequence`. */
// @ts-ignore: decorator of AssemblyScript
@inline
function isFor(word: u64, sequence: u32): bool {
  const phase = phaseOf(word);
  if (phase == FREE) return sequenceOf(word) == sequence;
  return phase == DONE && sequenceOf(word) + SLOT_COUNT == sequence;
}

/** The swap of `post`. 1 if posted, 0 if the slot is not free, 2 if fenced too often. At most 5. */
// @ts-ignore: decorator of AssemblyScript
@inline
function publish(sequence: u32): i32 {
  const slot = slotAt(sequence);
  let word = atomic.load<u64>(slot);
  for (let i = 0; i < POST_TRIES; i++) {
    if (!isFor(word, sequence)) return 0;
    const seen = atomic.cmpxchg<u64>(slot, word, wordOf(sequence, epochOf(word), POSTED));
    if (seen == word) return 1;
    word = seen;
  }
  return 2;
}

/**
 * Lets a few nanoseconds pass between two looks at a slot: each look takes the cache line away from
 * the peer, who is about to write to it. It reads a line that nobody writes.
 */
// @ts-ignore: decorator of AssemblyScript
@inline
function pause(loads: i32): void {
  for (let i = 0; i < loads; i++) atomic.load<u32>(BELL_AT);
}

// ---- Any memory that begins with a bell. ----

/** Wakes whoever has announced a sleep. At most 3 steps: 1 while all are awake. */
export function wake(): void {
  if ((atomic.load<u32>(BELL_AT) & ASLEEP) == 0) return;
  atomic.add<u32>(BELL_AT, 1);
  atomic.notify(BELL_AT, -1);
}

/**
 * Wakes everybody, whatever the bell says: a ring that died between its two steps has taken the
 * announcement away and notified nobody. Changes the bell, so that who is about to wait does not.
 * 2 steps.
 */
export function rouse(): void {
  atomic.add<u32>(BELL_AT, 2);
  atomic.notify(BELL_AT, -1);
}

/** Announces a sleep; answers what to wait on. Whoever announces looks once more, then waits. 1 step. */
export function announce(): u32 {
  return atomic.or<u32>(BELL_AT, ASLEEP) | ASLEEP;
}

/** Sleeps while the bell is as announced; answers whether until `timeoutMs` had passed. 1 step. */
export function wait(announced: u32, timeoutMs: u32): bool {
  return atomic.wait<i32>(BELL_AT, <i32> announced, <i64> timeoutMs * 1_000_000) == TIMED_OUT;
}

// ---- The doorbell of a server. ----

/** Client of the channel with this index: there is something to take. At most 6 steps: 2 while awake. */
export function ring(index: u32): void {
  if (atomic.load<u32>(USES_READY_AT) != 0) {
    const at = <usize> (READY_AT + ((index >> 5) << 2));
    const bit = <u32> 1 << (index & 31);
    if ((atomic.load<u32>(at) & bit) == 0) atomic.or<u32>(at, bit);
  }
  wake();
}

/** Server. Asks the clients to say who has posted. Whoever asks looks at every channel after. 1 step. */
export function useReady(): void {
  atomic.store<u32>(USES_READY_AT, 1);
}

/** Server. Takes 32 ready bits, before it looks at their channels: a later post sets its bit again. At most 2. */
export function takeReady(word: u32): u32 {
  const at = <usize> (READY_AT + (word << 2));
  if (atomic.load<u32>(at) == 0) return 0;
  return atomic.xchg<u32>(at, 0);
}

// ---- Client. ----

/** Posts the request of `sequence` and rings. 1 if posted, 0 if the slot is not free, 2: try again. At most 11. */
export function post(sequence: u32): i32 {
  const posted = publish(sequence);
  if (posted == 1) ringPeer(peerIndex);
  return posted;
}

/** Posts `count` requests and rings once; answers how many were posted. At most 5 each, and 6. */
export function postMany(first: u32, count: u32): u32 {
  let posted: u32 = 0;
  while (posted < count && publish(first + posted) == 1) posted++;
  if (posted != 0) ringPeer(peerIndex);
  return posted;
}

/** Whether the slot of `sequence` is the client's. 1 step. */
export function isFree(sequence: u32): bool {
  return isFor(atomic.load<u64>(slotAt(sequence)), sequence);
}

/** 0 while unanswered, then 1 or 2: the answer is the even or the odd one, and the slot the client's. 1 step. */
export function reap(sequence: u32): i32 {
  const word = atomic.load<u64>(slotAt(sequence));
  if (phaseOf(word) != DONE || sequenceOf(word) != sequence) return 0;
  return word & AREA_BIT ? 2 : 1;
}

/** Like `reap`, up to `limit` times, with pauses. */
export function spin(sequence: u32, limit: i32): i32 {
  for (let i = 0; i < limit; i++) {
    const area = reap(sequence);
    if (area != 0) return area;
    pause(PAUSE_LOADS);
  }
  return 0;
}

/**
 * Posts and spins: the whole of a call to a server that is awake. -1 if it was not posted. Whoever
 * looked sooner than an answer can come would take the line away from the server twice.
 */
export function call(sequence: u32, limit: i32): i32 {
  if (post(sequence) != 1) return -1;
  if (limit > 0) pause(AWAY_LOADS);
  return spin(sequence, limit);
}

/**
 * Gives a request up. 1: it was never begun, and the slot is the client's again. 2: the server is at
 * work on it, and gives the slot back when no incarnation can complete it any more. 4: a server that
 * was fenced had begun it, and the slot is the client's again. 0: it has been answered, or was none.
 * 3: try again. At most 9 steps.
 */
export function cancel(sequence: u32): i32 {
  const slot = slotAt(sequence);
  let word = atomic.load<u64>(slot);
  for (let i = 0; i < CANCEL_TRIES; i++) {
    const phase = phaseOf(word);
    if (sequenceOf(word) != sequence || (phase != POSTED && phase != TAKEN)) return 0;
    const next = phase == POSTED
      ? wordOf(sequence + SLOT_COUNT, epochOf(word), FREE)
      : wordOf(sequence, epochOf(word), CANCELLED);
    const seen = atomic.cmpxchg<u64>(slot, word, next);
    if (seen == word) return phase == TAKEN ? 2 : word & AGAIN ? 4 : 1;
    word = seen;
  }
  return 3;
}

// ---- Server. ----

/**
 * Takes the request of `sequence`: 1 if taken, 0 if it is not there yet (or a newer incarnation owns
 * the slot), 2 if it was dealt with already and the next one is to be looked at. At most 2 steps.
 */
export function take(sequence: u32, epoch: u32): i32 {
  const slot = slotAt(sequence);
  const word = atomic.load<u64>(slot);
  if ((word & ~(<u64> AGAIN)) == wordOf(sequence, epoch, POSTED)) {
    return swapTaken(slot, word, sequence, epoch);
  }
  return isPast(word, sequence);
}

/**
 * Takes the request of `sequence` as `take` does, but only if an incarnation that was fenced had
 * taken it: 0 if it is another's turn. At most 2 steps.
 */
export function takeAgain(sequence: u32, epoch: u32): i32 {
  const slot = slotAt(sequence);
  const word = atomic.load<u64>(slot);
  if (word == (wordOf(sequence, epoch, POSTED) | AGAIN)) {
    return swapTaken(slot, word, sequence, epoch);
  }
  return isPast(word, sequence);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function swapTaken(slot: usize, word: u64, sequence: u32, epoch: u32): i32 {
  return atomic.cmpxchg<u64>(slot, word, wordOf(sequence, epoch, TAKEN)) == word ? 1 : 0;
}

/** What was not taken: 0 if it may come, 2 if it was dealt with already. */
// @ts-ignore: decorator of AssemblyScript
@inline
function isPast(word: u64, sequence: u32): i32 {
  const ahead = <i32> (sequenceOf(word) - sequence);
  if (ahead != 0) return ahead > 0 ? 2 : 0;
  return phaseOf(word) == FREE || phaseOf(word) == POSTED ? 0 : 2;
}

/** Like `take`, up to `limit` times while the request is not there, with pauses. */
export function spinTake(sequence: u32, epoch: u32, limit: i32): i32 {
  for (let i = 0; i < limit; i++) {
    const outcome = take(sequence, epoch);
    if (outcome != 0) return outcome;
    pause(PAUSE_LOADS);
  }
  return 0;
}

/**
 * Publishes the answer, or gives the slot back if the request is one-way or was cancelled, and wakes
 * nobody: whoever finishes one request of a channel or several calls `wake` after. 1, or 0 if the
 * taker was fenced. At most 2 steps.
 */
export function finish(sequence: u32, epoch: u32, oneWay: bool): i32 {
  const slot = slotAt(sequence);
  const taken = wordOf(sequence, epoch, TAKEN);
  const free = wordOf(sequence + SLOT_COUNT, epoch, FREE);
  const done = wordOf(sequence, epoch, DONE) | (epoch & 1 ? AREA_BIT : 0);
  const seen = atomic.cmpxchg<u64>(slot, taken, oneWay ? free : done);
  if (seen == taken) return 1;
  const cancelled = wordOf(sequence, epoch, CANCELLED);
  if (seen != cancelled) return 0;
  return atomic.cmpxchg<u64>(slot, cancelled, free) == cancelled ? 1 : 0;
}

/** Finishes a request, and wakes the client. 1, or 0 if the taker was fenced. At most 5 steps. */
export function complete(sequence: u32, epoch: u32, oneWay: bool): i32 {
  if (finish(sequence, epoch, oneWay) == 0) return 0;
  wake();
  return 1;
}

/** Whether nobody waits any more for what was taken: cancelled, or fenced. 1 step. */
export function isAbandoned(sequence: u32, epoch: u32): bool {
  return atomic.load<u64>(slotAt(sequence)) != wordOf(sequence, epoch, TAKEN);
}

/** The lowest sequence that a fresh incarnation has to look at: no earlier one is unfinished. 64 steps. */
export function firstUnfinished(): u32 {
  let first: u32 = 0;
  for (let index: u32 = 0; index < SLOT_COUNT; index++) {
    const word = atomic.load<u64>(slotAt(index));
    const next = sequenceOf(word) + (phaseOf(word) == DONE ? SLOT_COUNT : 0);
    if (index == 0 || <i32> (next - first) < 0) first = next;
  }
  return first;
}

// ---- The owner of the channel: the kernel, or a successor that takes over by itself. ----

/** Makes every slot FREE, for the server of `epoch`; `first` is a multiple of the slot count. 64 steps. */
export function initialise(first: u32, epoch: u32): void {
  for (let index: u32 = 0; index < SLOT_COUNT; index++) {
    atomic.store<u64>(slotAt(index), wordOf(first + index, epoch, FREE));
  }
}

/**
 * Hands every slot to the server of `epoch`: what was TAKEN is POSTED and marked AGAIN, what was CANCELLED is
 * its client's, what is DONE keeps its answer. From here on no step of an older incarnation counts
 * in this channel. Answers how many requests wait, or -1 if a peer has moved one slot so often that
 * it can only mean to keep the fence from ending: then the channel is to be closed.
 *
 * An epoch only grows, so a fence that was cut off is run again, and of two at once the higher wins.
 * Wakes the client, since a ring may have died with the fenced. At most 17 steps a slot, and 2.
 */
export function fence(epoch: u32): i32 {
  let waiting = 0;
  for (let index: u32 = 0; index < SLOT_COUNT; index++) {
    const slot = slotAt(index);
    let word = atomic.load<u64>(slot);
    for (let i = 0; epochOf(word) < epoch; i++) {
      if (i == FENCE_TRIES) return -1;
      const next = handedTo(word, epoch);
      const seen = atomic.cmpxchg<u64>(slot, word, next);
      word = seen == word ? next : seen;
    }
    if (phaseOf(word) == POSTED) waiting++;
  }
  rouse();
  return waiting;
}

/** The word of a slot after its fence. */
// @ts-ignore: decorator of AssemblyScript
@inline
function handedTo(word: u64, epoch: u32): u64 {
  const sequence = sequenceOf(word);
  if (phaseOf(word) == TAKEN) return wordOf(sequence, epoch, POSTED) | AGAIN;
  if (phaseOf(word) == CANCELLED) return wordOf(sequence + SLOT_COUNT, epoch, FREE);
  return wordOf(sequence, epoch, phaseOf(word)) | (word & (AREA_BIT | AGAIN));
}
