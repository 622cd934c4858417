/**
 * Assertions about equality: deep, as values, and strict, as identities.
 *
 * @module
 */

import { deepStrictEqual } from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";
import { AssertionError, suffix } from "./assertion_error.ts";

/** Whether two values are deeply equal: same types, same contents. */
export function equal(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

/** Throws {@linkcode AssertionError}, with a diff, unless the values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(`Values are not equal${suffix(message)}\n${diff(actual, expected)}`);
}

/** Throws {@linkcode AssertionError} if the values are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  if (!equal(actual, expected)) return;
  const what = `Expected actual: ${inspect(actual)} not to be: ${inspect(expected)}`;
  throw new AssertionError(`${what}${suffix(message)}`);
}

/** Throws {@linkcode AssertionError}, with a diff, unless the values are the same by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const detail = equal(actual, expected)
    ? `Values have the same structure but are not reference-equal${suffix(message)}\n`
    : `Values are not strictly equal${suffix(message)}\n`;
  throw new AssertionError(`${detail}${diff(actual, expected)}`);
}

/** Throws {@linkcode AssertionError} if the values are the same by `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void {
  if (!Object.is(actual, expected)) return;
  const what = `Expected "actual" to not be strictly equal to: ${inspect(actual)}`;
  throw new AssertionError(`${what}${suffix(message)}`);
}

/** Throws {@linkcode AssertionError} unless every expected element is deeply equal to some actual. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  message?: string,
): void {
  const elements = Array.from(actual);
  const missing = Array.from(expected).filter((e) => !elements.some((a) => equal(a, e)));
  if (missing.length === 0) return;
  const what = `Expected actual: "${inspect(actual)}" to include: "${inspect(expected)}"`;
  throw new AssertionError(`${what}${suffix(message)}\nmissing: ${inspect(missing)}`);
}

/**
 * Throws {@linkcode AssertionError} unless `actual` has every property of `expected`, recursively;
 * further properties of `actual` are not looked at.
 */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any -- The real signature: an interface has no index signature.
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  message?: string,
): void {
  if (matches(actual, expected)) return;
  throw new AssertionError(`Values are not equal${suffix(message)}\n${diff(actual, expected)}`);
}

function matches(actual: unknown, expected: unknown): boolean {
  if (!isPlain(expected) || !isPlain(actual)) return equal(actual, expected);
  return Reflect.ownKeys(expected).every((key) => matches(actual[key], expected[key]));
}

function isPlain(value: unknown): value is Record<PropertyKey, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(value instanceof Map || value instanceof Set || ArrayBuffer.isView(value));
}

function diff(actual: unknown, expected: unknown): string {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    // The first line is Node's own heading; ours is already there.
    return (error as Error).message.split("\n").slice(1).join("\n").trim();
  }
  return `actual: ${inspect(actual)}\nexpected: ${inspect(expected)}`;
}
