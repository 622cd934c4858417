/**
 * A counter kept in a keep: the smallest server whose answers show a request lost or done twice.
 *
 * @module
 */

import { defineProtocol, i32, type Operations, type Protocol, u32, utf8, window } from "@hako/ipc";

/** Exported only so that the type of `Counter` is public. @internal */
export const operations = {
  /** Adds to the counter once and answers its new value. */
  add: { code: 1, request: { amount: i32 }, errors: ["EINVAL"], idempotent: false },
  /** Answers the text in capitals, by whom and in which life. */
  shout: {
    code: 2,
    request: { text: utf8(100) },
    reply: { text: utf8(100), epoch: u32 },
    errors: [],
    idempotent: true,
  },
  /** Fills the window with a byte; answers how many. */
  fill: {
    code: 3,
    request: { value: u32, target: window("write") },
    errors: ["EINVAL"],
    idempotent: true,
  },
  /** Dies of it: 1 throws, 2 closes the worker, 3 exits, 4 computes for seconds. */
  die: { code: 4, request: { how: u32 }, errors: [], idempotent: false },
} as const satisfies Operations;

/** The counter protocol. */
export const Counter: Protocol<typeof operations> = defineProtocol("counter", 1, operations);

/** The counter protocol as a type. */
export type Counter = typeof Counter;
