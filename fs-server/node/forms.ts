/**
 * The three forms of each function of `node:fs`: it is written once, synchronous, with the context in
 * front. What it does is done when it is called, in all forms; callbacks and promises tell of it
 * afterwards.
 *
 * @module
 */

import { callbackOf } from "./arguments.ts";
import type { Context } from "./context.ts";
import { isArgumentError } from "./errors.ts";

/** A function as callers see it. Which arguments it takes says the documentation of `node:fs`. */
// deno-lint-ignore no-explicit-any
export type NodeFunction = (...values: any[]) => any;

/** A function with the context in front. */
// deno-lint-ignore no-explicit-any
export type ContextFunction = (context: Context, ...values: any[]) => any;

/** What a callback gets, made of what the synchronous form answered and of its arguments. */
export type Results = (value: unknown, values: readonly unknown[]) => readonly unknown[];

const plainResults: Results = (value) => value === undefined ? [null] : [null, value];

/** The synchronous form. */
export function synchronous(context: Context, act: ContextFunction): NodeFunction {
  return (...values) => act(context, ...values);
}

/** The form that answers by a promise. */
export function promised(context: Context, act: ContextFunction): NodeFunction {
  return (...values) => new Promise((resolve) => resolve(act(context, ...values)));
}

/** The form that calls back, with the last of its arguments. */
export function calledBack(
  context: Context,
  act: ContextFunction,
  results: Results = plainResults,
): NodeFunction {
  return (...values) => {
    const callback = callbackOf(values.pop());
    let told: readonly unknown[];
    try {
      told = results(act(context, ...values), values);
    } catch (error) {
      if (isArgumentError(error)) throw error;
      told = [error];
    }
    queueMicrotask(() => callback(...told));
  };
}

/** The form that calls back with what a promise gives. */
export function calledBackLater(
  context: Context,
  act: (context: Context, ...values: unknown[]) => Promise<unknown>,
): NodeFunction {
  return (...values) => {
    const callback = callbackOf(values.pop());
    act(context, ...values).then((value) => callback(...plainResults(value, values)), callback);
  };
}
