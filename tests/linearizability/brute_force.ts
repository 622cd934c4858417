/**
 * The definition of linearizability, tried out literally: every order of every choice of operations.
 * For histories of a handful; it shares nothing with the judge that is measured against it.
 *
 * @module
 */

import type { History, Operation } from "./history.ts";
import type { Model, State } from "./model.ts";

/** Whether some order explains the history of one object. */
export function isExplained(history: History, model: Model): boolean {
  return continues(history, model, model.initial);
}

/** Whether the operations in `rest` can all be done, or left out, from `state` on. */
function continues(rest: History, model: Model, state: State): boolean {
  if (rest.every(({ answer }) => answer === undefined)) return true;
  return rest.some((operation, index) => {
    const others = rest.toSpliced(index, 1);
    if (others.some((other) => precedes(other, operation))) return false;
    const after = model.after(state, operation);
    if (after !== undefined && continues(others, model, after)) return true;
    return operation.answer === undefined && continues(others, model, state);
  });
}

function precedes(first: Operation, second: Operation): boolean {
  return first.endedAt < second.invokedAt;
}
