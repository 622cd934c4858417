/**
 * What the benchmark of fail-over says to its two domains.
 *
 * @module
 */

import { defineProtocol, f64, type Operations, type Protocol, u32 } from "@hako/ipc";

/** How the victim dies. */
export const DEATH = {
  /** A handler throws. */
  THROW: 1,
  /** Its worker is terminated from outside, while requests come. */
  TERMINATE: 2,
  /** A handler computes for longer than the domain's hang limit. */
  HANG: 3,
} as const;

/**
 * A handler that hangs comes back this long after its hang limit: later than it is noticed and
 * replaced, and soon enough to leave the next sample alone.
 */
export const HANG_BEYOND_MS = 300;

/** Exported only so that the type of `Victim` is public. @internal */
export const victimOperations = {
  /** Answers the number of the present life. */
  life: { code: 1, request: {}, errors: [], idempotent: true },
  /** Ends that life; a later one answers its own number. */
  die: { code: 2, request: { life: u32, death: u32 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** A server that dies on request. */
export const Victim: Protocol<typeof victimOperations> = defineProtocol(
  "victim",
  1,
  victimOperations,
);

/** Exported only so that the type of `Witness` is public. @internal */
export const witnessOperations = {
  /** Calls the victim without a pause until it leads another life, and tells the longest wait. */
  watch: {
    code: 1,
    request: { death: u32 },
    reply: { gapMs: f64 },
    errors: [],
    idempotent: true,
  },
} as const satisfies Operations;

/** A client of the victim that tells how long it waited. */
export const Witness: Protocol<typeof witnessOperations> = defineProtocol(
  "witness",
  1,
  witnessOperations,
);
