/**
 * Assertions about text.
 *
 * @module
 */

import { AssertionError, suffix } from "./assertion_error.ts";

/** Throws {@linkcode AssertionError} unless `actual` matches. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (expected.test(actual)) return;
  const what = `Expected actual: "${actual}" to match: "${expected}"`;
  throw new AssertionError(`${what}${suffix(message)}`);
}

/** Throws {@linkcode AssertionError} if `actual` matches. */
export function assertNotMatch(actual: string, expected: RegExp, message?: string): void {
  if (!expected.test(actual)) return;
  const what = `Expected actual: "${actual}" to not match: "${expected}"`;
  throw new AssertionError(`${what}${suffix(message)}`);
}

/** Throws {@linkcode AssertionError} unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (actual.includes(expected)) return;
  const what = `Expected actual: "${actual}" to contain: "${expected}"`;
  throw new AssertionError(`${what}${suffix(message)}`);
}
