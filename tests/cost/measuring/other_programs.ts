/**
 * One sample of what is measured in programs of its own.
 *
 * @module
 */

import type { SelfMeasuring } from "@hako/tools/bench";

/** Nanoseconds of an operation, in the first sample that counts; nothing where this machine lacks what it needs. */
export async function sampleOf(open: () => Promise<SelfMeasuring>): Promise<number | undefined> {
  let measuring: SelfMeasuring;
  try {
    measuring = await open();
  } catch (error) {
    console.error(`cost: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
  try {
    await measuring.sample(); // Whoever serves gets warm.
    return await measuring.sample();
  } finally {
    await measuring.close?.();
  }
}
