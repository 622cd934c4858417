/**
 * A tally that each client adds to: the sums show every addition that was lost or done twice.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol, u32, u64 } from "@hako/ipc";

/** Exported only so that the type of `Tally` is public. @internal */
export const operations = {
  /** Adds to the client's own sum once, and answers it. */
  add: { code: 1, request: { amount: u32 }, reply: { sum: u64 }, errors: [], idempotent: false },
  /** The sum of all clients' sums. */
  total: { code: 2, request: {}, reply: { sum: u64 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** The protocol. */
export const Tally: Protocol<typeof operations> = defineProtocol("tally", 1, operations);

/** The protocol as a type. */
export type Tally = typeof Tally;
