/**
 * A tally that clients add to: the smallest server whose answers show every request that was lost,
 * done twice, or mixed up with another client's.
 *
 * @module
 */

import { defineProtocol, oneOf, type Operations, type Protocol, u32, u64, window } from "@hako/ipc";

/** How the tally's bug ends the incarnation that meets it. */
export const SPOILS = ["throw", "exit", "hang"] as const;

/** One of {@linkcode SPOILS}. */
export type Spoil = typeof SPOILS[number];

/** Tokens are numbers below this. */
export const TOKENS_MAX = 32_768;

/** Exported only so that the type of `Tally` is public. @internal */
export const operations = {
  /** Adds to the client's own sum once, and answers it. */
  add: { code: 1, request: { amount: u32 }, reply: { sum: u64 }, errors: [], idempotent: false },
  /** The sum of all clients' sums. */
  total: { code: 2, request: {}, reply: { sum: u64 }, errors: [], idempotent: true },
  /** Fills the window with a byte; answers how many. */
  fill: {
    code: 3,
    request: { value: u32, target: window("write") },
    errors: ["EINVAL"],
    idempotent: true,
  },
  /** Notes that the client is there; answers how many have come so far. */
  join: { code: 4, request: {}, errors: [], idempotent: true },
  /** Notes once more that a token was seen; answers how often that was. */
  mark: { code: 5, request: { token: u32 }, errors: ["EINVAL"], idempotent: false },
  /** How often a token was marked. */
  marks: { code: 6, request: { token: u32 }, errors: ["EINVAL"], idempotent: true },
  /** The bug, if the tally has it: every incarnation that takes this request dies of it. */
  spoil: {
    code: 7,
    request: { how: oneOf(...SPOILS) },
    errors: ["EOPNOTSUPP"],
    idempotent: false,
  },
} as const satisfies Operations;

/** The protocol. */
export const Tally: Protocol<typeof operations> = defineProtocol("tally", 1, operations);

/** The protocol as a type. */
export type Tally = typeof Tally;
