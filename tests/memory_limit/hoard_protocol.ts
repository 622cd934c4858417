/**
 * A counter that can be made to hoard memory.
 *
 * @module
 */

import { defineProtocol, i32, type Operations, type Protocol, u32, utf8 } from "@hako/ipc";

/** Exported only so that the type of `Hoard` is public. @internal */
export const operations = {
  /** Adds to the counter and answers its new value. */
  add: { code: 1, request: { amount: i32 }, errors: [], idempotent: true },
  /** Grows the heap without end in the first `lives` lives that take it; then answers the epoch. */
  hoard: { code: 2, request: { how: utf8(40), lives: u32 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** The hoard protocol. */
export const Hoard: Protocol<typeof operations> = defineProtocol("hoard", 1, operations);

/** The hoard protocol as a type. */
export type Hoard = typeof Hoard;
