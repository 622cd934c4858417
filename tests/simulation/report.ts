/**
 * What is told of a world that fails: its smallest form, its last events, and the command that plays
 * it again.
 *
 * @module
 */

import { describePlan, type Part, PARTS, planOf } from "./plan.ts";
import type { StorageCode } from "./storage_code.ts";
import { playWorld, type Verdict } from "./world.ts";

/** Events before the violation that are shown. */
const LINES_MAX = 40;

/** A world that fails. */
export interface Failure {
  /** Its seed. */
  readonly seed: number;
  /** What it fails without. */
  readonly without: ReadonlySet<Part>;
  /** What was not as promised. */
  readonly violation: string;
}

/** Plays the world of a seed; answers how it fails, if it does. */
export function playSeed(
  seed: number,
  code: StorageCode,
  without: ReadonlySet<Part> = new Set(),
): Verdict & { failure: Failure | undefined } {
  const verdict = playWorld(planOf(seed, without), code);
  const { violation } = verdict;
  return {
    ...verdict,
    failure: violation === undefined ? undefined : { seed, without, violation },
  };
}

/** Leaves out of a failing world whatever it fails without, too. */
export function shrink(failure: Failure, code: StorageCode): Failure {
  let smallest = failure;
  for (const part of PARTS) {
    if (smallest.without.has(part)) continue;
    const without = new Set([...smallest.without, part]);
    smallest = playSeed(failure.seed, code, without).failure ?? smallest;
  }
  return smallest;
}

/** The options that play a world again. */
export function optionsOf({ seed, without }: Pick<Failure, "seed" | "without">): string {
  return `--seed ${seed}${without.size === 0 ? "" : ` --without ${[...without].join(",")}`}`;
}

/** A failing world for people. */
export function describeFailure(failure: Failure, code: StorageCode, linesMax = LINES_MAX): string {
  const plan = planOf(failure.seed, failure.without);
  const { lines, digest } = playWorld(plan, code, { keepsLines: true });
  const shown = lines.slice(-linesMax).map(({ atUs, who, what }) =>
    `${(atUs / 1_000).toFixed(3).padStart(12)} ms  ${who.padEnd(9)} ${what}`
  );
  return [
    `the world of seed ${failure.seed}: ${describePlan(plan)}`,
    `digest ${digest}; its last ${shown.length} events:`,
    ...shown,
    failure.violation,
  ].join("\n");
}
