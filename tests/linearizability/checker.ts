/**
 * The judge: is there an order of the operations, each somewhere between its invocation and its answer,
 * in which a sequential object would have answered the same?
 *
 * The search is that of Wing and Gong ("Testing and verifying concurrent objects", JPDC 17, 1993) as
 * Lowe made it ("Testing for linearizability", 2017): (operations done, state) pairs are remembered, and
 * an operation is done just in time, when an answer cannot be explained without it. Objects are judged
 * one by one (Horn and Kroening, "Faster linearizability checking via P-compositionality", 2015).
 *
 * It goes through the instants once and keeps the set of all *possibilities*: a state, and which of
 * the operations now open have been done in it. Only operations that overlap are ever permuted, so the
 * time is linear in the length of a history, and the sets are as large as its concurrency.
 *
 * ```text
 *   invocation            the operation is open; nothing is done yet
 *   answer                keep what has it done, or can do it now, after any other open operations
 *   fence, no answer      keep those too, and those where it was never done: it is over
 *   no possibility left   refused
 * ```
 *
 * An operation that changes nothing, whatever the state, is done as soon as some state explains it: to
 * put it off never explains more. That keeps the sets small and loses nothing.
 *
 * @module
 */

import { describeOperation, type History, type Operation } from "./history.ts";
import type { Model, State } from "./model.ts";
import { Possibilities } from "./possibilities.ts";

/** Operations on one object that may be open at once: one bit each. */
export const OPEN_MAX = 31;

/** Possibilities at one instant above which the judge gives up rather than the machine. */
export const POSSIBILITIES_MAX = 200_000;

/** Why a history is refused. */
export interface Refusal {
  /** The object whose history has no explanation. */
  readonly object: string;
  /** The operation whose answer has none. */
  readonly operation: Operation;
  /** What else was open then. */
  readonly open: readonly Operation[];
  /** The states in which the object might have been before that answer. */
  readonly states: readonly string[];
}

/** What the judge says. */
export interface Verdict {
  /** Why not, or `undefined` if the history is linearizable. */
  readonly refusal: Refusal | undefined;
  /** Operations judged. */
  readonly operationCount: number;
  /** The most possibilities that there were at one instant: how hard it was. */
  readonly possibilitiesMax: number;
}

/**
 * Judges a history.
 *
 * @param modelOf What the object of a name promises.
 * @throws {RangeError} If an operation ends before it begins, more than {@linkcode OPEN_MAX} operations are open on one object, or there are
 * more than {@linkcode POSSIBILITIES_MAX} possibilities: then there is no verdict.
 */
export function judge(history: History, modelOf: (object: string) => Model): Verdict {
  let possibilitiesMax = 0;
  let refusal: Refusal | undefined;
  for (const [object, operations] of Map.groupBy(history, (operation) => operation.object)) {
    const model = modelOf(object);
    const examination = new Examination(model.foresee?.(operations) ?? model);
    const refused = examination.run(operations);
    possibilitiesMax = Math.max(possibilitiesMax, examination.possibilitiesMax);
    if (refused === undefined) continue;
    refusal = { object, ...withoutForesight(operations, model) ?? refused };
    break;
  }
  return { refusal, operationCount: history.length, possibilitiesMax };
}

/** The refusal at the very answer that is wrong: foresight stops at what made it unavoidable. */
function withoutForesight(operations: History, model: Model): Omit<Refusal, "object"> | undefined {
  try {
    return new Examination(model).run(operations);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // It takes foresight to judge this one.
    throw error;
  }
}

/** A refusal for people: what cannot be explained, and all that might have explained it. */
export function describeRefusal({ operation, open, states }: Refusal): string {
  const shown = states.slice(0, 8).join(" or ");
  return [
    `no order explains ${describeOperation(operation)}`,
    `possible states before it: ${shown}${
      states.length > 8 ? ` and ${states.length - 8} more` : ""
    }`,
    ...open.map((other) => `open: ${describeOperation(other)}`),
  ].join("\n");
}

