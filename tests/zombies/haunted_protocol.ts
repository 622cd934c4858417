/**
 * What the domains speak that turn into zombies.
 *
 * @module
 */

import { defineProtocol, oneOf, type Operations, type Protocol, u32 } from "@hako/ipc";

/** The zombies, by what they do after their end. */
export const ZOMBIES = ["infinite loop", "timed waits", "blocked for good", "woken late"] as const;

/** One of {@linkcode ZOMBIES}. */
export type Zombie = typeof ZOMBIES[number];

/** Exported only so that the type of `Haunted` is public. @internal */
export const operations = {
  /** Adds to the sum once and answers it. */
  add: { code: 1, request: { amount: u32 }, errors: [], idempotent: false },
  /** Turns this life into a zombie; the next one answers its epoch. */
  turn: { code: 2, request: { into: oneOf(...ZOMBIES) }, errors: ["EIO"], idempotent: false },
  /** Writes a block of one value; answers 1. */
  put: { code: 3, request: { block: u32, value: u32 }, errors: ["EIO"], idempotent: true },
  /** Answers what the whole block holds, or `EIO` if it holds several values. */
  get: { code: 4, request: { block: u32 }, errors: ["EIO"], idempotent: true },
} as const satisfies Operations;

/** The protocol of a haunted house. */
export const Haunted: Protocol<typeof operations> = defineProtocol("haunted", 1, operations);

/** The protocol as a type. */
export type Haunted = typeof Haunted;
