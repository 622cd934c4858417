/**
 * The kernel's limits, each with where it comes from.
 *
 * @module
 */

/** Most domains in a system: a census of one word each is counted before every spin. */
export const DOMAINS_MAX = 64;

/** Bytes of a keep or a window at most: offsets in a slot are unsigned 32-bit words. */
export const SEGMENT_BYTES_MAX = 2 ** 32 - 4096;

/** How often the kernel looks at leases when nothing happens. */
export const TICK_MS = 200;

/** A sleeping domain beats every 400 ms; five missed beats mean that it died without a word. */
export const LEASE_MS = 2_000;

/** A domain may compute without a beat for this long, unless its manifest says otherwise. */
export const HANG_MS_DEFAULT = 5_000;

/** How long the kernel waits for a fenced incarnation to be gone before it goes on without. */
export const FENCE_MS_MAX = 500;

/** How long a domain may take from its start until it serves: recovery of a large volume included. */
export const START_MS_MAX = 30_000;

/** How long a domain may take to close when the system halts in order. */
export const HALT_MS_MAX = 30_000;

/** Deaths within a time after which a domain is given up, unless its manifest says otherwise. */
export const RESTART_DEFAULT: { readonly limit: number; readonly windowMs: number } = {
  limit: 5,
  windowMs: 10_000,
};

/**
 * Sequences skipped when a client's channel is made anew, so that no name of a request comes twice:
 * more than a fenced client could still post before its server hears that the channel is closed.
 */
export const SEQUENCE_GAP = 2 ** 20;

/** Deaths in a row before a domain ever served: a successor that cannot start will not start. */
export const FAILED_STARTS_MAX = 3;
