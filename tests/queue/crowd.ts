/**
 * A crowd at work on one queue, by seed: at each step of an operation others may run operations of
 * their own to the end, to any depth, and whoever is in the middle of one may die.
 *
 * @module
 */

import type { QueueCore } from "../../ipc/queue/queue_core.ts";
import { Death, OPERATIONS } from "./interruptions.ts";
import { LEASE_MS, SmallWorld, type Taken } from "./small_world.ts";

/** How many operations one run begins from outside. */
const OPERATIONS_MAX = 60;
const DEPTH_MAX = 3; // With its beginner as many as the smallest ring has indices.

/** One in so many steps is interrupted; one in so many interruptions is a death. */
const INTERRUPTED_ONE_IN = 12;
const DEATH_ONE_IN = 8;

/** A random number below `limit`. */
export type Random = (limit: number) => number;

/** The numbers of a seed: xorshift32. */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b9) | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** Runs a crowd that dies now and then, and checks that nothing is lost and nothing done twice. */
export function runMortals(module: WebAssembly.Module, seed: number): void {
  const crowd = new Crowd(module, randomOf(seed), DEATH_ONE_IN);
  for (let i = 0; i < OPERATIONS_MAX; i++) crowd.act();
  crowd.world.settle();
}

/** Runs a crowd in which nobody dies, and checks that nobody needs a sweep. */
export function runImmortals(module: WebAssembly.Module, seed: number): void {
  const crowd = new Crowd(module, randomOf(seed), Infinity);
  for (let i = 0; i < OPERATIONS_MAX; i++) crowd.act();
  crowd.finish();
  crowd.world.check();
}

class Crowd {
  readonly world: SmallWorld;
  readonly #random: Random;
  readonly #core: QueueCore;
  readonly #deathOneIn: number;
  readonly #taken: Taken[] = [];
  #depth = 0;

  constructor(module: WebAssembly.Module, random: Random, deathOneIn: number) {
    const beginning = {
      order: 2 + random(2),
      cycle: random(3) - 2,
      generation: 0xffffc + random(4),
    };
    this.world = new SmallWorld(module, beginning);
    this.#random = random;
    this.#deathOneIn = deathOneIn;
    // All may share an instance: it keeps nothing between its steps but its stack.
    this.#core = this.world.stepping(() => this.#step());
  }

  /** Completes what is still taken. */
  finish(): void {
    for (const taken of this.#taken) this.world.complete(this.world.core, taken);
  }

  /** One operation of somebody, begun and ended, or cut off. */
  act(): void {
    this.#depth++;
    try {
      this.#choose();
    } catch (error) {
      if (!(error instanceof Death)) throw error;
    }
    this.#depth--;
  }

  #step(): void {
    if (this.#depth > DEPTH_MAX || this.#random(INTERRUPTED_ONE_IN) !== 0) return;
    if (this.#random(this.#deathOneIn) === 0) throw new Death();
    for (let i = this.#random(4); i >= 0; i--) this.act();
  }

  #choose(): void {
    const { world } = this;
    const choice = this.#random(16);
    if (choice < 5) world.push(this.#core);
    else if (choice < 9) this.#take();
    else if (choice < 13) this.#finish(["complete", "complete", "release", "fail"][choice - 9]!);
    else if (choice === 13) this.#finish("extend");
    else if (choice === 14 && this.#isMortal()) world.nowMs += this.#random(LEASE_MS);
    else if (this.#random(4) === 0) world.sweep(this.#core);
  }

  #isMortal(): boolean {
    return this.#deathOneIn !== Infinity;
  }

  #take(): void {
    const taken = this.world.take(this.#core);
    if (taken) this.#taken.push(taken);
  }

  /** Somebody who has taken an item, perhaps long ago, does something about it. */
  #finish(operation: string): void {
    const taken = this.#taken[this.#random(this.#taken.length || 1)];
    if (taken) OPERATIONS[operation]!(this.world, this.#core, taken);
  }
}
