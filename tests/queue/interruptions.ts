/**
 * Operations that die or stand still at each of their steps, in several situations, and what others
 * do meanwhile.
 *
 * @module
 */

import type { QueueCore } from "../../ipc/queue/queue_core.ts";
import { SmallWorld, type Taken } from "./small_world.ts";

/** What somebody does, perhaps with an item taken before. */
export type Deed = (world: SmallWorld, core: QueueCore, taken?: Taken) => void;

/** Thrown at the step at which a participant dies. */
export class Death extends Error {}

const BEGINNINGS = [
  { order: 6, cycle: 0, generation: 0 },
  { order: 3, cycle: 0, generation: 0 },
  { order: 2, cycle: -1, generation: 0xfffff },
];

/** What is in the queue when the operation begins. */
const SITUATIONS: Record<string, (world: SmallWorld, core: QueueCore) => Taken | undefined> = {
  "an empty queue": () => undefined,
  "one item": (world, core) => void world.push(core),
  "a full queue": (world, core) => fill(world, core, 4),
  "one item taken, one waiting": (world, core) => {
    fill(world, core, 2);
    return world.take(core);
  },
  "a full queue, one taken": (world, core) => {
    fill(world, core, 4);
    return world.take(core);
  },
  "lapsed leases": (world, core) => {
    fill(world, core, 3);
    const taken = world.take(core);
    world.reserve(core);
    world.nowMs += 1_000;
    return taken;
  },
  "a lost hint": (world, core) => {
    fill(world, core, 2);
    new BigUint64Array(world.memory.buffer, 512, 1)[0]! += 1n; // The queued ring's head.
    world.nowMs += 1_000;
    world.sweep(core);
    world.nowMs += 1_000;
    return undefined;
  },
};

/** The operations, by name. */
export const OPERATIONS: Readonly<Record<string, Deed>> = {
  push: (world, core) => void world.push(core),
  take: (world, core) => void world.take(core),
  complete: (world, core, taken) => void (taken && world.complete(core, taken)),
  release: (world, core, taken) => void (taken && world.giveBack(core, "release", taken)),
  fail: (world, core, taken) => void (taken && world.giveBack(core, "fail", taken)),
  extend: (world, core, taken) => void (taken && world.extend(core, taken)),
  sweep: (world, core) => world.sweep(core),
};

/** What others do while an operation stands still. */
export const MEANWHILE: Readonly<Record<string, Deed>> = {
  "it is swept": (world, core) => world.recover(core),
  "the queue is drained": (world, core) => world.drain(core),
  "the queue is drained and filled": (world, core) => {
    world.drain(core);
    fill(world, core, 4);
  },
  "the ring is gone round and it is swept": (world, core) => {
    for (let i = 0; i < 40; i++) {
      fill(world, core, 4);
      world.drain(core);
    }
    world.recover(core);
    fill(world, core, 3);
  },
  "its item is completed": (world, core, taken) => void (taken && world.complete(core, taken)),
};

/** Lets an operation die at each of its steps, and checks that nothing is lost. */
export function dieEverywhere(module: WebAssembly.Module, operation: Deed): void {
  everywhere(module, operation, () => {
    throw new Death();
  });
}

/** Lets takers die one after the other, each with a ticket, until each entry has seen several. */
export function dieOften(module: WebAssembly.Module): void {
  for (const beginning of BEGINNINGS.slice(1)) {
    const world = new SmallWorld(module, beginning);
    let stepsLeft = 0;
    const core = world.stepping(() => {
      if (stepsLeft-- === 0) throw new Death();
    });
    for (let death = 0; death < 500; death++) {
      fill(world, world.core, 4);
      stepsLeft = 3 + death % 30; // Often enough just before it takes a hint out of its entry.
      try {
        world.take(core);
      } catch (error) {
        if (!(error instanceof Death)) throw error;
      }
      world.settle();
    }
  }
}

/** Lets an operation stand still at each of its steps while others do something, and go on. */
export function pauseEverywhere(
  module: WebAssembly.Module,
  operation: Deed,
  meanwhile: Deed,
): void {
  everywhere(module, operation, (world, taken) => meanwhile(world, world.core, taken));
}

function everywhere(
  module: WebAssembly.Module,
  operation: Deed,
  interrupt: (world: SmallWorld, taken?: Taken) => void,
): void {
  for (const beginning of BEGINNINGS) {
    for (const situation of Object.values(SITUATIONS)) {
      forEachStep((at) => {
        const world = new SmallWorld(module, beginning);
        const taken = situation(world, world.core);
        let steps = 0;
        const core = world.stepping(() => {
          if (steps++ === at) interrupt(world, taken);
        });
        try {
          operation(world, core, taken);
        } catch (error) {
          if (!(error instanceof Death)) throw error;
        }
        world.settle();
        return steps > at;
      });
    }
  }
}

/** Runs for the first step, the second, and so on, while there is one. */
function forEachStep(run: (at: number) => boolean): void {
  for (let at = 0; run(at); at++);
}

function fill(world: SmallWorld, core: QueueCore, count: number): undefined {
  for (let i = 0; i < count; i++) world.push(core);
  return undefined;
}
