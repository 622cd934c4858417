/**
 * Several threads at work on one queue, each step of each chosen by seed: unlike a crowd, whose
 * operations end in the reverse order of their beginnings, these overlap in every way.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { payloadsAt } from "../../ipc/queue/layouts.ts";
import { type Random, randomOf } from "./crowd.ts";

/** An operation of the core, with all it takes. */
type Call = readonly [operation: string, ...operands: number[]];

/** What a thread does: asks for operations and hears their answers. */
type Script = Generator<Call, void, number>;

const UNWINDING = 1;
const PAGE_BYTES = 65_536;
const STACK_BYTES = 4_096;

const ORDER = 2;
const ITEM_COUNT = 3;
const THREAD_COUNT = 4; // As many as the ring has indices: what the proof of SCQ allows.
const CALLS_MAX = 8;
const LEASE_MS = 100;
const ATTEMPTS_MAX = 255;
const SWEEPS_MAX = 3; // A lease apart, they find whatever was lost.
const DEATH_ONE_IN = 150; // Steps.
const PAYLOADS = payloadsAt(ORDER, 2) >> 2;

type Exports = Readonly<Record<string, (...operands: number[]) => number>>;

/** One thread: an instance with a stack of its own, beyond the memory of the queue. */
class Thread {
  /** One in so many of its turns is taken. */
  readonly slowness: number;
  readonly #exports: Exports;
  readonly #stack: Int32Array;
  readonly #stackAt: number;
  readonly #script: Script;
  #call: Call | undefined;
  #isPaused = false;

  constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    { index, script, slowness }: { index: number; script: Script; slowness: number },
  ) {
    this.slowness = slowness;
    this.#stackAt = PAGE_BYTES + index * STACK_BYTES;
    this.#stack = new Int32Array(memory.buffer, this.#stackAt, STACK_BYTES >> 2);
    const { exports } = new WebAssembly.Instance(module, {
      env: { memory },
      world: { step: () => this.#step() },
    });
    this.#exports = exports as Exports;
    this.#script = script;
    this.#call = script.next().value ?? undefined;
  }

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return this.#call === undefined;
  }

  /** Runs to just before the next atomic instruction. */
  run(): void {
    const [operation, ...operands] = this.#call!;
    if (this.#isPaused) this.#exports.asyncify_start_rewind!(this.#stackAt);
    const answer = this.#exports[operation]!(...operands);
    this.#isPaused = this.#exports.asyncify_get_state!() === UNWINDING;
    if (this.#isPaused) return void this.#exports.asyncify_stop_unwind!();
    const { value, done } = this.#script.next(answer);
    this.#call = done ? undefined : value;
  }

  #step(): void {
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#exports.asyncify_stop_rewind!();
      return;
    }
    this.#stack[0] = this.#stackAt + 8;
    this.#stack[1] = this.#stackAt + STACK_BYTES;
    this.#exports.asyncify_start_unwind!(this.#stackAt);
  }
}

/** What is known while the threads are at work, and what they share. */
interface State {
  readonly payloads: Int32Array;
  readonly random: Random;
  /** Whether leases may lapse, sweeps happen and threads stop for ever. */
  readonly isMortal: boolean;
  /** Values whose push was begun, and those whose push was answered with true. */
  readonly begun: Set<number>;
  readonly pushed: Set<number>;
  /** Values whose completion was answered with true. */
  readonly completed: Set<number>;
  /** Values that somebody is completing, or stopped for ever while completing. */
  readonly inDoubt: number[];
  nowMs: number;
}

/** Runs threads to their end, and checks that nobody needs a sweep. */
export function runInterleaved(module: WebAssembly.Module, seed: number): void {
  run(module, seed, false);
}

/** The same with leases that lapse, sweeps amidst all, and threads that stop for ever. */
export function runInterleavedMortals(module: WebAssembly.Module, seed: number): void {
  run(module, seed, true);
}

