/**
 * What the threads of these programs say to each other.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol, u32, utf8, window } from "@hako/ipc";

/** Exported only so that the type of `Thing` is public. @internal */
export const operations = {
  add: { code: 1, request: { a: u32, b: u32 }, errors: ["EOVERFLOW"], idempotent: true },
  greet: {
    code: 2,
    request: { name: utf8(64) },
    reply: { text: utf8(80), badge: u32 },
    errors: [],
    idempotent: true,
  },
  fill: {
    code: 3,
    request: { value: u32, target: window("write") },
    errors: [],
    idempotent: true,
  },
  /** Adds to the number in the window, which outlives the server. */
  note: {
    code: 4,
    request: { by: u32, total: window("write") },
    errors: [],
    idempotent: false,
    oneWay: true,
  },
  /** Answered after a while, by a promise. */
  later: { code: 5, request: { ms: u32 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** The protocol. */
export const Thing: Protocol<typeof operations> = defineProtocol("thing", 2, operations);

/** The same one version later. */
export const NewThing: Protocol<typeof operations> = defineProtocol("thing", 3, operations);
