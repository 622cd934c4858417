/**
 * Spies and stubs: the part of `jsr:@std/testing@^1` that Hako's tests use.
 *
 * @module
 */

import { AssertionError } from "@std/assert";

// deno-lint-ignore no-explicit-any -- The real signatures: any function can be watched.
type AnyFunction = (this: any, ...args: any[]) => any;

/** One call of a watched function. */
export interface SpyCall {
  /** The arguments. */
  args: unknown[];
  /** What it returned, unless it threw. */
  returned?: unknown;
  /** What it threw. */
  error?: unknown;
  /** The value of `this`. */
  self?: unknown;
}

/** A function that remembers its calls. */
export type Spy<F extends AnyFunction = AnyFunction> = F & {
  /** The calls so far, oldest first. */
  calls: SpyCall[];
  /** Whether the original method is back in its place. */
  restored: boolean;
  /** Puts the original method back. */
  restore(): void;
  /** Puts the original method back. */
  [Symbol.dispose](): void;
};

/** A spy that is to be disposed of: it stands in for a method. */
export type Stub<F extends AnyFunction = AnyFunction> = Spy<F>;

/** A misused spy. */
export class MockError extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "MockError";
}

/** Watches a function, or nothing at all. */
export function spy<F extends AnyFunction = () => undefined>(original?: F): Spy<F>;
/** Watches a method until the spy is disposed of. */
export function spy<T extends object, K extends keyof T>(
  self: T,
  property: K,
): Spy<Extract<T[K], AnyFunction>>;
export function spy(target?: AnyFunction | object, property?: PropertyKey): Spy {
  if (property === undefined) return watch((target ?? (() => undefined)) as AnyFunction);
  return replace(target as object, property, methodOf(target as object, property));
}

/** Puts `replacement`, or a function that does nothing, in a method's place until it is disposed of. */
export function stub<T extends object, K extends keyof T>(
  self: T,
  property: K,
  replacement?: Extract<T[K], AnyFunction>,
): Stub<Extract<T[K], AnyFunction>> {
  methodOf(self, property);
  return replace(self, property, replacement ?? (() => undefined)) as Stub<
    Extract<T[K], AnyFunction>
  >;
}

/** Throws `AssertionError` unless the spy was called `count` times. */
export function assertSpyCalls(watched: Spy, count: number): void {
  if (watched.calls.length === count) return;
  const relation = watched.calls.length < count ? "Spy not called as much as expected" : null;
  const what = relation ?? "Spy called more than expected";
  throw new AssertionError(`${what}:\n  actual: ${watched.calls.length}, expected: ${count}`);
}

function watch(original: AnyFunction): Spy {
  const calls: SpyCall[] = [];
  function watched(this: unknown, ...args: unknown[]): unknown {
    const call: SpyCall = { args, self: this };
    calls.push(call);
    try {
      return call.returned = original.apply(this, args);
    } catch (error) {
      call.error = error;
      throw error;
    }
  }
  function restore(): void {
    throw new MockError("Cannot restore: function cannot be restored");
  }
  return Object.assign(watched, { calls, restored: false, restore, [Symbol.dispose]: () => {} });
}

function replace(self: object, property: PropertyKey, replacement: AnyFunction): Spy {
  const before = Object.getOwnPropertyDescriptor(self, property);
  const watched = watch(replacement);
  watched.restore = function restore(): void {
    if (watched.restored) throw new MockError("Cannot restore: instance method already restored");
    if (before) Object.defineProperty(self, property, before);
    else Reflect.deleteProperty(self, property);
    watched.restored = true;
  };
  watched[Symbol.dispose] = () => {
    if (!watched.restored) watched.restore();
  };
  Object.defineProperty(self, property, { value: watched, configurable: true, writable: true });
  return watched;
}

function methodOf(self: object, property: PropertyKey): AnyFunction {
  const method: unknown = Reflect.get(self, property);
  if (typeof method === "function") return method as AnyFunction;
  throw new MockError(`Cannot spy: property "${String(property)}" is not an instance method`);
}