/** One object's history, on its way through the instants. */
class Examination {
  possibilitiesMax = 0;
  readonly #model: Model;
  /** The open operations; their places are the bits of a possibility. */
  readonly #open: (Operation | undefined)[] = [];
  #possible = new Possibilities();

  constructor(model: Model) {
    this.#model = model;
    this.#possible.add(0, model.initial);
  }

  run(operations: readonly Operation[]): Omit<Refusal, "object"> | undefined {
    const needed = operations.filter((operation) =>
      operation.answer !== undefined || !this.#model.isReading(operation)
    );
    const starts = needed.toSorted((a, b) => a.invokedAt - b.invokedAt);
    const ends = needed.filter(({ endedAt }) => endedAt !== Infinity)
      .sort((a, b) => a.endedAt - b.endedAt);
    for (const { invokedAt, endedAt } of needed) {
      if (endedAt >= invokedAt) continue;
      throw new RangeError(`Cannot judge: an operation ends before it begins, at ${invokedAt}`);
    }
    const describe = this.#model.describe ?? String;
    const places = new Map<Operation, number>();
    let started = 0;
    for (const operation of ends) {
      for (let next; (next = starts[started]) && next.invokedAt <= operation.endedAt; started++) {
        places.set(next, this.#start(next));
      }
      const before = this.#possible;
      this.#end(operation, places.get(operation)!);
      places.delete(operation);
      if (this.#possible.size > 0) continue;
      return { operation, open: [...places.keys()], states: before.states().map(describe) };
    }
    return undefined;
  }

  /** Opens an operation; answers its place. */
  #start(operation: Operation): number {
    const free = this.#open.indexOf(undefined);
    const place = free < 0 ? this.#open.length : free;
    if (place >= OPEN_MAX) {
      throw new RangeError(
        `Cannot judge ${operation.object}: more than ${OPEN_MAX} operations are open at ${operation.invokedAt}`,
      );
    }
    this.#open[place] = operation;
    if (this.#model.isReading(operation)) {
      const absorbed = new Possibilities();
      this.#possible.forEach((done, state) => absorbed.add(this.#absorb(done, state), state));
      this.#possible = absorbed;
    }
    return place;
  }

  /** Closes an operation: keeps the possibilities in which it has been done, or can be. */
  #end(operation: Operation, place: number): void {
    const bit = 1 << place;
    const kept = new Possibilities();
    const seen = new Possibilities();
    const pending: [done: number, state: State][] = [];
    const reach = (done: number, state: State) => {
      const all = this.#absorb(done, state);
      if ((all & bit) !== 0) kept.add(all & ~bit, state);
      else if (seen.add(all, state)) pending.push([all, state]);
    };
    this.#possible.forEach((done, state) => {
      reach(done, state);
      // Whoever was never heard of may never have been done.
      if (operation.answer === undefined) kept.add(done & ~bit, state);
    });
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [done, state] = next;
      for (let other = 0; other < this.#open.length; other++) {
        const candidate = this.#open[other];
        if (candidate === undefined || (done & (1 << other)) !== 0) continue;
        const after = this.#model.after(state, candidate);
        if (after !== undefined) reach(done | (1 << other), after);
      }
      this.#count(operation, seen.size);
    }
    this.#open[place] = undefined;
    const { better } = this.#model;
    this.#possible = better === undefined ? kept : kept.best(better);
    this.#count(operation, kept.size);
  }

  /** What has been done, with every open operation that only reads and is explained by the state. */
  #absorb(done: number, state: State): number {
    for (let place = 0; place < this.#open.length; place++) {
      const operation = this.#open[place];
      if (operation === undefined || (done & (1 << place)) !== 0) continue;
      if (!this.#model.isReading(operation)) continue;
      if (this.#model.after(state, operation) === state) done |= 1 << place;
    }
    return done;
  }

  #count(operation: Operation, count: number): void {
    this.possibilitiesMax = Math.max(this.possibilitiesMax, count);
    if (count <= POSSIBILITIES_MAX) return;
    throw new RangeError(
      `Cannot judge ${operation.object}: over ${POSSIBILITIES_MAX} possibilities at ${operation.endedAt}`,
    );
  }
}
