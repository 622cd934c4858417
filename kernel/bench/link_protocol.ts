/**
 * What the domains of the systems that are only started say to each other.
 *
 * @module
 */

import { defineProtocol, i32, type Operations, type Protocol } from "@hako/ipc";

/** Exported only so that the type of `Link` is public. @internal */
export const operations = {
  pass: { code: 1, request: { value: i32 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** A value that goes down a chain of servers. */
export const Link: Protocol<typeof operations> = defineProtocol("link", 1, operations);
