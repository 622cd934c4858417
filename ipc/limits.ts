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

/** Rounds for which an idle server spins in a crowd: about 5 us, the time to be called again. */
export const IDLE_CROWDED_ROUNDS_MAX = 4;

/**
 * Rounds for which a caller spins before it sleeps: about 20 us. A call that takes longer goes on to
 * servers that have to be woken, and one of them may be queued behind the caller on its own core.
 */
export const CALL_ROUNDS_MAX = 15;

/**
 * Rounds for which a server without a request spins while no core is wanted: about 300 us, the time
 * in which most clients do what they do between two calls.
 */
export const IDLE_ROUNDS_MAX = 250;

/**
 * The longest that anyone sleeps without looking at the fence word. Bounds how long a fenced
 * incarnation that merely sleeps can live on, and how long a lost hint can delay a request.
 */
export const SLEEP_MS_MAX = 50;
