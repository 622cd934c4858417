/**
 * The one assertion: for rules that we ourselves keep. What a peer or a disk controls is validated
 * and answered with an error instead.
 *
 * @module
 */

/** We broke a rule of our own. Nobody catches it: the incarnation ends and a successor recovers. */
export class AssertionError extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "AssertionError";
}

/**
 * Throws {@linkcode AssertionError} unless `condition` holds.
 *
 * @param condition One rule, stated positively.
 * @param rule The rule as a constant string: a template would allocate even while it holds.
 *
 * @example
 * ```ts
 * import { assert } from "@hako/ipc";
 *
 * assert(64 % 2 === 0, "the number of slots is even");
 * ```
 */
export function assert(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new AssertionError(rule);
}
