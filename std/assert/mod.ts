/**
 * Assertions for tests, with the names, signatures and errors of `jsr:@std/assert@^1`, on top of
 * what the runtime ships. CONTRIBUTING.md says why it is here and how to use the real one.
 *
 * @module
 */

export { AssertionError } from "./assertion_error.ts";
export { assertAlmostEquals, assertGreater, assertGreaterOrEqual } from "./comparisons.ts";
export { assertLess, assertLessOrEqual } from "./comparisons.ts";
export { assertArrayIncludes, assertEquals, assertNotEquals } from "./equality.ts";
export { assertNotStrictEquals, assertObjectMatch, assertStrictEquals, equal } from "./equality.ts";
export { assert, assertExists, assertFalse, fail, unreachable } from "./conditions.ts";
export { assertInstanceOf, assertNotInstanceOf } from "./instances.ts";
export { assertMatch, assertNotMatch, assertStringIncludes } from "./strings.ts";
export { assertIsError, assertRejects, assertThrows } from "./throwing.ts";
