/**
 * The same call with three promises, and what has a domain make many of one of them.
 *
 * @module
 */

import { defineProtocol, oneOf, type Operations, type Protocol, u32, u64 } from "@hako/ipc";

/** Exported only so that the type of `Total` is public. @internal */
export const totalOperations = {
  /** Adds once, whoever dies. */
  once: { code: 1, request: { amount: u32 }, reply: { total: u64 }, errors: [], idempotent: false },
  /** Adds once or again. */
  again: { code: 2, request: { amount: u32 }, reply: { total: u64 }, errors: [], idempotent: true },
  /** Adds to nothing. */
  nothing: {
    code: 3,
    request: { amount: u32 },
    reply: { total: u64 },
    errors: [],
    idempotent: true,
  },
} as const satisfies Operations;

/** A total that is kept. */
export const Total: Protocol<typeof totalOperations> = defineProtocol("total", 1, totalOperations);

/** One of the calls. */
export type Promised = keyof typeof totalOperations;

/** Exported only so that the type of `TotalCaller` is public. @internal */
export const callerOperations = {
  /** Makes so many calls, one after the other. */
  run: {
    code: 1,
    request: { promised: oneOf("once", "again", "nothing"), count: u32 },
    errors: [],
    idempotent: true,
  },
} as const satisfies Operations;

/** The client of the total, as a server of whoever measures. */
export const TotalCaller: Protocol<typeof callerOperations> = defineProtocol(
  "total caller",
  1,
  callerOperations,
);
