// The queue core: every step that moves an item through its life.
//
//   FREE --reserve--> RESERVED --publish--> QUEUED --take--> TAKEN --complete--> FREE
//    ^                   |                    ^                |
//    '--complete, sweep--'                    '--release, fail-'--fail, sweep--> DEAD
//                                             '-----sweep------'<---takeDead------'
//
// The state word is the truth; see word.ts. Two rings hold hints to what is FREE and to what is
// QUEUED; see ring.ts. The generation in the word counts the item's hints: whoever moves it into
// FREE or QUEUED wins a swap, raises the generation and puts the one hint that has its tag.
//
// Every loop is bounded, so every function ends within a number of its own atomic steps that
// depends on `order` and the number of items alone, whatever lies in the memory and whatever the
// others do. That makes the calls wait-free but not their success, which is lock-free as in SCQ:
// where it would try for ever we give up, as a ring of hints may. Then an item goes without a hint
// until a sweep, or a taker finds nothing for once. With n = 2 ** order and T = 4n tickets a hint
// is put within 18 T + 2 steps and a true one found within 29 T + 3. Undisturbed it takes 4 or 5,
// and 6.
//
// One instance per memory. All that a function needs besides the memory comes as numbers; each
// index that comes from the memory is compared with the number of items before it is used.

import {
  ASLEEP,
  BELL_AT,
  DEAD,
  DIED,
  FREE,
  FREE_RING,
  FREED,
  HEAD_AT,
  LEFT,
  MARK_AT,
  QUEUED,
  QUEUED_RING,
  RELINKED,
  REQUEUED,
  RESERVED,
  SWEEPS_AT,
  TAIL_AT,
  TAKEN,
  THRESHOLD_AT,
} from "./constants";
import {
  agrees,
  catchUp,
  countersAt,
  cycleOf,
  draw,
  EMPTY,
  enqueue,
  entryAt,
  GAP,
  hintOf,
  isBefore,
  isEmpty,
  MISS,
  noneOf,
  raiseThreshold,
  TAG_BITS,
  ticketOf,
  TICKETS,
} from "./ring";
import {
  ATTEMPT,
  ATTEMPTS_MASK,
  GENERATION_MASK,
  GENERATION_SHIFT,
  hasLapsed,
  phaseOf,
  renewed,
  stateAt,
  SUSPECT_BIT,
  wordOf,
} from "./word";

const WORD_TRIES: i32 = 4; // Between the load of a word and its swap comes a sweeper's suspicion.
const NOTHING: f64 = -1;

/** Moves the hinted item from `phase` to `next`, if the hint is true. At most 5 steps. */
function claim(order: u32, items: u32, hint: u64, phase: u32, next: u32, deadline: u32): f64 {
  const index = <u32> (hint & (noneOf(order) >> TAG_BITS));
  if (index >= items) return NOTHING;
  const at = stateAt(index);
  let word = atomic.load<u64>(at);
  for (let i = 0; i < WORD_TRIES; i++) {
    if (!agrees(order, hint, word, phase)) return NOTHING;
    const label = (word & (GENERATION_MASK | ATTEMPTS_MASK)) | <u64> next;
    const seen = atomic.cmpxchg<u64>(at, word, wordOf(deadline, label));
    if (seen == word) return <f64> wordOf(index, label);
    word = seen;
  }
  return NOTHING;
}

/** Draws hints until one is true, or there are none. At most 29 T + 3 steps. */
function find(ring: u32, order: u32, items: u32, next: u32, deadline: u32): f64 {
  if (isEmpty(ring, order)) return NOTHING;
  const phase = ring == FREE_RING ? FREE : QUEUED;
  for (let left = TICKETS << order; left != 0; left--) {
    const hint = draw(ring, order);
    if (hint == EMPTY) return NOTHING;
    if (hint == MISS) continue;
    const found = claim(order, items, hint, phase, next, deadline);
    if (found != NOTHING) return found;
  }
  return NOTHING;
}

