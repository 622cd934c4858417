/**
 * One atomic instruction as data, and what it does: the explorer's own atomics.
 *
 * A word of 32 bits is one number, a word of 64 bits two (low, high), all as `i32`. That these
 * functions do what the machine's atomics do is what `instrument_test.ts` compares.
 *
 * @module
 */

/** What an atomic instruction does. */
export const KIND = {
  load: 0,
  store: 1,
  add: 2,
  or: 3,
  and: 4,
  exchange: 5,
  compareExchange: 6,
  wait: 7,
  notify: 8,
} as const;

/** One of {@linkcode KIND}. */
export type Kind = typeof KIND[keyof typeof KIND];

/** The names of the kinds, for traces, by kind. */
export const KIND_NAMES: readonly string[] = [
  "load",
  "store",
  "add",
  "or",
  "and",
  "exchange",
  "compare-exchange",
  "wait",
  "notify",
];

/** One atomic instruction that a thread is about to do. */
export interface AtomicStep {
  /** What it does. */
  readonly kind: Kind;
  /** Which memory: the index of a channel, or the number of channels for the doorbell. */
  readonly memory: number;
  /** The byte address. */
  readonly address: number;
  /** Whether the word has 64 bits. */
  readonly wide: boolean;
  /** Whether what it answers is dropped. */
  readonly dropped: boolean;
  /** The operand; what is expected, of a compare-exchange and a wait; the count, of a notify. */
  readonly low: number;
  /** The high half of the operand. */
  readonly high: number;
  /** What a compare-exchange puts there. */
  readonly replacementLow: number;
  /** The high half of it. */
  readonly replacementHigh: number;
}

/** What an instruction read: the two halves of the word before it. */
export interface Read {
  /** The low half. */
  low: number;
  /** The high half; 0 of a word of 32 bits. */
  high: number;
  /** Whether it wrote as well. */
  wrote: boolean;
}

/**
 * Does a load, store or read-modify-write on `words[at]` (and `words[at + 1]` if wide). Hot path.
 *
 * @param read Receives what was read.
 */
export function applyAtomic(words: Int32Array, at: number, step: AtomicStep, read: Read): void {
  const low = words[at]!;
  const high = step.wide ? words[at + 1]! : 0;
  read.low = low;
  read.high = high;
  read.wrote = true;
  let newLow = step.low;
  let newHigh = step.high;
  switch (step.kind) {
    case KIND.load:
      read.wrote = false;
      return;
    case KIND.store:
    case KIND.exchange:
      break;
    case KIND.add:
      newLow = (low + step.low) | 0;
      newHigh = (high + step.high + ((newLow >>> 0) < (low >>> 0) ? 1 : 0)) | 0;
      break;
    case KIND.or:
      newLow = low | step.low;
      newHigh = high | step.high;
      break;
    case KIND.and:
      newLow = low & step.low;
      newHigh = high & step.high;
      break;
    case KIND.compareExchange:
      if (low !== step.low || (step.wide && high !== step.high)) {
        read.wrote = false;
        return;
      }
      newLow = step.replacementLow;
      newHigh = step.replacementHigh;
      break;
    default:
      throw new RangeError("Cannot apply a wait or a notify to a word");
  }
  words[at] = newLow;
  if (step.wide) words[at + 1] = newHigh;
}
