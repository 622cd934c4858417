/**
 * Mirrors for tests: in step, booted, and what they shall hold.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import type { OpenIntegrityParts } from "./open.ts";
import { SimulatedIntegrity, type SimulatedOptions } from "./simulated_integrity.ts";
import type { SimulatedLeg } from "./simulated_legs.ts";

/** Mirrors by name: with tags on legs of different size, and without. */
export const MIRRORS: Record<string, SimulatedOptions> = {
  "a mirror": { legBlocks: [60, 60], tags: false, regionBlocks: 4 },
  "a tagged mirror": { legBlocks: [60, 64], tags: true, regionBlocks: 4 },
};
/** A single leg with tags. */
export const LEG: SimulatedOptions = { legBlocks: [60], tags: true, regionBlocks: 4 };
/** Blocks that the tests write. */
export const BLOCKS = 20;

type Changes = Partial<OpenIntegrityParts>;

/** A layer in step, whose blocks hold their number + 1. */
export function written(options: SimulatedOptions): SimulatedIntegrity {
  const simulated = new SimulatedIntegrity(options).open().settle();
  for (let block = 0; block < BLOCKS; block++) simulated.write(block, 1, block + 1);
  simulated.device.halt();
  const { legs } = simulated.device.report();
  assert(legs.every((state) => state === "in"), "every leg is in step");
  return simulated;
}

/** A copy of a leg as it is now. */
export function copyOf(simulated: SimulatedIntegrity, leg: number): SimulatedLeg {
  return simulated.leg(simulated.legs[leg]!.bytes.slice(), leg);
}

/** A boot: the witness knows nothing. */
export function boot(simulated: SimulatedIntegrity, changes: Changes = {}): SimulatedIntegrity {
  simulated.witness = new Uint8Array(new SharedArrayBuffer(4));
  return simulated.open({ format: "never", ...changes });
}

/** Why a boot is refused, or `"none"`. */
export function refusalOf(simulated: SimulatedIntegrity, changes: Changes = {}): string {
  try {
    boot(simulated, changes);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return "none";
}

/** What the blocks hold. */
export function read(simulated: SimulatedIntegrity): (number | string)[] {
  return Array.from({ length: BLOCKS }, (_, block) => simulated.read(block));
}

/** What the blocks hold when just these were changed. */
export function numbers(changes: Record<number, number> = {}): number[] {
  return Array.from({ length: BLOCKS }, (_, block) => changes[block] ?? block + 1);
}

/** Both legs come in step, and hold this; so they do after another boot. */
export function assertInStep(simulated: SimulatedIntegrity, expected: number[]): void {
  const { legs } = simulated.settle().device.report();
  assert(legs.every((state) => state === "in"), "both legs come in step");
  expectBlocks(simulated, expected);
  const [one, other] = simulated.legs.map(({ bytes }) => bytes.subarray(0, BLOCKS * 4096));
  assert(one!.every((byte, at) => byte === other![at]), "both legs hold the same");
  simulated.device.halt();
  expectBlocks(boot(simulated).scrub(), expected);
  const { healed, rotten } = simulated.device.report();
  assert(healed + rotten.length === 0, "nothing was wrong on either leg");
}

function expectBlocks(simulated: SimulatedIntegrity, expected: number[]): void {
  const found = read(simulated).join();
  if (found !== expected.join()) throw new Error(`blocks hold ${found}, not ${expected.join()}`);
}
