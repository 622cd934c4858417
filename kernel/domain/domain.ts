/**
 * What a domain sees of the world: what its manifest gave it, and nothing else.
 *
 * @module
 */

import type { Client, Errno, Handlers, Operations, OperationsOf, Protocol } from "@hako/ipc";

/** The world of one incarnation. */
export interface Domain {
  /** The domain's name in the manifest. */
  readonly name: string;
  /** The number of this life, from 1. */
  readonly epoch: number;
  /** The domain's options from the manifest: JSON values. */
  readonly options: Readonly<Record<string, unknown>>;

  /** A keep: bytes that survive this incarnation. Zeroed before the first one. */
  keep(name: string): Uint8Array;

  /** A window of this domain's own, to be lent by naming views of it in requests. */
  window(name: string): Uint8Array;

  /** The client of an endpoint that the manifest lists under `uses`. */
  connect<P extends Protocol<Operations>>(protocol: P, endpoint: string): Client<P>;

  /**
   * Serves an endpoint that the manifest lists under `serves`. Requests are taken from the next
   * turn of the event loop on, so that what stands after this call in the module still runs first.
   * A handler that throws ends the incarnation; its request is given to the successor.
   *
   * @param endpoint The endpoint's name; may be left out when the domain serves just one.
   */
  serve<P extends Protocol<Operations>>(
    protocol: P,
    handlers: Handlers<OperationsOf<P>>,
    endpoint?: string,
  ): void;

  /** Runs once when the system halts in order, after the last request. For flushing and closing. */
  onHalt(close: () => void): void;

  /** Tells the program that booted the system something: progress, a figure. */
  report(value: unknown): void;

  /** Ends an app: its work is done and this is the result. */
  finish(value: unknown): void;

  /** Ends the incarnation for a reason that a restart would not mend; the boot fails with it. */
  fail(code: Errno, what: string): never;

  /** A named point at which a fault plan may let this incarnation die. Costs nothing without one. */
  point(name: string): void;

  /** Milliseconds since 1970. The only clock of a server. */
  nowMs(): number;
}
