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

/** Words of a request in the cache line of its state: what is left beside the short answers. */
export const REQUEST_NEAR_WORDS = 5;

/** Words of a reply in the cache line of its state, for each of the two parities. */
export const REPLY_NEAR_WORDS = 3;

/** Requests taken from one channel before the next channel has its turn. */
export const TURN_BUDGET = 16;

/** Bytes for the name of a protocol: what is left of the cache line in which a server says it. */
export const NAME_BYTES_MAX = 48;

/** Channels that one doorbell tells apart by ready bits: as many as it has bits in two cache lines. */
export const READY_CHANNELS_MAX = 1024;

/**
 * Channels up to which a server looks at the next slot of each. Above, clients say by a ready bit
 * who has posted, which costs a swap on a shared line for each request but no look at the others.
 */
export const SCAN_CHANNELS_MAX = 8;

/** Turns by ready bits after which the server looks at every channel all the same. */
export const HINTED_TURNS_MAX = 64;

/** The largest epoch: it shares a 64-bit word with the sequence and the phase. */
export const EPOCH_MAX = 0xff_ffff;

/** Looks at a word in one call of the core, before its waiter thinks again: about 1.3 us. */
export const SPIN_LOOKS = 45;

/** Looks at the answer before a caller thinks about waiting at all: about 1 us, twice a hot call. */
export const FIRST_LOOKS = 36;

/** Rounds for which a spinner bears a crowd: about 15 us, the time in which a callee falls asleep. */
export const CROWDED_ROUNDS_MAX = 12;

/** Rounds for which an idle server spins in a crowd: about 5 us, the time to be called again. */
export const IDLE_CROWDED_ROUNDS_MAX = 4;

/**
 * Rounds for which a caller spins before it sleeps: about 20 us. A call that takes longer goes on to
 * servers that have to be woken, and one of them may be queued behind the caller on its own core.
 */
export const CALL_ROUNDS_MAX = 15;

/** Credit of a caller whose spinning has always paid. */
export const SPIN_CREDIT_MAX = 16;

/** Credit for a spin that paid; one that did not costs 1: it pays if one in three does. */
export const SPIN_PAID_CREDIT = 2;

/**
 * One that has stopped to spin tries again when the last try in vain is so many times its own length
 * ago: 3 % of the time.
 */
export const TRY_SHARE = 32;

/** Waits for which it does not look at the clock for that: 200 ns in 8 waits of 7 us. */
export const ASKED_MIN = 8;

/**
 * Rounds for which a caller spins in a long try: about 6 ms. A host that ticks 250 times a second
 * sees within 4 ms that two of its threads wait for one core while another is idle.
 */
export const LONG_ROUNDS_MAX = 4_600;

/**
 * Rounds for which a server without a request spins while no core is wanted: about 300 us, the time
 * in which most clients do what they do between two calls.
 */
export const IDLE_ROUNDS_MAX = 250;

/**
 * The longest that anyone sleeps without looking at the fence word. A fence rings, and so does
 * everything that is waited for: this bounds what a ring that died with its sender can delay.
 */
export const SLEEP_MS_MAX = 400;

/** How long a server sleeps after it has found a request that nobody rang for; doubles when quiet. */
export const DISTRUST_SLEEP_MS = 1;

/**
 * Requests of a run that are posted together: the server begins while the next are being written,
 * and is rung once, since after the first ring it is awake.
 */
export const POSTED_TOGETHER = 4;

/** Calls answered at once after which the caller's event loop has its turn. */
export const AT_ONCE_MAX = 64;