/** Swaps the word and puts the item's new hint. Whoever wins the swap puts the only hint. */
function hand(ring: u32, order: u32, index: u32, word: u64, next: u64): bool {
  if (atomic.cmpxchg<u64>(stateAt(index), word, next) != word) return false;
  enqueue(ring, order, hintOf(order, index, next));
  if (ring == QUEUED_RING) wake();
  return true;
}

// ---- The bell. ----

/** Wakes whoever has announced a sleep. At most 3 steps: 1 while all are awake. */
export function wake(): void {
  if ((atomic.load<u32>(BELL_AT) & ASLEEP) == 0) return;
  atomic.add<u32>(BELL_AT, 1);
  atomic.notify(BELL_AT, -1);
}

/** Announces a sleep; answers what to wait on, after one more look. 1 step. */
export function announce(): u32 {
  return atomic.or<u32>(BELL_AT, ASLEEP) | ASLEEP;
}

/** Sleeps while the bell is as announced, for `timeoutMs` at most. 1 step. */
export function wait(announced: u32, timeoutMs: u32): void {
  atomic.wait<i32>(BELL_AT, <i32> announced, <i64> timeoutMs * 1_000_000);
}

// ---- Producers, and the holders of a pool's buffers. ----

/**
 * Reserves a FREE item until `deadline`. Answers -1 if none was found, else index(32) | label(32),
 * which with the deadline is the whole word: the owner's later steps swap exactly that.
 */
export function reserve(order: u32, items: u32, deadline: u32): f64 {
  return find(FREE_RING, order, items, RESERVED, deadline);
}

/** Queues what was reserved, and wakes a taker. 0 if the reservation has been swept away. */
export function publish(order: u32, index: u32, label: u32, deadline: u32): bool {
  const word = wordOf(deadline, label);
  return hand(QUEUED_RING, order, index, word, wordOf(deadline, renewed(word, 0, QUEUED)));
}

// ---- Takers. ----

/** Takes the next QUEUED item until `deadline`. Answers as `reserve` does. */
export function take(order: u32, items: u32, deadline: u32): f64 {
  return find(QUEUED_RING, order, items, TAKEN, deadline);
}

/** Takes a DEAD item, from the index `first` on, until `deadline`. At most 2 steps an item. */
export function takeDead(first: u32, items: u32, deadline: u32): f64 {
  for (let index = first; index < items; index++) {
    const at = stateAt(index);
    const word = atomic.load<u64>(at);
    if (phaseOf(word) != DEAD) continue;
    const label = (word & (GENERATION_MASK | ATTEMPTS_MASK)) | <u64> TAKEN;
    if (atomic.cmpxchg<u64>(at, word, wordOf(deadline, label)) == word) {
      return <f64> wordOf(index, label);
    }
  }
  return NOTHING;
}

/** Frees what was taken, or reserved. 0 if it belongs to somebody else by now. */
export function complete(order: u32, index: u32, label: u32, deadline: u32): bool {
  const word = wordOf(deadline, label);
  return hand(FREE_RING, order, index, word, wordOf(deadline, renewed(word, 0, FREE)));
}

/** Queues what was taken again, and counts no attempt. 0 if it belongs to somebody else by now. */
export function release(order: u32, index: u32, label: u32, deadline: u32): bool {
  const word = wordOf(deadline, label);
  const next = wordOf(deadline, renewed(word, word & ATTEMPTS_MASK, QUEUED));
  return hand(QUEUED_RING, order, index, word, next);
}

/**
 * Counts an attempt, and queues what was taken again or gives it up as DEAD. Answers `REQUEUED`,
 * `DIED`, or `LEFT` if the word is not the taker's any more.
 */
export function fail(order: u32, index: u32, label: u32, deadline: u32, attemptsMax: u32): u32 {
  return retry(order, index, wordOf(deadline, label), deadline, attemptsMax);
}

