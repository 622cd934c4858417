/**
 * What honest and hostile clients ask of one server: every kind of field, an account for each client,
 * and a window.
 *
 * @module
 */

import {
  bytes,
  defineProtocol,
  oneOf,
  type Operations,
  type Protocol,
  u32,
  u64,
  utf8,
  window,
} from "@hako/ipc";

/** Exported only so that the type of `Ledger` is public. @internal */
export const operations = {
  /** Adds to the account of whoever asks. */
  deposit: {
    code: 1,
    request: { amount: u32 },
    reply: { badge: u32, balance: u64 },
    errors: [],
    idempotent: false,
  },
  /** The fields as they came. */
  echo: {
    code: 2,
    request: { whence: oneOf("start", "end"), large: u64, raw: bytes(100), text: utf8(100) },
    reply: { whence: oneOf("start", "end"), large: u64, raw: bytes(100), text: utf8(100) },
    errors: [],
    idempotent: true,
  },
  /** Fills the window with a byte; answers how many. */
  fill: {
    code: 3,
    request: { value: u32, target: window("write") },
    errors: ["EFAULT"],
    idempotent: true,
  },
  /** Notes that it came. */
  note: { code: 4, request: { value: u32 }, oneWay: true, errors: [], idempotent: false },
} as const satisfies Operations;

/** The ledger protocol. */
export const Ledger: Protocol<typeof operations> = defineProtocol("ledger", 1, operations);

/** The ledger protocol as a type. */
export type Ledger = typeof Ledger;
