/**
 * A queue of a few items, those who work on it, and a ledger of what they were told.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { payloadsAt, PHASE, RINGS } from "../../ipc/queue/layouts.ts";
import type { QueueCore } from "../../ipc/queue/queue_core.ts";
import { instantiateStepping } from "./stepping_core.ts";

/** Items of the queue. */
export const ITEM_COUNT = 4;
/** Tries of an item: more than any test takes. */
const ATTEMPTS_MAX = 255;
/** Milliseconds of a lease. */
export const LEASE_MS = 100;
/** Sweeps, a lease apart, after which all that the dead have left is found. */
const SWEEPS_MAX = 3;

const RING_COUNT = 2;

/** Where the counters begin, and how small the rings are. */
export interface Beginning {
  /** The power of two that holds the items: the rings have twice as many entries. */
  readonly order: number;
  /** The first cycle of the rings. */
  readonly cycle: number;
  /** The first generation of the items. */
  readonly generation: number;
}

/** An item that somebody has taken. */
export interface Taken {
  readonly index: number;
  readonly label: number;
  readonly value: number;
  deadline: number;
}

/** A queue and everything that is known about what was pushed. */
export class SmallWorld {
  /** The shared memory. */
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  /** The time of all. */
  nowMs = 0;
  /** Values whose push has been answered with true. */
  readonly pushed = new Set<number>();
  /** Values whose push was begun and not answered. */
  readonly begun = new Set<number>();
  /** Values whose completion has been answered with true. */
  readonly completed = new Set<number>();
  /** Values whose completion was begun by somebody who died. */
  readonly perhapsCompleted = new Set<number>();
  /** A core that nobody interrupts. */
  readonly core: QueueCore;
  readonly #module: WebAssembly.Module;
  readonly #order: number;
  readonly #payloads: Int32Array;
  #value = 0;

  /** A queue whose counters begin there, and whose cores are of this module. */
  constructor(module: WebAssembly.Module, beginning: Beginning) {
    const { order, cycle, generation } = beginning;
    this.#module = module;
    this.#order = order;
    this.#payloads = new Int32Array(this.memory.buffer, payloadsAt(order, RING_COUNT));
    this.core = this.stepping();
    this.core.initialise(order, ITEM_COUNT, RING_COUNT, cycle, generation);
    this.#payloads = new Int32Array(this.memory.buffer, payloadsAt(this.#order, RING_COUNT));
  }

  /** A core of which each step is announced. */
  stepping(step?: () => void): QueueCore {
    return instantiateStepping(this.#module, this.memory, step);
  }

  /** Pushes a value that was never pushed before. */
  push(core: QueueCore): boolean {
    const deadline = (this.nowMs + LEASE_MS) >>> 0;
    const claim = core.reserve(this.#order, ITEM_COUNT, deadline);
    if (claim < 0) return false;
    const value = ++this.#value;
    const index = Math.floor(claim / 2 ** 32);
    assert(index < ITEM_COUNT);
    this.#payloads[index] = value;
    this.begun.add(value);
    const done = core.publish(this.#order, index, claim >>> 0, deadline) === 1;
    this.begun.delete(value);
    if (done) this.pushed.add(value);
    return done;
  }

  /** Reserves an item and forgets it. */
  reserve(core: QueueCore): void {
    core.reserve(this.#order, ITEM_COUNT, this.nowMs);
  }

  /** Takes an item. */
  take(core: QueueCore): Taken | undefined {
    const deadline = (this.nowMs + LEASE_MS) >>> 0;
    const claim = core.take(this.#order, ITEM_COUNT, deadline);
    if (claim < 0) return undefined;
    const index = Math.floor(claim / 2 ** 32);
    assert(index < ITEM_COUNT);
    const value = this.#payloads[index]!;
    assert(!this.completed.has(value), "an item came back after it was completed");
    return { index, label: claim >>> 0, deadline, value };
  }

  /** Completes an item; whoever dies in it may have done so or not. */
  complete(core: QueueCore, { index, label, deadline, value }: Taken): boolean {
    let answer: boolean | undefined;
    try {
      answer = core.complete(this.#order, index, label, deadline) === 1;
    } finally {
      if (answer === undefined) this.perhapsCompleted.add(value);
    }
    if (!answer) return false;
    assert(!this.completed.has(value), "an item was completed twice");
    assert(this.pushed.has(value) || this.begun.has(value), "what nobody pushed was completed");
    this.completed.add(value);
    return true;
  }

  /** Gives an item back, as a try that failed or not. */
  giveBack(core: QueueCore, how: "release" | "fail", { index, label, deadline }: Taken): boolean {
    if (how === "release") return core.release(this.#order, index, label, deadline) === 1;
    return core.fail(this.#order, index, label, deadline, ATTEMPTS_MAX) !== 0;
  }

  /** Begins a new lease. */
  extend(core: QueueCore, taken: Taken): boolean {
    const later = (this.nowMs + LEASE_MS) >>> 0;
    const { index, label, deadline } = taken;
    if (core.extend(index, label, deadline, later) === 0) return false;
    taken.deadline = later;
    return true;
  }

  /** One sweep. */
  sweep(core: QueueCore): void {
    const number = core.beginSweep();
    core.sweepRing(RINGS.FREE_RING, this.#order, ITEM_COUNT, number);
    core.sweepRing(RINGS.QUEUED_RING, this.#order, ITEM_COUNT, number);
    const deadline = (this.nowMs + LEASE_MS) >>> 0;
    for (let index = 0; index < ITEM_COUNT; index++) {
      core.sweepItem(this.#order, index, number, this.nowMs, deadline, ATTEMPTS_MAX);
    }
  }

  /** Lets time pass and sweeps, until all that was lost must have been found. */
  recover(core: QueueCore): void {
    for (let i = 0; i < SWEEPS_MAX; i++) {
      this.nowMs += LEASE_MS;
      this.sweep(core);
    }
  }

  /** Takes and completes all there is. */
  drain(core: QueueCore): void {
    for (let taken = this.take(core); taken; taken = this.take(core)) this.complete(core, taken);
  }

  /** Recovers, and checks that nothing was lost. */
  settle(): void {
    this.recover(this.core);
    this.check();
  }

  /** Drains, and checks that nothing was lost, neither an item nor a place for one. */
  check(): void {
    const { core } = this;
    this.drain(core);
    this.#checkPushed();
    assertEquals(core.count(ITEM_COUNT, PHASE.FREE), ITEM_COUNT);
    for (let i = 0; i < ITEM_COUNT; i++) assert(this.push(core), "a place for an item was lost");
    assertEquals(this.push(core), false);
    this.drain(core);
    this.#checkPushed();
  }

  #checkPushed(): void {
    for (const value of this.pushed) {
      const done = this.completed.has(value) || this.perhapsCompleted.has(value);
      assert(done, `value ${value} was lost`);
    }
  }
}
