/**
 * Histories as a few words a line, for tests, and generated ones with a known verdict.
 *
 * @module
 */

import type { Random } from "../../tools/scenarios/random.ts";
import type { History, Operation, OperationKind } from "./history.ts";
import { fifo, QUEUE_CAPACITY } from "./fifo.ts";
import { DONE, NOTHING, type State } from "./model.ts";
import { counter, modelOf } from "./models.ts";

/**
 * A history of one object, one operation a line:
 * `"a 1-4 add 2 = 2"`, `"b 2-6 swap 0 5 = 1"`, `"c 3-x write 7"` (nothing heard, never fenced),
 * `"c 3-9 write 7"` (nothing heard, fenced at 9).
 */
export function historyOf(object: string, lines: readonly string[]): History {
  return lines.map((line) => {
    const [left = "", answer] = line.split(" = ");
    const [thread = "", instants = "", kind, ...given] = left.split(" ");
    const [from, to] = instants.split("-");
    return {
      object,
      thread,
      kind: kind as OperationKind,
      argument: Number(given.at(-1) ?? 0),
      expected: kind === "swap" ? Number(given[0]) : 0,
      answer: answer === undefined ? undefined : Number(answer),
      invokedAt: Number(from),
      endedAt: to === "x" ? Infinity : Number(to),
    };
  });
}

/** How a generated history is shaped. */
export interface Shape {
  /** The objects on which operations are done. */
  readonly objects: readonly string[];
  /** Operations in all. */
  readonly count: number;
  /** Instants by which an invocation may come too early or an answer too late; 10 pass between two. */
  readonly stretch: number;
}

/**
 * A linearizable history: operations done one after the other, each then stretched over the instants
 * around it.
 */
export function soundHistory({ objects, count, stretch }: Shape, random: Random): Operation[] {
  const states = new Map<string, State>();
  return Array.from({ length: count }, (_, index) => {
    const object = objects[Math.floor(random() * objects.length)]!;
    const state = states.get(object) ?? modelOf(object).initial;
    const operation = answered(drawn(object, index, state, random), state);
    states.set(object, modelOf(object).after(state, operation)!);
    const at = 10 * index + 5;
    return {
      ...operation,
      invokedAt: at - Math.floor(random() * stretch),
      endedAt: at + Math.floor(random() * stretch),
    };
  });
}

/** An operation of chance. Values that go in are its index, so that each comes once. */
function drawn(object: string, index: number, state: State, random: Random): Operation {
  const thread = `t${index % 5}`;
  const common = { object, thread, expected: 0, answer: undefined, invokedAt: 0, endedAt: 0 };
  const argument = index + 1;
  const choice = random();
  const model = modelOf(object);
  if (model === fifo) return { ...common, kind: choice < 0.5 ? "enqueue" : "dequeue", argument };
  if (model === counter) return { ...common, kind: "add", argument };
  if (choice < 0.4) return { ...common, kind: "read", argument: 0 };
  if (choice < 0.7) return { ...common, kind: "write", argument };
  const expected = choice < 0.9 ? state as number : argument;
  return { ...common, kind: "swap", argument, expected };
}

/** The operation with the answer that the object gives in `state`. */
function answered(operation: Operation, state: State): Operation {
  return { ...operation, answer: answerOf(operation, state) };
}

function answerOf({ kind, argument, expected }: Operation, state: State): number {
  switch (kind) {
    case "enqueue":
      return (state as string).length < 2 * QUEUE_CAPACITY ? DONE : NOTHING;
    case "dequeue": {
      const queue = state as string;
      return queue === "" ? NOTHING : queue.charCodeAt(0) * 0x1_0000 + queue.charCodeAt(1);
    }
    case "read":
      return state as number;
    case "write":
      return DONE;
    case "swap":
      return state === expected ? DONE : NOTHING;
    case "add":
      return ((state as number) + argument) | 0;
  }
}
