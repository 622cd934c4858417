/**
 * What a client throws: the server's error, and what was to be done, and where.
 *
 * @module
 */

import { type Errno, OsError } from "@hako/ipc";
import type { Path } from "./places.ts";

/** What was to be done. */
export interface Attempt {
  /** The operation, as `"rename"`. */
  readonly operation: string;
  /** On what. */
  readonly path?: string;
  /** The second path of operations that have two. */
  readonly target?: string;
}

/** An operation on a file that could not be done. */
export class FileError extends OsError {
  /** The operation, as `"rename"`. */
  readonly operation: string;
  /** On what; left out for operations on the whole file system. */
  readonly path: string | undefined;
  /** The second path of operations that have two. */
  readonly target: string | undefined;

  /** An error that says what was attempted. */
  constructor(code: Errno, attempt: Attempt, options?: ErrorOptions) {
    const { operation, path, target } = attempt;
    const where = path === undefined ? "" : ` '${path}'`;
    super(code, `${operation}${where}${target === undefined ? "" : ` -> '${target}'`}`, options);
    this.operation = operation;
    this.path = path;
    this.target = target;
  }
}

/** The same error with the attempt in it; what is no expected failure stays as it is. */
export function named(error: unknown, operation: string, path?: Path, target?: Path): unknown {
  if (!(error instanceof OsError) || error instanceof FileError) return error;
  const attempt = {
    operation,
    ...(path === undefined ? {} : { path: textOf(path) }),
    ...(target === undefined ? {} : { target: textOf(target) }),
  };
  return new FileError(error.code, attempt, { cause: error });
}

const decoder = new TextDecoder();

/** Bytes of UTF-8 as text. */
export function textOf(path: Path): string {
  if (typeof path === "string") return path;
  // The decoder takes no shared memory.
  return decoder.decode(path.buffer instanceof ArrayBuffer ? path : path.slice());
}
