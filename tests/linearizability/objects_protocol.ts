/**
 * Shared objects behind an endpoint: queues, registers, counters. Their answers show a request that was
 * lost, done twice, done out of order, or answered with another's answer.
 *
 * @module
 */

import { bytes, defineProtocol, type Operations, type Protocol, u32 } from "@hako/ipc";

/** Queues, registers and counters, each numbered from 0. */
export const OBJECT_COUNTS = { queue: 5, register: 4, counter: 2 } as const;

/** Bytes that a read carries there and back. */
export const STAMP_BYTES = 48;

const object = { object: u32 } as const;

/** Exported only so that the type of `Objects` is public. @internal */
export const operations = {
  /** Appends a value from 1 to 2^31 - 1; 1, or 0 if the queue is full. */
  enqueue: { code: 1, request: { ...object, argument: u32 }, errors: [], idempotent: false },
  /** Takes the first value; 0 if there is none. */
  dequeue: { code: 2, request: object, errors: [], idempotent: false },
  /** The register's value, and the stamp as it came. */
  read: {
    code: 3,
    request: { ...object, stamp: bytes(STAMP_BYTES) },
    reply: { value: u32, stamp: bytes(STAMP_BYTES) },
    errors: [],
    idempotent: true,
  },
  /** Writes a value below 2^31; 1. */
  write: { code: 4, request: { ...object, argument: u32 }, errors: [], idempotent: false },
  /** Writes a value if the expected one stands there; 1 if it did, else 0. */
  swap: {
    code: 5,
    request: { ...object, argument: u32, expected: u32 },
    errors: [],
    idempotent: false,
  },
  /** Adds; the new sum, which stays below 2^31. */
  add: { code: 6, request: { ...object, argument: u32 }, errors: [], idempotent: false },
} as const satisfies Operations;

/** The protocol of the objects. */
export const Objects: Protocol<typeof operations> = defineProtocol("objects", 1, operations);

/** The protocol of the objects as a type. */
export type Objects = typeof Objects;
