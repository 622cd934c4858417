/**
 * What a deputy does for its clients: with what they have given it, and with nothing else.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol, u32, u64 } from "@hako/ipc";

const errors = ["EBADF", "EPERM", "EINVAL", "EMFILE", "ENFILE"] as const;

/** Exported only so that the type of `Deputy` is public. @internal */
export const operations = {
  /** Reads a shelf by a capability that the client has granted. */
  look: { code: 1, request: { endpoint: u64, shelf: u32 }, errors, idempotent: true },
  /** Writes a shelf by one. */
  put: { code: 2, request: { endpoint: u64, shelf: u32, value: u32 }, errors, idempotent: true },
  /** Fills the memory of a segment that the client has granted. */
  fill: { code: 3, request: { segment: u64, value: u32 }, errors, idempotent: true },
  /** Copies a segment that the client has granted; answers its first byte. */
  copy: { code: 4, request: { segment: u64 }, errors, idempotent: true },
  /** Tells the handle of the deputy's own capability to the shelf: it is no secret. */
  own: { code: 5, request: {}, reply: { handle: u64, badge: u32 }, errors, idempotent: true },
  /** Grants the client its own right to the shelf, for reading only. */
  borrow: { code: 6, request: {}, reply: { handle: u64 }, errors, idempotent: true },
  /** Takes back all that was borrowed; answers how many capabilities have ended. */
  recall: { code: 7, request: {}, errors, idempotent: true },
  /** How many capabilities the deputy holds. */
  holds: { code: 8, request: {}, errors, idempotent: true },
} as const satisfies Operations;

/** The deputy protocol. */
export const Deputy: Protocol<typeof operations> = defineProtocol("deputy", 1, operations);

/** The deputy protocol as a type. */
export type Deputy = typeof Deputy;
