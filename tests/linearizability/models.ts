/**
 * The objects of one word, and every model by name.
 *
 * @module
 */

import { fifo } from "./fifo.ts";
import { DONE, type Model, NOTHING } from "./model.ts";

/** A word: `read`, `write`, and `swap`, which writes if the expected value stands there. */
export const register: Model = {
  initial: 0,
  after(state, { kind, argument, expected, answer }) {
    if (kind === "read") return answer === undefined || answer === state ? state : undefined;
    if (kind === "write") return answer === undefined || answer === DONE ? argument : undefined;
    const swaps = state === expected;
    if (answer !== undefined && answer !== (swaps ? DONE : NOTHING)) return undefined;
    return swaps ? argument : state;
  },
  isReading: ({ kind, answer }) => kind === "read" || (kind === "swap" && answer === NOTHING),
};

/** A 32-bit sum, which wraps: `add` answers the new one. */
export const counter: Model = {
  initial: 0,
  after(state, { argument, answer }) {
    const sum = ((state as number) + argument) | 0;
    return answer === undefined || answer === sum ? sum : undefined;
  },
  isReading: ({ argument }) => argument === 0,
};

/** The models by the first word of an object's name: `"queue-3"` is a `fifo`. */
const MODELS: Readonly<Record<string, Model>> = { queue: fifo, register, counter };

/** What the object of a name promises. */
export function modelOf(object: string): Model {
  const model = MODELS[object.split("-")[0]!];
  if (model === undefined) throw new RangeError(`Cannot judge ${object}: no such model`);
  return model;
}
