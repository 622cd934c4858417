/**
 * Numbered shelves that hold numbers: the smallest server to which one may have the right to read and
 * not to write.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol, u32, u64 } from "@hako/ipc";

/** Exported only so that the type of `Shelf` is public. @internal */
export const operations = {
  /** Answers what stands on a shelf. */
  read: { code: 1, request: { shelf: u32 }, errors: ["EINVAL"], idempotent: true },
  /** Puts a number on a shelf; answers it. */
  write: { code: 2, request: { shelf: u32, value: u32 }, errors: ["EINVAL"], idempotent: true },
  /** Puts a number on a shelf, and nobody waits. */
  toss: {
    code: 3,
    request: { shelf: u32, value: u32 },
    errors: [],
    oneWay: true,
    idempotent: true,
  },
  /** Answers the badge that the request came with. */
  who: { code: 4, request: {}, errors: [], idempotent: true },
  /** Connects to what the client has granted, and reads a shelf there. */
  reach: {
    code: 5,
    request: { endpoint: u64, shelf: u32 },
    errors: ["EBADF", "EPERM", "ELOOP"],
    idempotent: true,
  },
} as const satisfies Operations;

/** The shelf protocol. */
export const Shelf: Protocol<typeof operations> = defineProtocol("shelf", 1, operations);

/** The shelf protocol as a type. */
export type Shelf = typeof Shelf;
