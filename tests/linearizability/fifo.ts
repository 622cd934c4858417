/**
 * The queue.
 *
 * @module
 */

import { type Fates, fatesOf, isTakenFirst, mayBeTakenAfter } from "./fates.ts";
import { DONE, type Model, NOTHING } from "./model.ts";

/** Words that a `fifo` holds at most. */
export const QUEUE_CAPACITY = 16;

/**
 * A queue of at most {@linkcode QUEUE_CAPACITY} values from 1 up to 2^32 - 1, first in, first out. Its
 * state is a string with two code units a value.
 */
export const fifo: Model = {
  initial: "",
  after(state, { kind, argument, answer }) {
    const queue = state as string;
    if (kind === "enqueue") {
      const fits = queue.length < 2 * QUEUE_CAPACITY;
      if (answer !== undefined && answer !== (fits ? DONE : NOTHING)) return undefined;
      return fits ? queue + coded(argument) : queue;
    }
    if (queue === "") return answer === undefined || answer === NOTHING ? queue : undefined;
    return answer === undefined || answer === valueAt(queue, 0) ? queue.slice(2) : undefined;
  },
  isReading: ({ answer }) => answer === NOTHING,
  describe: (state) => `[${valuesOf(state as string).join(", ")}]`,
  foresee: (history) => {
    const fates = fatesOf(history);
    return fates === undefined ? fifo : foreseenFifo(fates);
  },
};

/** The queue of a known history of distinct values. */
function foreseenFifo(fates: Fates): Model {
  return {
    ...fifo,
    after(state, operation) {
      const after = fifo.after(state, operation);
      if (operation.kind !== "enqueue" || after === undefined || after === state) return after;
      const queue = valuesOf(state as string);
      const fits = queue.every((before) => mayBeTakenAfter(operation.argument, before, fates));
      return fits ? after : undefined;
    },
    better(state) {
      const queue = state as string;
      const values = valuesOf(queue);
      return values.flatMap((value, i) => {
        const behind = values[i + 1];
        return behind !== undefined && isTakenFirst(behind, value, fates)
          ? [queue.slice(0, 2 * i) + coded(behind) + coded(value) + queue.slice(2 * i + 4)]
          : [];
      });
    },
  };
}

function coded(value: number): string {
  return String.fromCharCode(value >>> 16, value & 0xffff);
}

function valuesOf(queue: string): number[] {
  return Array.from({ length: queue.length / 2 }, (_, i) => valueAt(queue, i));
}

function valueAt(queue: string, index: number): number {
  return queue.charCodeAt(2 * index) * 0x1_0000 + queue.charCodeAt(2 * index + 1);
}
