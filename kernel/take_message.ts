/**
 * Reads a port in place: for threads that are in a synchronous call, or do all that they have to do in
 * one go, and have no event loop meanwhile.
 *
 * @module
 */

import { receiveMessageOnPort } from "node:worker_threads";

/** The next message of a port that has no handler, or `undefined`. */
export function takeMessage(port: MessagePort): unknown {
  return receiveMessageOnPort(port as unknown as NodePort)?.message;
}

/** The same port, by the name that Node has for it. */
type NodePort = Parameters<typeof receiveMessageOnPort>[0];
