/**
 * Assertions about one condition.
 *
 * @module
 */

import { AssertionError, suffix } from "./assertion_error.ts";

/** Throws {@linkcode AssertionError} unless `expression` is truthy. */
export function assert(expression: unknown, message = ""): asserts expression {
  if (!expression) throw new AssertionError(message);
}

/** Throws {@linkcode AssertionError} unless `expression` is falsy. */
export function assertFalse(expression: unknown, message = ""): asserts expression is false {
  if (expression) throw new AssertionError(message);
}

/** Throws {@linkcode AssertionError} if `actual` is `null` or `undefined`. */
export function assertExists<T>(
  actual: T,
  message?: string,
): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  const what = `Expected actual: "${actual}" to not be null or undefined`;
  throw new AssertionError(`${what}${suffix(message)}`);
}

/** Fails the test. */
export function fail(message?: string): never {
  throw new AssertionError(`Failed assertion${suffix(message)}`);
}

/** Fails the test because control reached a place that it must not. */
export function unreachable(reason?: string): never {
  throw new AssertionError(`Unreachable${suffix(reason)}`);
}
