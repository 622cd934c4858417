/**
 * Calling a handler: what it throws and is an answer, and what is its death.
 *
 * @module
 */

import type { AnyValues } from "./codec.ts";
import { OsError } from "./errno.ts";
import type { RequestContext } from "./protocol.ts";
import type { UntypedHandler } from "./served_channel.ts";

/** Calls a handler; an {@linkcode OsError} that another server answered is passed on as its errno. */
export function callHandler(
  handler: UntypedHandler,
  request: Readonly<AnyValues>,
  context: RequestContext,
): unknown {
  try {
    return handler(request, context);
  } catch (error) {
    return errnoOf(error);
  }
}

/** The errno that an error answers; what is no {@linkcode OsError} is thrown on. */
export function errnoOf(error: unknown): number {
  if (error instanceof OsError) return -error.errno;
  throw error;
}
