/**
 * Explores every state of a scenario, breadth first, so that what it finds is found the shortest way.
 *
 * @module
 */

import { Ending } from "./ending.ts";
import type { InstrumentedCore } from "./instrument.ts";
import type { Scenario } from "./scenario.ts";
import { SeenStates } from "./seen_states.ts";
import { traceOf } from "./trace.ts";
import { type Property, Violation } from "./violation.ts";
import { CHOICE, World } from "./world.ts";

/** Bits of a choice that say what the thread does; the thread's number stands above them. */
const CHOICE_BITS = 3;

/** States in one block of the queue. */
const BLOCK_STATES = 4096;

/** A property that does not hold, and how that comes about. */
export interface Finding {
  /** Which. */
  readonly property: Property;
  /** What is wrong, and who has stopped. */
  readonly message: string;
  /** The interleaving, a line for each atomic step. */
  readonly trace: readonly string[];
}

/** What an exploration found. */
export interface Result {
  /** What was explored. */
  readonly scenario: Scenario;
  /** How many states were met. */
  readonly stateCount: number;
  /** Steps from one state to another. */
  readonly transitionCount: number;
  /** Atomic steps of the core. */
  readonly stepCount: number;
  /** States in which only a time-out helps, because a hint died with a thread. */
  readonly lostHintCount: number;
  /** States in which no thread can go on, even if all live. */
  readonly endCount: number;
  /** Whether every state was explored. */
  readonly complete: boolean;
  /** The most atomic steps that each operation took. */
  readonly stepCounts: ReadonlyMap<string, number>;
  /** The most swaps that each operation tried on one word. */
  readonly tryCounts: ReadonlyMap<string, number>;
  /** What does not hold; `undefined` if all does. */
  readonly finding: Finding | undefined;
}

/** How far to explore, and what to look at. */
export interface Limits {
  /** States after which the exploration stops. */
  readonly statesMax: number;
  /** Properties that are not looked at. */
  readonly ignored?: readonly Property[];
  /** Whether steps that nobody sees are interleaved as well: many more states, and no other ends. */
  readonly unreduced?: boolean;
}

/** Explores a scenario until something does not hold, or the limit is met. */
export function explore(
  scenario: Scenario,
  core: InstrumentedCore,
  { statesMax, ignored = [], unreduced = false }: Limits,
): Result {
  return new Search(() => new World(scenario, core, { ignored, unreduced })).run(statesMax);
}

class Search {
  readonly #world: World;
  readonly #makeWorld: () => World;
  readonly #ending: Ending;
  readonly #seen: SeenStates = new SeenStates();
  readonly #queue: StateQueue;
  readonly #scratch: Int32Array;
  #transitionCount = 0;
  #lostHintCount = 0;
  #endCount = 0;
  /** The choice at hand; -1 while the state itself is judged. */
  #pending = -1;

  constructor(makeWorld: () => World) {
    this.#makeWorld = makeWorld;
    this.#world = makeWorld();
    this.#ending = new Ending(this.#world);
    this.#queue = new StateQueue(this.#world.length);
    this.#scratch = new Int32Array(this.#world.length);
  }

  run(statesMax: number): Result {
    const first = this.#world.initial();
    this.#seen.add(first, -1, 0);
    this.#queue.push(first);
    const state = new Int32Array(this.#world.length);
    let number = 0;
    let finding: Finding | undefined;
    try {
      for (; this.#seen.count < statesMax && this.#queue.pull(state); number++) {
        this.#expand(state, number);
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      finding = this.#finding(error, number);
    }
    const { scenario, stepsDone, counts } = this.#world;
    return {
      scenario,
      stateCount: this.#seen.count,
      transitionCount: this.#transitionCount,
      stepCount: stepsDone,
      lostHintCount: this.#lostHintCount,
      endCount: this.#endCount,
      complete: finding === undefined && this.#queue.isEmpty,
      stepCounts: counts.steps,
      tryCounts: counts.tries,
      finding,
    };
  }

  #expand(state: Int32Array, number: number): void {
    const world = this.#world;
    this.#pending = -1;
    const stranded = this.#ending.check(state);
    if (stranded !== 0) this.#lostHintCount++;
    let running = 0;
    for (let thread = 0; thread < world.cast.length; thread++) {
      const mayTimeOut = (stranded >>> thread & 1) !== 0 ||
        (world.scenario.timesOut && world.isAsleep(state, thread) &&
          !world.hasTimedOut(state, thread));
      if (mayTimeOut) this.#go(state, number, thread, CHOICE.timeout);
      if (!world.isRunnable(state, thread)) continue;
      running++;
      const choices = world.choiceCount(state, thread);
      for (let choice = 0; choice < choices; choice++) this.#go(state, number, thread, choice);
    }
    if (running === 0) this.#endCount++;
  }

  #go(state: Int32Array, number: number, thread: number, choice: number): void {
    this.#scratch.set(state);
    this.#pending = (thread << CHOICE_BITS) | choice;
    this.#transitionCount++;
    this.#world.perform(this.#scratch, thread, choice);
    if (this.#seen.add(this.#scratch, number, this.#pending)) this.#queue.push(this.#scratch);
  }

  /** Goes the way to the violation once more, in a fresh world, and writes it down. */
  #finding(violation: Violation, number: number): Finding {
    const path = [...this.#seen.pathTo(number)];
    if (this.#pending >= 0) path.push(this.#pending);
    const world = this.#makeWorld();
    const choices = path.map((choice) => {
      return { thread: choice >> CHOICE_BITS, choice: choice & ((1 << CHOICE_BITS) - 1) };
    });
    const { property, message } = violation;
    return { property, message, trace: traceOf(world, choices) };
  }
}

/** States that wait to be expanded, in order. */
class StateQueue {
  readonly #length: number;
  readonly #blocks: Int32Array[] = [];
  readonly #spare: Int32Array[] = [];
  #pushed = 0; // In the last block.
  #pulled = 0; // Of the first block.

  constructor(length: number) {
    this.#length = length;
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0 ||
      (this.#blocks.length === 1 && this.#pulled === this.#pushed);
  }

  push(state: Int32Array): void {
    if (this.#blocks.length === 0 || this.#pushed === BLOCK_STATES) {
      this.#blocks.push(this.#spare.pop() ?? new Int32Array(this.#length * BLOCK_STATES));
      this.#pushed = 0;
    }
    this.#blocks.at(-1)!.set(state, this.#pushed * this.#length);
    this.#pushed++;
  }

  pull(target: Int32Array): boolean {
    if (this.isEmpty) return false;
    if (this.#pulled === BLOCK_STATES) {
      this.#spare.push(this.#blocks.shift()!);
      this.#pulled = 0;
      if (this.isEmpty) return false;
    }
    const at = this.#pulled * this.#length;
    target.set(this.#blocks[0]!.subarray(at, at + this.#length));
    this.#pulled++;
    return true;
  }
}
