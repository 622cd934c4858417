/**
 * One thread as an automaton that is discovered step by step.
 *
 * A core function is deterministic given what its atomic steps read, and so is a script. Hence a
 * thread is a finite automaton whose input is what its next instruction reads. Each of its local
 * states (variables, Asyncify stacks, instruction) is numbered when it is first met, and the shipped
 * code runs once for each pair of local state and value read, not once for each global state.
 *
 * @module
 */

import type { AtomicStep } from "./atomic_step.ts";
import { KIND, type Kind } from "./atomic_step.ts";
import type { MemoryMap, Word } from "./memory_map.ts";
import type { Outcome, Position, Stepper } from "./stepper.ts";
import { type Effect, type Operation, type Script, Turn } from "./turn.ts";

/** The steps that scripts do by themselves. */
const OWN_KINDS: Readonly<Record<string, Kind>> = {
  look: KIND.load,
  put: KIND.store,
  claim: KIND.add,
};

/** Local states that are not inside any operation, by number. */
export const LOCAL = {
  /** Not started yet. */
  unborn: 0,
  /** Ended by itself. */
  ended: 1,
  /** The first that is inside an operation. */
  initial: 2,
} as const;

/** A local state: just before an atomic instruction. */
export interface Local {
  /** The script's variables. */
  readonly variables: readonly number[];
  /** The operation that it is inside of. */
  readonly operation: Operation;
  /** `undefined` for a step by the script itself. */
  readonly position: Position | undefined;
  /** The instruction that comes next. */
  readonly step: AtomicStep;
  /** The hot word of the instruction; `undefined` if it is cold. */
  readonly word: Word | undefined;
  /** The cold slot of the instruction; -1 if it is hot. */
  readonly cold: number;
  /** Atomic steps that the operation has done. */
  readonly stepCount: number;
  /** Swaps in a row that it has tried on the word, with this one; 0 if this is none. */
  readonly tries: number;
  /** What was met behind this state. */
  readonly edges: Edge[];
}

/** What follows when an instruction has read a value. */
export interface Edge {
  /** The low half of the value. */
  readonly low: number;
  /** The high half of it. */
  readonly high: number;
  /** The next local state. */
  readonly target: number;
  /** What the thread does at once. */
  readonly effects: readonly Effect[];
}

/** The most atomic steps, or swaps of one word in a row, that each operation took. */
export type StepCounts = Map<string, number>;

/** What the threads of a world count together. */
export interface Counts {
  /** The most atomic steps of each operation, with the operands that mattered. */
  readonly steps: StepCounts;
  /** The most swaps that each operation tried on one word. */
  readonly tries: StepCounts;
}

/** One thread. */
export class Automaton {
  /** The thread's script. */
  readonly script: Script;
  /** The local states by number; those outside of operations are `undefined`. */
  readonly locals: (Local | undefined)[] = [undefined, undefined];
  readonly #stepper: Stepper;
  readonly #map: MemoryMap;
  readonly #counts: Counts;
  readonly #numbers: Map<string, number> = new Map();

  /** A thread at its start, where it does nothing at once. */
  constructor(script: Script, stepper: Stepper, map: MemoryMap, counts: Counts) {
    this.script = script;
    this.#stepper = stepper;
    this.#map = map;
    this.#counts = counts;
    const { target, effects } = this.#decide([...script.variables], 0, 0, 0);
    if (target !== LOCAL.initial || effects.length > 0) {
      throw new TypeError(`Cannot start ${script.name}: it has to begin with an operation`);
    }
  }

  /** What follows on a local state whose instruction read a value. Hot path. */
  follow(number: number, low: number, high: number): Edge {
    const { edges } = this.locals[number]!;
    for (let i = 0; i < edges.length; i++) {
      const edge = edges[i]!;
      if (edge.low === low && edge.high === high) return edge;
    }
    const edge = this.#discover(this.locals[number]!, low, high);
    edges.push(edge);
    return edge;
  }

  #discover(local: Local, low: number, high: number): Edge {
    const { position, variables, operation } = local;
    const stepCount = local.stepCount + 1;
    const outcome = position === undefined ? low : this.#stepper.resume(position, low, high);
    if (typeof outcome === "object") {
      const tries = triesOf(local, outcome.step);
      this.#count(this.#counts.tries, operation, tries);
      const target = this.#number(variables, operation, outcome, { stepCount, tries });
      return { low, high, target, effects: [] };
    }
    this.#count(this.#counts.steps, operation, stepCount);
    return this.#decide([...variables], outcome ?? 0, low, high);
  }

  /** Asks the script, and begins the operation that it wants. */
  #decide(variables: number[], answer: number, low: number, high: number): Edge {
    const turn = new Turn();
    this.script.next(variables, answer, turn);
    const { operation, effects } = turn;
    if (operation === undefined) return { low, high, target: LOCAL.ended, effects };
    if (operation.name in OWN_KINDS) {
      const step = ownStep(operation);
      return {
        low,
        high,
        target: this.#numberOf(variables, { operation, step, stepCount: 0, tries: 0 }),
        effects,
      };
    }
    const outcome: Outcome = this.#stepper.start(
      operation.memory,
      operation.name,
      operation.operands,
    );
    if (typeof outcome !== "object") {
      throw new TypeError(`Cannot explore ${operation.name}: it has no atomic step`);
    }
    const tries = triesOf(undefined, outcome.step);
    const target = this.#number(variables, operation, outcome, { stepCount: 0, tries });
    return { low, high, target, effects };
  }

  #number(
    variables: readonly number[],
    operation: Operation,
    position: Position,
    done: { readonly stepCount: number; readonly tries: number },
  ): number {
    return this.#numberOf(variables, { operation, step: position.step, position, ...done });
  }

  #numberOf(
    variables: readonly number[],
    { operation, step, position, stepCount, tries }: {
      readonly operation: Operation;
      readonly step: AtomicStep;
      readonly position?: Position;
      readonly stepCount: number;
      readonly tries: number;
    },
  ): number {
    const key = `${variables}|${operation.memory} ${operation.name}|${stepCount}|` +
      `${position?.stack}|${position?.innerStack}|${Object.values(step)}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const place = this.#map.locate(step);
    const word = typeof place === "object" ? place : undefined;
    const cold = typeof place === "number" ? place : -1;
    const number = this.locals.length;
    const edges: Edge[] = [];
    const done = { stepCount, tries, edges };
    this.locals.push({ variables, operation, position, step, word, cold, ...done });
    this.#numbers.set(key, number);
    return number;
  }

  #count(counts: StepCounts, { name, operands }: Operation, count: number): void {
    // Only the number of requests matters for a bound.
    const key = name === "postMany" ? `${name} ${operands[1]}` : name;
    counts.set(key, Math.max(counts.get(key) ?? 0, count));
  }
}

function triesOf(before: Local | undefined, step: AtomicStep): number {
  if (step.kind !== KIND.compareExchange) return 0;
  const isAgain = before?.step.kind === step.kind && before.step.address === step.address;
  return isAgain ? before.tries + 1 : 1;
}

function ownStep({ memory, name, operands }: Operation): AtomicStep {
  return {
    kind: OWN_KINDS[name]!,
    memory,
    address: operands[0]!,
    wide: false,
    dropped: false,
    low: operands[1] ?? 0,
    high: 0,
    replacementLow: 0,
    replacementHigh: 0,
  };
}
