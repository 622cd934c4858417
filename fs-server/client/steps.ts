/**
 * What the synchronous and the asynchronous client share: an operation is written once, as steps
 * that ask the server and go on with its answer. Who runs the steps decides how to wait.
 *
 * @module
 */

import type { Answered, Client, Reply, Request } from "@hako/ipc";
import type { FileSystem, operations } from "../protocol.ts";

/** The name of an operation of the protocol. */
export type OperationName = Answered<typeof operations>;

/** A request to be made. */
export interface Ask {
  /** What is asked for. */
  readonly operation: OperationName;
  /** Its fields. */
  readonly request: Readonly<Record<string, unknown>>;
}

/** Steps of something that ends with a `T`. */
export type Steps<T> = Generator<Ask, T, unknown>;

/** Asks, and answers what the server does. To be called with `yield*`. */
export function* ask<K extends OperationName>(
  operation: K,
  request: Request<(typeof operations)[K]>,
): Steps<Reply<(typeof operations)[K]>> {
  return (yield { operation, request }) as Reply<(typeof operations)[K]>;
}

/** Takes all steps at once; the thread waits for each answer. */
export function runSync<T>(client: Client<FileSystem>, steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) {
    const { operation, request } = step.value;
    let reply: unknown;
    try {
      reply = client.callSync(operation, request as never);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(reply);
  }
  return step.value;
}

/** Takes the steps one after the other; the caller's event loop goes on between them. */
export async function run<T>(client: Client<FileSystem>, steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (step.done !== true) {
    const { operation, request } = step.value;
    let reply: unknown;
    try {
      reply = await client.call(operation, request as never);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(reply);
  }
  return step.value;
}
