/**
 * Assertions about classes.
 *
 * @module
 */

import { AssertionError, suffix } from "./assertion_error.ts";

/** Any constructor, abstract ones too. */
// deno-lint-ignore no-explicit-any -- The real signature: parameters are contravariant.
export type AnyConstructor = abstract new (...args: any[]) => any;

/** Throws {@linkcode AssertionError} unless `actual` is an instance of `expectedType`. */
export function assertInstanceOf<T extends AnyConstructor>(
  actual: unknown,
  expectedType: T,
  message?: string,
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  const what = `Expected object to be an instance of "${nameOf(expectedType)}" but was ` +
    describe(actual);
  throw new AssertionError(`${what}${suffix(message)}`);
}

/** Throws {@linkcode AssertionError} if `actual` is an instance of `unexpectedType`. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  // deno-lint-ignore no-explicit-any -- The real signature.
  unexpectedType: abstract new (...args: any[]) => T,
  message?: string,
): asserts actual is Exclude<A, T> {
  if (!(actual instanceof unexpectedType)) return;
  const what = `Expected object to not be an instance of "${nameOf(unexpectedType)}"`;
  throw new AssertionError(`${what}${suffix(message)}`);
}

function nameOf(type: AnyConstructor): string {
  return type.name || "anonymous class";
}

function describe(actual: unknown): string {
  if (actual === null || actual === undefined) return `"${actual}"`;
  if (typeof actual !== "object") return typeof actual;
  return `"${actual.constructor?.name ?? "Object"}"`;
}
