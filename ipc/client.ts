/**
 * What a client of an endpoint can do.
 *
 * @module
 */

import type { Operations, OperationsOf, Protocol, Reply, Request } from "./protocol.ts";

/** A connection to one endpoint that speaks the protocol `P`. It outlives the server's deaths. */
export interface Client<P extends Protocol<Operations>> {
  /**
   * Calls and waits, asleep or spinning, until the server has answered.
   *
   * @throws {OsError} What the server answered, or `ESHUTDOWN` when the endpoint is gone for good.
   */
  callSync<K extends keyof OperationsOf<P> & string>(
    operation: K,
    request: Request<OperationsOf<P>[K]>,
  ): Reply<OperationsOf<P>[K]>;

  /**
   * Calls and answers by a promise; the caller's event loop goes on.
   *
   * @throws {OsError} As {@linkcode Client.callSync} does.
   */
  call<K extends keyof OperationsOf<P> & string>(
    operation: K,
    request: Request<OperationsOf<P>[K]>,
  ): Promise<Reply<OperationsOf<P>[K]>>;
}