function retry(order: u32, index: u32, word: u64, deadline: u32, attemptsMax: u32): u32 {
  const before = word & ATTEMPTS_MASK;
  const attempts = before == ATTEMPTS_MASK ? before : before + ATTEMPT;
  if (attempts >= <u64> attemptsMax * ATTEMPT) {
    const dead = wordOf(deadline, renewed(word, attempts, DEAD));
    return atomic.cmpxchg<u64>(stateAt(index), word, dead) == word ? DIED : LEFT;
  }
  const next = wordOf(deadline, renewed(word, attempts, QUEUED));
  return hand(QUEUED_RING, order, index, word, next) ? REQUEUED : LEFT;
}

/** Moves the deadline of what was taken or reserved. 0 if it is somebody else's by now. 1 step. */
export function extend(index: u32, label: u32, deadline: u32, later: u32): bool {
  const word = wordOf(deadline, label);
  return atomic.cmpxchg<u64>(stateAt(index), word, wordOf(later, label)) == word;
}

// ---- Sweepers: begin, each ring, then each item. ----

/** The number of a new sweep. 1 step. */
export function beginSweep(): u32 {
  return atomic.add<u32>(SWEEPS_AT, 1) + 1;
}

/** Whether this sweep or a later one, up to the latest, has seen the hint. 1 step. */
// @ts-ignore: decorator of AssemblyScript
@inline
function isSince(seenBy: u32, sweep: u32): bool {
  return seenBy - sweep <= atomic.load<u32>(SWEEPS_AT) - sweep;
}

/** Notes that `sweep` saw the item's hint, unless a later one did. At most 9 steps. */
function mark(index: u32, sweep: u32): void {
  const at = stateAt(index) + MARK_AT;
  let seenBy = atomic.load<u32>(at);
  for (let i = 0; i < WORD_TRIES; i++) {
    if (isSince(seenBy, sweep)) return;
    const other = atomic.cmpxchg<u32>(at, seenBy, sweep);
    if (other == seenBy) return;
    seenBy = other;
  }
}

/** Marks the item whose hint the entry holds, or clears it. Whether it marked. At most 13 steps. */
function sweepEntry(ring: u32, order: u32, items: u32, sweep: u32, position: u32): bool {
  const counters = countersAt(ring);
  const none = noneOf(order);
  const at = entryAt(ring, order, position);
  const entry = atomic.load<u64>(at);
  // Loaded after the entry, so that its ticket lies before one of them, or it is garbage.
  const ticket = ticketOf(order, entry, position);
  const head = atomic.load<u64>(counters + HEAD_AT);
  const isPassed = isBefore(ticket, head);
  if (!isPassed && !isBefore(ticket, atomic.load<u64>(counters + TAIL_AT))) {
    const past = head - (<u64> 2 << <u64> order);
    atomic.cmpxchg<u64>(at, entry, cycleOf(order, past) | (none + 1) | none);
    return false;
  }
  const hint = entry & none;
  if (hint == none) return false;
  const index = <u32> (hint & (none >> TAG_BITS));
  const phase = ring == FREE_RING ? FREE : QUEUED;
  if (index >= items || !agrees(order, hint, atomic.load<u64>(stateAt(index)), phase)) {
    atomic.cmpxchg<u64>(at, entry, entry | none); // Its entry is of use again.
    return false;
  }
  if (isPassed) return false; // Its taker died, or is about to claim it.
  mark(index, sweep);
  return true;
}

/**
 * Looks at every entry of a ring: marks the items whose hints lie where a taker will come, and
 * clears what speaks for nothing, so that the ring has room. At most 13 steps an entry, and 17.
 */
