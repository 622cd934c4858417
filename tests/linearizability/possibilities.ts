/**
 * A set of possibilities: which of the open operations have been done, and the state they left.
 *
 * @module
 */

import type { State } from "./model.ts";

/** A set of pairs of a bit set and a state. */
export class Possibilities {
  readonly #states: Map<number, Set<State>> = new Map();
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds one; answers whether it is new. */
  add(done: number, state: State): boolean {
    let states = this.#states.get(done);
    if (states === undefined) this.#states.set(done, states = new Set());
    if (states.has(state)) return false;
    states.add(state);
    this.#size++;
    return true;
  }

  /** Calls `visit` with each. */
  forEach(visit: (done: number, state: State) => void): void {
    for (const [done, states] of this.#states) {
      for (const state of states) visit(done, state);
    }
  }

  /** Those that have no other among them which `better` says is as good. */
  best(better: (state: State) => State[]): Possibilities {
    const kept = new Possibilities();
    for (const [done, states] of this.#states) {
      for (const state of states) {
        if (!better(state).some((other) => states.has(other))) kept.add(done, state);
      }
    }
    return kept;
  }

  /** The states that occur, each once. */
  states(): State[] {
    return [...new Set([...this.#states.values()].flatMap((states) => [...states]))];
  }
}
