/**
 * What every failed assertion throws.
 *
 * @module
 */

/** A test's expectation that did not hold. */
export class AssertionError extends Error {
  /**
   * @param message What was expected and what was found.
   * @param options The cause, if another error led to this one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** A message of the caller's as the real package appends it: `": message"`, or nothing. */
export function suffix(message: string | undefined): string {
  return message ? `: ${message}` : ".";
}