export function sweepRing(ring: u32, order: u32, items: u32, sweep: u32): void {
  const counters = countersAt(ring);
  const head = atomic.load<u64>(counters + HEAD_AT);
  const tail = atomic.load<u64>(counters + TAIL_AT);
  const gap = <i64> (tail - head);
  if (gap < 0) catchUp(counters, tail, head);
  if (gap > <i64> (GAP << <u64> order)) {
    atomic.cmpxchg<u64>(counters + HEAD_AT, head, tail - (<u64> 2 << <u64> order));
  }
  let hasHint = false;
  for (let position: u32 = 0; position < <u32> 2 << order; position++) {
    if (sweepEntry(ring, order, items, sweep, position)) hasHint = true;
  }
  if (hasHint) raiseThreshold(ring, order);
}

/** Whether an item that ought to have a hint has lost it: twice missed, a lease apart. */
function relink(order: u32, index: u32, word: u64, sweep: u32, deadline: u32): u32 {
  const at = stateAt(index);
  const isSuspect = (word & SUSPECT_BIT) != 0;
  if (isSince(atomic.load<u32>(at + MARK_AT), sweep)) {
    if (isSuspect) atomic.cmpxchg<u64>(at, word, word & ~SUSPECT_BIT);
    return LEFT;
  }
  if (!isSuspect) {
    const label = (word & <u64> u32.MAX_VALUE) | SUSPECT_BIT;
    atomic.cmpxchg<u64>(at, word, wordOf(deadline, label));
    return LEFT;
  }
  const phase = phaseOf(word);
  const ring = phase == FREE ? FREE_RING : QUEUED_RING;
  const next = wordOf(deadline, renewed(word, word & ATTEMPTS_MASK, phase));
  return hand(ring, order, index, word, next) ? RELINKED : LEFT;
}

/**
 * Looks at one item after both rings: ends lapsed leases, and gives a lost hint anew. Answers one
 * of `SWEPT`. `deadline` is when the next look at what it does is due. A pool, with one ring, has
 * `attemptsMax` 0. 4 steps, and a hint's.
 */
export function sweepItem(
  order: u32,
  index: u32,
  sweep: u32,
  now: u32,
  deadline: u32,
  attemptsMax: u32,
): u32 {
  const word = atomic.load<u64>(stateAt(index));
  const phase = phaseOf(word);
  const isGarbage = phase > (attemptsMax == 0 ? RESERVED : DEAD);
  if (!isGarbage) {
    if (phase == DEAD || !hasLapsed(word, now)) return LEFT;
    if (phase == TAKEN) return retry(order, index, word, deadline, attemptsMax);
    if (phase != RESERVED) return relink(order, index, word, sweep, deadline);
  }
  const free = wordOf(deadline, renewed(word, 0, FREE));
  return hand(FREE_RING, order, index, word, free) ? FREED : LEFT;
}

/** How many items are in a phase. One step an item. */
export function count(items: u32, phase: u32): u32 {
  let found: u32 = 0;
  for (let index: u32 = 0; index < items; index++) {
    if (phaseOf(atomic.load<u64>(stateAt(index))) == phase) found++;
  }
  return found;
}

// ---- Whoever makes the memory. ----

/** Makes every item FREE, of this generation, and the rings begin with this cycle; both wrap. */
export function initialise(order: u32, items: u32, rings: u32, cycle: i32, generation: u32): void {
  const none = noneOf(order);
  const first = <u64> (<i64> cycle) << <u64> (order + 1);
  const entry = cycleOf(order, first - 1) | (none + 1) | none;
  for (let ring: u32 = 0; ring < rings; ring++) {
    for (let position: u32 = 0; position < <u32> 2 << order; position++) {
      atomic.store<u64>(entryAt(ring, order, position), entry);
    }
    atomic.store<u64>(countersAt(ring) + HEAD_AT, first);
    atomic.store<u64>(countersAt(ring) + TAIL_AT, first);
    atomic.store<i64>(countersAt(ring) + THRESHOLD_AT, -1);
  }
  for (let index: u32 = 0; index < items; index++) {
    const word = ((<u64> generation << GENERATION_SHIFT) & GENERATION_MASK) | <u64> FREE;
    atomic.store<u64>(stateAt(index), word);
    enqueue(FREE_RING, order, hintOf(order, index, word));
  }
}
