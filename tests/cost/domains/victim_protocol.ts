/**
 * What the measurement of fail-over says to its two domains.
 *
 * @module
 */

import { defineProtocol, f64, type Operations, type Protocol, u32 } from "@hako/ipc";

/** How the victim dies. */
export const DEATH = {
  /** A handler throws. */
  throw: 1,
  /** Its worker is terminated from outside, while requests come. */
  terminate: 2,
  /** A handler computes for longer than the domain's hang limit. */
  hang: 3,
} as const;

/** A kind of death. */
export type DeathName = keyof typeof DEATH;

/**
 * A handler that hangs comes back this long after its hang limit: later than it is noticed and
 * replaced, and soon enough to leave the next sample alone.
 */
export const HANG_BEYOND_MS = 600;

/** Exported only so that the type of `Victim` is public. @internal */
export const victimOperations = {
  /** Answers the number of the present life. */
  life: { code: 1, request: {}, errors: [], idempotent: true },
  /** Ends that life; a later one answers its own number. */
  die: { code: 2, request: { life: u32, death: u32 }, errors: [], idempotent: true },
  /** When the worker's clock began, its modules had run up to its own, and it heard of its life. */
  beginning: {
    code: 3,
    request: {},
    reply: { originUs: f64, loadedUs: f64, heardUs: f64 },
    errors: [],
    idempotent: true,
  },
} as const satisfies Operations;

/** A server that dies on request. */
export const Victim: Protocol<typeof victimOperations> = defineProtocol(
  "cost-victim",
  1,
  victimOperations,
);

/** Exported only so that the type of `Witness` is public. @internal */
export const witnessOperations = {
  /** Calls the victim without a pause until it leads another life, and tells what it saw. */
  watch: {
    code: 1,
    request: { death: u32 },
    reply: {
      life: u32,
      askedUs: f64,
      answeredUs: f64,
      gapUs: f64,
      originUs: f64,
      loadedUs: f64,
      heardUs: f64,
    },
    errors: [],
    idempotent: true,
  },
} as const satisfies Operations;

/** A client of the victim that tells how long it waited. */
export const Witness: Protocol<typeof witnessOperations> = defineProtocol(
  "cost-witness",
  1,
  witnessOperations,
);
