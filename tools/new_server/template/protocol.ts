/**
 * What the server promises to its clients. Both sides are typed by it.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol, u32, u64 } from "@hako/ipc";

/** Who connects has to mean the same protocol, of the same version. */
const NAME = "tally";
const VERSION = 1;

/** The operations. Codes are for ever: append, never reuse. */
export const operations = {
  /** Adds to the total and answers the new one. Not idempotent: it is done exactly once. */
  add: { code: 1, request: { amount: u32 }, reply: { total: u64 }, errors: [], idempotent: false },
  /** Answers the total. It may be asked twice without harm. */
  read: { code: 2, request: {}, reply: { total: u64 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** The protocol, as a value for `serve()` and `connect()`. */
export const Tally: Protocol<typeof operations> = defineProtocol(NAME, VERSION, operations);

/** The same as a type: `Client<Tally>`. */
export type Tally = typeof Tally;
