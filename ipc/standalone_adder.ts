/**
 * For tests: a protocol between two plain workers.
 *
 * @module
 */

import { i32 } from "./field.ts";
import { defineProtocol, type Operations, type Protocol } from "./protocol.ts";
import type { ChannelMemory } from "./standalone.ts";

/** Exported only so that the type of `Adder` is public. @internal */
export const operations = {
  add: { code: 1, request: { a: i32, b: i32 }, errors: [], idempotent: true },
  count: { code: 2, request: { by: i32 }, oneWay: true, errors: [], idempotent: false },
  counted: { code: 3, request: {}, errors: [], idempotent: true },
} as const satisfies Operations;

/** Adds, and counts. */
export const Adder: Protocol<typeof operations> = defineProtocol("adder", 1, operations);

/** What the test tells the worker. */
export interface AdderOrder {
  /** What to serve. */
  readonly channels: readonly ChannelMemory[];
  /** How. */
  readonly loop: "blocking" | "evented";
  /** The `a` with which `add` never ends. */
  readonly hangAt?: number;
}
