/**
 * How the kernel refuses what a domain asks: an error that keeps its two parts, because they are
 * posted to the domain and put together again there.
 *
 * @module
 */

import { type Errno, OsError } from "@hako/ipc";

/** A call that cannot be done. Nothing has changed. */
export class Refusal extends OsError {
  /** What was attempted and why it cannot be. Never the caller's own text: that may be of any length. */
  readonly what: string;

  /**
   * @param code The name of the error.
   * @param what What was attempted, as `"derive from a capability without the right to"`.
   */
  constructor(code: Errno, what: string) {
    super(code, what);
    this.what = what;
  }
}

/** @throws {Refusal} Always. */
export function refuse(code: Errno, what: string): never {
  throw new Refusal(code, what);
}
