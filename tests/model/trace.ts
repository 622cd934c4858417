/**
 * An interleaving as people read it: thread, operation, atomic step, word, what it was and became.
 *
 * @module
 */

import { KIND, KIND_NAMES } from "./atomic_step.ts";
import { renderValue } from "./memory_map.ts";
import { Violation } from "./violation.ts";
import type { StepSeen, World } from "./world.ts";

/** One step of a schedule. */
export interface ScheduledStep {
  /** Whose step. */
  readonly thread: number;
  /** Which of its choices. */
  readonly choice: number;
}

/** The lines of a schedule in a fresh world, the step that breaks a property among them. */
export function traceOf(world: World, schedule: readonly ScheduledStep[]): readonly string[] {
  const lines: string[] = [];
  world.observer = (seen) => lines.push(renderStep(world, seen));
  const state = world.initial();
  try {
    for (const { thread, choice } of schedule) world.perform(state, thread, choice);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
  }
  return lines.map((line, index) => `${String(index + 1).padStart(3)}  ${line}`);
}

function renderStep(world: World, { thread, local, before, after, timesOut }: StepSeen): string {
  const { step, operation } = local;
  const word = local.word!;
  const operands = operation.name === "look"
    ? ""
    : operation.operands.map((n) => n >>> 0).join(", ");
  const who = world.cast[thread]!.script.name.padEnd(9);
  const what = `${operation.name}(${operands})`.padEnd(22);
  const kind = KIND_NAMES[step.kind]!.padEnd(16);
  return `${who} ${what} ${kind} ${word.name.padEnd(14)} ${renderChange()}`;

  function renderChange(): string {
    if (step.kind === KIND.notify) return `wakes ${before.low}`;
    if (step.kind === KIND.wait) {
      if (timesOut) return "times out";
      return before.low === step.low ? "sleeps" : `is ${before.low}, not ${step.low}: goes on`;
    }
    const old = renderValue(word, before.low, before.high);
    if (!before.wrote) return step.kind === KIND.load ? old : `${old}, fails`;
    return `${old} -> ${renderValue(word, ...after)}`;
  }
}
