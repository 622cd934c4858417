/**
 * Every limit of the channel layer, each with where it comes from.
 *
 * @module
 */

/** Slots in a channel. A power of two; 64 requests in flight fill the pipe of any server here. */
export const SLOT_COUNT = 64;

/** 32-bit words for the fixed fields of a request: what is left of one cache line after its head. */
export const REQUEST_WORDS = 12;

/** 32-bit words for the fixed fields of a reply: what is left of one cache line after its head. */
export const REPLY_WORDS = 14;

/** Bytes for the variable fields of a request, and again of a reply. Larger data goes by window. */
export const PAYLOAD_BYTES = 256;

/** The largest epoch: it shares a 64-bit word with the sequence and the phase. */
export const EPOCH_MAX = 0xff_ffff;

/** Looks at a word in one call of the core, before its waiter thinks again: about 1.3 us. */
export const SPIN_LOOKS = 1_000;

/** Rounds for which a spinner bears a crowd: about 15 us, the time in which a callee falls asleep. */
export const CROWDED_ROUNDS_MAX = 12;

/**
 * How often a waiter asks anew whether to go on spinning before it sleeps. With a thousand looks
 * each this is about 50 us: longer than most calls take, shorter than two wake-ups of an idle core.
 */
export const SPIN_ROUNDS_MAX = 40;

/**
 * The longest that anyone sleeps without looking at the fence word. Bounds how long a fenced
 * incarnation that merely sleeps can live on, and how long a lost hint can delay a request.
 */
export const SLEEP_MS_MAX = 50;
