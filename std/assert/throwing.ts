/**
 * Assertions about errors, thrown and rejected with.
 *
 * @module
 */

import { AssertionError, suffix } from "./assertion_error.ts";

// deno-lint-ignore no-explicit-any -- The real signature: parameters are contravariant.
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Throws {@linkcode AssertionError} unless `error` is of the class and its message contains. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorClass<E>,
  messageMatches?: string | RegExp,
  message?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(`Expected "error" to be an Error object${suffix(message)}`);
  }
  if (ErrorClass && !(error instanceof ErrorClass)) {
    const what = `Expected error to be instance of "${ErrorClass.name}", but was ` +
      `"${error.constructor?.name}"`;
    throw new AssertionError(`${what}${suffix(message)}`, { cause: error });
  }
  if (messageMatches === undefined || contains(error.message, messageMatches)) return;
  const what = typeof messageMatches === "string"
    ? `Expected error message to include ${JSON.stringify(messageMatches)}, but got `
    : `Expected error message to match ${messageMatches}, but got `;
  throw new AssertionError(`${what}${JSON.stringify(error.message)}${suffix(message)}`, {
    cause: error,
  });
}

/** Throws {@linkcode AssertionError} unless `action` throws. Returns what it threw. */
export function assertThrows(action: () => unknown, message?: string): unknown;
/**
 * Throws {@linkcode AssertionError} unless `action` throws an instance of `ErrorClass` whose
 * message contains `messageIncludes`. Returns the error.
 */
export function assertThrows<E extends Error = Error>(
  action: () => unknown,
  ErrorClass: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): E;
export function assertThrows<E extends Error = Error>(
  action: () => unknown,
  classOrMessage?: ErrorClass<E> | string,
  messageIncludes?: string,
  message?: string,
): unknown {
  const expected = expectation(classOrMessage, messageIncludes, message);
  try {
    action();
  } catch (error) {
    return judge(error, expected, "Throws");
  }
  throw new AssertionError(`Expected function to throw${suffix(expected.message)}`);
}

/** Rejects with {@linkcode AssertionError} unless `action` rejects. Resolves to what it rejected with. */
export function assertRejects(
  action: () => PromiseLike<unknown>,
  message?: string,
): Promise<unknown>;
/**
 * Rejects with {@linkcode AssertionError} unless `action` rejects with an instance of `ErrorClass`
 * whose message contains `messageIncludes`. Resolves to the error.
 */
export function assertRejects<E extends Error = Error>(
  action: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  action: () => PromiseLike<unknown>,
  classOrMessage?: ErrorClass<E> | string,
  messageIncludes?: string,
  message?: string,
): Promise<unknown> {
  const expected = expectation(classOrMessage, messageIncludes, message);
  let returned = false;
  try {
    const promise = action();
    returned = isPromiseLike(promise);
    await promise;
  } catch (error) {
    if (returned) return judge(error, expected, "Rejects");
    const what = `Function throws when expected to reject${suffix(expected.message)}`;
    throw new AssertionError(what, { cause: error });
  }
  throw new AssertionError(`Expected function to reject${suffix(expected.message)}`);
}

interface Expectation<E extends Error> {
  readonly ErrorClass: ErrorClass<E> | undefined;
  readonly messageIncludes: string | undefined;
  readonly message: string | undefined;
}

function expectation<E extends Error>(
  classOrMessage: ErrorClass<E> | string | undefined,
  messageIncludes: string | undefined,
  message: string | undefined,
): Expectation<E> {
  if (typeof classOrMessage !== "string") {
    return { ErrorClass: classOrMessage, messageIncludes, message };
  }
  return { ErrorClass: undefined, messageIncludes: undefined, message: classOrMessage };
}

function judge<E extends Error>(error: unknown, expected: Expectation<E>, verb: string): unknown {
  const { ErrorClass, messageIncludes, message } = expected;
  if (!ErrorClass) return error;
  if (!(error instanceof Error)) {
    const what = verb === "Throws"
      ? "A non-Error object was thrown"
      : "A non-Error object was rejected";
    throw new AssertionError(`${what}${suffix(message)}`, { cause: error });
  }
  assertIsError(error, ErrorClass, messageIncludes, message);
  return error;
}

function contains(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
