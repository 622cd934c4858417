/**
 * What greedy and polite clients ask of one server: a turn, and nothing else.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol } from "@hako/ipc";

/** Exported only so that the type of `Turns` is public. @internal */
export const operations = {
  /** Is served; answers 0. */
  visit: { code: 1, request: {}, errors: [], idempotent: true },
} as const satisfies Operations;

/** The protocol of turns. */
export const Turns: Protocol<typeof operations> = defineProtocol("turns", 1, operations);

/** The protocol of turns as a type. */
export type Turns = typeof Turns;
