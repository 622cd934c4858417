/**
 * Errors of the host, in the words of Hako.
 *
 * @module
 */

import { ERRNO, type Errno, OsError } from "@hako/ipc";

/** An error of a host call as an {@linkcode OsError} that says what was attempted. */
export function errorOf(error: unknown, what: string): Error {
  if (error instanceof OsError) return error;
  const code = error instanceof Error ? (error as Error & { code?: string }).code : undefined;
  if (code !== undefined && Object.hasOwn(ERRNO, code)) {
    return new OsError(code as Errno, what, { cause: error });
  }
  if (error instanceof Deno.errors.NotCapable) return new OsError("EACCES", what, { cause: error });
  if (error instanceof Deno.errors.NotFound) return new OsError("ENOENT", what, { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}
