/**
 * The protocol of a sum that dies once.
 *
 * @module
 */

import { defineProtocol, i32, type Operations, type Protocol } from "@hako/ipc";

/** Exported only so that the type of `Sum` is public. @internal */
export const operations = {
  /** Answers how many calls this life has seen; refuses to add less than nothing. */
  add: { code: 1, request: { amount: i32 }, errors: ["EINVAL"], idempotent: true },
} as const satisfies Operations;

/** The protocol. */
export const Sum: Protocol<typeof operations> = defineProtocol("sum", 1, operations);

/** The protocol as a type. */
export type Sum = typeof Sum;
