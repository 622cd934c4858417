/**
 * A total that many add to, each increment once.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol, u32, u64 } from "@hako/ipc";

/** Exported only so that the type of `Tally` is public. @internal */
export const operations = {
  /** Adds to the total and answers its new value. */
  add: { code: 1, request: { amount: u32 }, reply: { value: u64 }, errors: [], idempotent: false },
} as const satisfies Operations;

/** The tally protocol. */
export const Tally: Protocol<typeof operations> = defineProtocol("tally", 1, operations);

/** The tally protocol as a type. */
export type Tally = typeof Tally;

/** Exported only so that the type of `ForgetfulTally` is public. @internal */
export const forgetfulOperations = {
  add: { ...operations.add, idempotent: true },
} as const satisfies Operations;

/** The same, but it claims that an increment may as well be done twice: so nobody remembers it. */
export const ForgetfulTally: Protocol<typeof forgetfulOperations> = defineProtocol(
  "tally",
  1,
  forgetfulOperations,
);
