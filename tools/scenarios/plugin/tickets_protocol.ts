/**
 * A box office, as its clients see it.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol, u32 } from "@hako/ipc";

/** Exported only so that the type of `Tickets` is public. @internal */
export const operations = {
  /** Sells the next seat of a show. */
  sell: {
    code: 1,
    request: { show: u32 },
    reply: { seat: u32 },
    errors: ["ENOENT"],
    idempotent: false, // Done exactly once, whoever dies meanwhile.
  },
  /** How many seats of a show have been sold. */
  sold: {
    code: 2,
    request: { show: u32 },
    reply: { seats: u32 },
    errors: ["ENOENT"],
    idempotent: true,
  },
} as const satisfies Operations;

/** The protocol. */
export const Tickets: Protocol<typeof operations> = defineProtocol("tickets", 1, operations);

/** The protocol as a type: `Client<Tickets>`. */
export type Tickets = typeof Tickets;
