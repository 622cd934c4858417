/**
 * What a domain is asked that computes for long, as one that waits outside Hako or as one that works.
 *
 * @module
 */

import { bool, defineProtocol, type Operations, type Protocol, u32 } from "@hako/ipc";

/** Exported only so that the type of `Napper` is public. @internal */
export const operations = {
  /** Computes for so long; answers the number of the life that came to its end. */
  nap: {
    code: 1,
    request: { forMs: u32, asleep: bool },
    errors: [],
    idempotent: true,
  },
} as const satisfies Operations;

/** The endpoint of a napper. */
export const Napper: Protocol<typeof operations> = defineProtocol("napper", 1, operations);
