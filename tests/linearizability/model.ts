/**
 * What the objects promise when one operation is done at a time. States are immutable values that are
 * equal when they are `===`, so that the judge can keep them in sets.
 *
 * @module
 */

import type { History, Operation } from "./history.ts";

/** A state of some object. */
export type State = number | string;

/** A sequential object. */
export interface Model {
  /** Where every object begins. */
  readonly initial: State;
  /**
   * The state after an operation; `undefined` if it cannot answer what it answered in this state. An
   * operation that nobody heard of may answer anything.
   */
  after(state: State, operation: Operation): State | undefined;
  /** Whether the operation, with its answer, leaves the state as it is whatever that is. */
  isReading(operation: Operation): boolean;
  /**
   * A model of the same object that knows its whole history, so that the judge need not try every
   * state: its `after` refuses what cannot be explained later, and it has a `better`.
   */
  foresee?(history: History): Model;
  /** A state for people; as it is if left out. */
  describe?(state: State): string;
  /** States from which all can be explained that can be from this one. Never in a circle. */
  better?(state: State): State[];
}

/** The answer of `dequeue` on an empty queue, and of `enqueue` on a full one. Never a value. */
export const NOTHING = 0;

/** The answer of what was done. */
export const DONE = 1;
