/**
 * What the domain that makes the load is told.
 *
 * @module
 */

import { defineProtocol, oneOf, type Operations, type Protocol, u32 } from "@hako/ipc";

/** Exported only so that the type of `Load` is public. @internal */
export const operations = {
  /** Does `count` transfers of `byteLength` bytes, `depth` of them under way at a time. */
  run: {
    code: 1,
    request: {
      count: u32,
      way: oneOf("read", "write"),
      order: oneOf("sequential", "random"),
      byteLength: u32,
      depth: u32,
    },
    errors: ["EIO", "EINVAL"],
    idempotent: true,
  },
} as const satisfies Operations;

/** Load on a volume. */
export const Load: Protocol<typeof operations> = defineProtocol("load", 1, operations);