function run(module: WebAssembly.Module, seed: number, isMortal: boolean): void {
  const random = randomOf(seed);
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const state: State = {
    payloads: new Int32Array(memory.buffer, PAYLOADS * 4, ITEM_COUNT),
    random,
    isMortal,
    begun: new Set(),
    pushed: new Set(),
    completed: new Set(),
    inDoubt: [],
    nowMs: 0,
  };
  const alone = (script: Script) => runAll(module, memory, random, [script], Infinity);
  alone(initialise(random(3) - 2));
  const scripts = Array.from({ length: THREAD_COUNT }, (_, index) => work(state, index));
  runAll(module, memory, random, scripts, isMortal ? DEATH_ONE_IN : Infinity);
  for (let i = 0; isMortal && i < SWEEPS_MAX; i++) {
    state.nowMs += LEASE_MS;
    alone(sweep(state));
  }
  alone(drain(state));
  for (const value of state.pushed) {
    assert(state.completed.has(value) || state.inDoubt.includes(value), `${value} was lost`);
  }
  const before = state.pushed.size;
  alone(fill(state));
  assertEquals(state.pushed.size, before + ITEM_COUNT, "a place was lost");
}

function runAll(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  random: Random,
  scripts: readonly Script[],
  deathOneIn: number,
): void {
  // Some are much slower than others, and each goes on for a while: uniform choice finds little.
  let threads = scripts.map((script, index) => {
    const slowness = 1 + random(2) * random(30);
    return new Thread(module, memory, { index, script, slowness });
  });
  const switchOneIn = 1 + random(12);
  let current = threads[0]!;
  while (threads.length > 0) {
    if (!threads.includes(current) || random(switchOneIn) === 0) {
      current = threads[random(threads.length)]!;
      if (random(current.slowness) !== 0) continue;
    }
    current.run();
    if (current.hasEnded || random(deathOneIn) === 0) {
      threads = threads.filter((thread) => thread !== current);
    }
  }
}

function* initialise(cycle: number): Script {
  yield ["initialise", ORDER, ITEM_COUNT, 2, cycle, 0xffffe];
}

function* work(state: State, thread: number): Script {
  for (let i = 0; i < CALLS_MAX; i++) {
    const choice = state.random(state.isMortal ? 12 : 10);
    if (choice === 10) state.nowMs += state.random(LEASE_MS);
    else if (choice === 11) yield* sweep(state);
    else if (choice < 5) yield* push(state, thread * 1_000 + i);
    else yield* take(state);
  }
}

function* push(state: State, value: number): Script {
  const deadline = (state.nowMs + LEASE_MS) | 0;
  const claim = yield ["reserve", ORDER, ITEM_COUNT, deadline];
  if (claim < 0) return;
  const index = Math.floor(claim / 2 ** 32);
  state.payloads[index] = value;
  state.begun.add(value);
  const done = yield ["publish", ORDER, index, claim | 0, deadline];
  if (done !== 0) state.pushed.add(value);
  else assert(state.isMortal, "a reservation was lost");
}

function* take(state: State): Generator<Call, boolean, number> {
  const deadline = (state.nowMs + LEASE_MS) | 0;
  const claim = yield ["take", ORDER, ITEM_COUNT, deadline];
  if (claim < 0) return false;
  const index = Math.floor(claim / 2 ** 32);
  const value = state.payloads[index]!;
  assert(state.begun.has(value), "what was taken was never pushed");
  assert(!state.completed.has(value), "what was completed was taken");
  state.inDoubt.push(value);
  const done = yield ["complete", ORDER, index, claim | 0, deadline];
  state.inDoubt.splice(state.inDoubt.indexOf(value), 1);
  if (done === 0) assert(state.isMortal, "what was taken was lost");
  else assert(!state.completed.has(value), "what was completed was completed");
  if (done !== 0) state.completed.add(value);
  return true;
}

function* sweep(state: State): Script {
  const number = yield ["beginSweep"];
  for (const ring of [0, 1]) yield ["sweepRing", ring, ORDER, ITEM_COUNT, number];
  for (let index = 0; index < ITEM_COUNT; index++) {
    const { nowMs } = state;
    yield ["sweepItem", ORDER, index, number, nowMs, nowMs + LEASE_MS, ATTEMPTS_MAX];
  }
}

function* drain(state: State): Script {
  while (yield* take(state));
}

function* fill(state: State): Script {
  for (let i = 0; i < ITEM_COUNT; i++) yield* push(state, 10_000 + i);
}
