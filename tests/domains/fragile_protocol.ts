/**
 * The protocol of a server that dies when it is told to, every time.
 *
 * @module
 */

import { defineProtocol, oneOf, type Operations, type Protocol, u32 } from "@hako/ipc";

/** Exported only so that the type of `Fragile` is public. @internal */
export const operations = {
  /** Answers the server's life and version. */
  ping: { code: 1, request: {}, reply: { epoch: u32, version: u32 }, errors: [], idempotent: true },
  /** Dies of it, whoever takes it. */
  kill: { code: 2, request: { how: oneOf("throw", "exit", "hang") }, errors: [], idempotent: true },
  /** Dies of it the first time, and answers the nonce the second. */
  dieOnce: { code: 3, request: { nonce: u32 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** A server that dies. */
export const Fragile: Protocol<typeof operations> = defineProtocol("fragile", 1, operations);
/** The same as a type. */
export type Fragile = typeof Fragile;
