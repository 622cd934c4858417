/**
 * The protocol of a server that keeps what a client lends it.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol, u32, window } from "@hako/ipc";

/** Exported only so that the type of `Borrower` is public. @internal */
export const operations = {
  /** Lends bytes until the client's life is over. */
  lend: { code: 1, request: { bytes: window("read") }, errors: [], idempotent: true },
  /** How many lives of lenders have ended, the first byte lent at the last end, and the one now. */
  ask: {
    code: 2,
    request: {},
    reply: { epoch: u32, gone: u32, byteThen: u32, byteNow: u32 },
    errors: [],
    idempotent: true,
  },
} as const satisfies Operations;

/** A server that keeps what a client lends it. */
export const Borrower: Protocol<typeof operations> = defineProtocol("borrower", 1, operations);
/** The same as a type. */
export type Borrower = typeof Borrower;
