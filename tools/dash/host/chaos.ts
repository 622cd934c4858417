/**
 * Buttons that press themselves: the same seed, the same presses at the same times.
 *
 * @module
 */

import { type Random, randomFrom } from "../../scenarios/random.ts";
import type { Press, Target } from "../lines.ts";

/** Between two presses: at least, and at most. */
const PAUSE_MS_MIN = 300;
const PAUSE_MS_MAX = 1_500;

/** A press, and how long after the one before. */
export interface ChaosPress extends Press {
  /** Milliseconds. */
  readonly afterMs: number;
}

/** The presses of a seed, without end. */
export function* chaosPresses(targets: readonly Target[], seed: number): Generator<ChaosPress> {
  const random = randomFrom(seed);
  for (;;) {
    const afterMs = PAUSE_MS_MIN + random() * (PAUSE_MS_MAX - PAUSE_MS_MIN);
    const { domain, deeds } = oneOf(targets, random);
    yield { afterMs, domain, deed: oneOf(deeds, random) };
  }
}

function oneOf<T>(values: readonly T[], random: Random): T {
  return values[Math.floor(random() * values.length)]!;
}
