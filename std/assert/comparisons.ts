/**
 * Assertions about order and closeness.
 *
 * @module
 */

import { inspect } from "node:util";
import { AssertionError, suffix } from "./assertion_error.ts";

/** Throws {@linkcode AssertionError} unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  if (actual > expected) return;
  throw unordered(`${inspect(actual)} > ${inspect(expected)}`, message);
}

/** Throws {@linkcode AssertionError} unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (actual >= expected) return;
  throw unordered(`${inspect(actual)} >= ${inspect(expected)}`, message);
}

/** Throws {@linkcode AssertionError} unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  if (actual < expected) return;
  throw unordered(`${inspect(actual)} < ${inspect(expected)}`, message);
}

/** Throws {@linkcode AssertionError} unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (actual <= expected) return;
  throw unordered(`${inspect(actual)} <= ${inspect(expected)}`, message);
}

/**
 * Throws {@linkcode AssertionError} unless two numbers differ by at most `tolerance`, which is
 * 1e-7 of `expected` when it is left out.
 */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  message?: string,
): void {
  if (Object.is(actual, expected)) return;
  const limit = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (Math.abs(expected - actual) <= limit) return;
  const what = `Expected actual: "${actual}" to be close to "${expected}": delta ` +
    `"${Math.abs(expected - actual)}" is greater than "${limit}"`;
  throw new AssertionError(`${what}${suffix(message)}`);
}

function unordered(relation: string, message: string | undefined): AssertionError {
  return new AssertionError(message ?? `Expect ${relation}`);
}
