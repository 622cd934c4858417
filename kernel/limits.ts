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
export const FAILED_STARTS_MAX = 6;

/** The longest wait before a restart, however often a domain has died. */
export const BACKOFF_MS_MAX = 5_000;

/** Incarnations that a request may kill before it is answered with an error instead. */
export const POISON_TRIES_DEFAULT = 3;

/** Most connections of a system: the program's and those of all domains. */
export const CONNECTIONS_MAX = 1_024;

/** Most segments of a system: keeps and windows. */
export const SEGMENTS_MAX = 1_024;

/** Deaths that the restart policies can count; no limit of a policy is above it. */
export const DEATHS_KEPT_MAX = 2_048;

/** Requests of which incarnations died that are remembered. */
export const SUSPECTS_MAX = 256;

/** Fenced incarnations whose end is still waited for that are remembered. */
export const ZOMBIES_MAX = 256;

/** A kernel shows that it lives at every tick; ten missed ones mean that it hangs. */
export const KERNEL_HANG_MS = 2_000;

/** Kernels in a row that may end by themselves within {@linkcode KERNEL_DEATHS_WINDOW_MS}. */
export const KERNEL_DEATHS_MAX = 8;

/** The time over which a kernel's own deaths are counted. */
export const KERNEL_DEATHS_WINDOW_MS = 10_000;

/** Room for the largest transaction of the kernel's tables: all domains of a system at its boot. */
export const KERNEL_LOG_BYTES = 2 * 1024 * 1024;

/** A kernel settles what follows from a change in this many rounds, or is wrong. */
export const SETTLE_ROUNDS_MAX = 1_000;

/** Messages of one domain that the kernel reads before it looks at the next domain. */
export const MESSAGES_PER_TURN = 16;

/**
 * Turns in a row in which a domain had posted more than was read. An honest one has a single call
 * unanswered, so its port is empty after each.
 */
export const FLOODS_MAX = 256;

/** Messages without a meaning, or calls that are none, of which a domain is ended. */
export const ABUSES_MAX = 1_024;
