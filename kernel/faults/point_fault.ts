/**
 * Faults at named points: what a plan says of them, and where the runtime of every domain has
 * points of its own.
 *
 * @module
 */

/** What may happen at a point. */
export const FAULT_KINDS = [
  "throw",
  "reject",
  "terminate",
  "exit",
  "busy-loop",
  "blocked",
  "slow",
  "heap",
  "zombie",
] as const;

/**
 * What happens at a point:
 *
 * - `throw`: the code at the point throws.
 * - `reject`: the code goes on, and leaves a rejected promise that nobody handles.
 * - `terminate`: the worker is ended from outside while it is there.
 * - `exit`: the worker closes itself and tells nobody.
 * - `busy-loop`: computes without a look at its fence.
 * - `blocked`: sleeps without a look at its fence.
 * - `slow`: computes for `slowMs`, and goes on.
 * - `heap`: its heap grows by `heapMb`, or until that is the end of it, and never shrinks.
 * - `zombie`: goes on beside its successor, and writes to every memory that it still holds.
 */
export type FaultKind = typeof FAULT_KINDS[number];

/** A fault to inject at a named point of a domain. */
export interface PointFault {
  /** The domain that it happens to. */
  readonly domain: string;
  /** The point, as the domain's module names it, or one of {@linkcode RUNTIME_POINTS}. */
  readonly point: string;
  /**
   * Which visit of the point, from 1, counted over all incarnations; the first if left out.
   * `"ordered"`: the next one after each `system.inject()` of this fault.
   */
  readonly visit?: number | "ordered";
  /** What happens there. */
  readonly kind: FaultKind;
  /** For `slow`: how long, in milliseconds. */
  readonly slowMs?: number;
  /** For `heap`: how much it grows, in MiB; for ever if left out. */
  readonly heapMb?: number;
  /**
   * For `busy-loop`, `blocked` and `zombie`: when it ends, in milliseconds; never if left out. Then
   * the code behind the point goes on, as a thread does that was held up for long.
   */
  readonly lastsMs?: number;
  /** For the same kinds: a word that ends it when it is not 0, so that a test leaves no busy core. */
  readonly stop?: SharedArrayBuffer;
}

/** A fault of a system: its index is that of its word among the visits. */
export interface ArmedFault extends PointFault {
  /** The word that counts the visits of its point, or is 1 while it is ordered. */
  readonly index: number;
}

/**
 * The points that the runtime visits in every domain: on entering; when the domain is about to say
 * that it serves; before a request's handler; after the handler, before what it has done is
 * committed; after that, before the answer is published.
 */
export const RUNTIME_POINTS = [
  "runtime.enter",
  "runtime.ready",
  "runtime.request",
  "runtime.answer",
  "runtime.committed",
] as const;

/** The name of one of the runtime's points. */
export type RuntimePoint = typeof RUNTIME_POINTS[number];
