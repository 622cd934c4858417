/**
 * The least that a server can do.
 *
 * @module
 */

import { defineProtocol, i32, type Operations, type Protocol } from "@hako/ipc";

/** Exported only so that the type of `Echo` is public. @internal */
export const operations = {
  echo: { code: 1, request: { value: i32 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** Answers what it is asked. */
export const Echo: Protocol<typeof operations> = defineProtocol("echo", 1, operations);
