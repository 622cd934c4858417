/**
 * What the app is told whose calls are measured.
 *
 * @module
 */

import { defineProtocol, oneOf, type Operations, type Protocol, u32 } from "@hako/ipc";
import { WORKS } from "./works.ts";

/** Exported only so that the type of `Load` is public. @internal */
export const operations = {
  /** Does a piece of work `count` times; what it needs is made the first time. */
  run: {
    code: 1,
    request: { work: oneOf(...WORKS), count: u32 },
    errors: [],
    idempotent: true,
  },
} as const satisfies Operations;

/** Load on files. */
export const Load: Protocol<typeof operations> = defineProtocol("files-load", 1, operations);
