/**
 * The part of `jsr:@std/async@^1` that Hako's tests use.
 *
 * @module
 */

export { deadline, type DeadlineOptions } from "./deadline.ts";
export { delay, type DelayOptions } from "./delay.ts";
