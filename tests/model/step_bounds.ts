/**
 * How many atomic steps each operation may take: what its doc says, and the worst that there is.
 *
 * @module
 */

import { EPOCH_MAX, SLOT_COUNT } from "../../ipc/limits.ts";
import { AGAIN, PHASE } from "../../ipc/layouts/channel.ts";
import { type AtomicStep, KIND } from "./atomic_step.ts";
import type { InstrumentedCore } from "./instrument.ts";
import { type Outcome, type Position, Stepper } from "./stepper.ts";

/** Requests that `postMany` is measured with. */
const MANY = 3;

const SEQUENCE = 3;
const EPOCH = 6;

/** The operations whose docs name a number, and operands to measure them with. */
const MEASURED: Readonly<Record<string, readonly number[]>> = {
  wake: [],
  rouse: [],
  announce: [],
  wait: [1, 50],
  ring: [0],
  useReady: [],
  takeReady: [0],
  post: [SEQUENCE],
  postMany: [SEQUENCE, MANY],
  isFree: [SEQUENCE],
  reap: [SEQUENCE],
  cancel: [SEQUENCE],
  take: [SEQUENCE, EPOCH],
  takeAgain: [SEQUENCE, EPOCH],
  finish: [SEQUENCE, EPOCH, 0],
  complete: [SEQUENCE, EPOCH, 0],
  isAbandoned: [SEQUENCE, EPOCH],
  firstUnfinished: [],
  initialise: [0, EPOCH],
  fence: [EPOCH],
};

/** The bound of one operation. */
export interface StepBound {
  /** An export of the core. */
  readonly operation: string;
  /** The number in the doc comment beside it. */
  readonly documented: number;
  /** The longest way through its code, whatever its atomic steps read. */
  readonly worst: number;
}

/** A number of steps in a doc comment: `At most 5 each, and 6.` */
const STEPS =
  /(?:At most (\d+)(?:\s+steps?)?|(\d+)\s+steps?)(?:\s+(each|a\s+slot),\s+and\s+(\d+))?(?=[.:])/g;

/**
 * The bounds of operations whose docs name one: of all such, if none are named.
 *
 * @throws {RangeError} An operation that is named has no bound in its doc, or no operands here.
 */
export function stepBounds(
  core: InstrumentedCore,
  source: string,
  operations?: readonly string[],
): readonly StepBound[] {
  const stepper = new Stepper(core, 1);
  const bounds = documentedBounds(source);
  return (operations ?? [...bounds.keys()]).map((operation) => {
    const documented = bounds.get(operation);
    if (documented === undefined) throw new RangeError(`Cannot bound ${operation}: no number`);
    const operands = MEASURED[operation];
    if (operands === undefined) throw new RangeError(`Cannot measure ${operation}: no operands`);
    const memory = operation === "ring" || operation.endsWith("Ready") ? 1 : 0;
    const worst = new LongestPath(stepper).from(stepper.start(memory, operation, operands));
    return { operation, documented, worst };
  });
}

/** The numbers in the docs of the exported functions, by name. */
export function documentedBounds(source: string): ReadonlyMap<string, number> {
  const bounds = new Map<string, number>();
  for (const { 1: name, index } of source.matchAll(/^export function (\w+)\(/gm)) {
    const before = source.slice(0, index);
    const doc = before.slice(before.lastIndexOf("/**")).replaceAll(/\n \* ?/g, " ");
    const last = [...doc.matchAll(STEPS)].at(-1);
    if (last === undefined) continue;
    const [, most, exactly, unit, rest] = last;
    const count = Number(most ?? exactly);
    const times = unit === undefined ? 1 : unit === "each" ? MANY : SLOT_COUNT;
    bounds.set(name!, count * times + Number(rest ?? 0));
  }
  return bounds;
}

/** The longest way through an operation if each step may read anything. */
class LongestPath {
  readonly #stepper: Stepper;
  readonly #known: Map<string, number> = new Map();

  constructor(stepper: Stepper) {
    this.#stepper = stepper;
  }

  from(outcome: Outcome): number {
    if (typeof outcome !== "object") return 0;
    const key = keyOf(outcome);
    const known = this.#known.get(key);
    if (known !== undefined) {
      if (known < 0) {
        throw new RangeError(`Cannot bound ${outcome.operation}: it may go on for ever`);
      }
      return known;
    }
    this.#known.set(key, -1); // Under way: whoever meets it again goes in circles.
    let longest = 0;
    for (const [low, high] of readsOf(outcome)) {
      longest = Math.max(longest, this.from(this.#stepper.resume(outcome, low, high)));
    }
    this.#known.set(key, longest + 1);
    return longest + 1;
  }
}

/** A text that only the same position of an operation has: two characters for each number. */
function keyOf({ stack, innerStack, step }: Position): string {
  const { kind, wide, dropped, address, low, high, replacementLow, replacementHigh } = step;
  const marks = kind << 2 | (wide ? 2 : 0) | (dropped ? 1 : 0);
  const numbers = Int32Array.of(
    ...[stack.length, marks, step.memory, address, low, high, replacementLow, replacementHigh],
    ...stack,
    ...innerStack ?? [],
  );
  return String.fromCharCode.apply(null, new Uint16Array(numbers.buffer) as unknown as number[]);
}

/** What a step may read: one value for each way in which the core can tell values apart. */
function readsOf({ operation, step }: Position): readonly (readonly [number, number])[] {
  if (step.kind === KIND.wait) return [[0, 0], [1, 0], [2, 0]];
  if (!step.wide) return [[0, 0], [1, 0], [2, 0], [-1, 0]];
  const reads: (readonly [number, number])[] = [];
  // Whatever stands in a whole channel would take long: one sequence and epoch stand for all.
  const isScan = operation === "fence" || operation === "firstUnfinished";
  const sequences = isScan ? [0] : sequencesAround(step);
  const epochs = isScan ? [EPOCH - 1, EPOCH] : [EPOCH - 1, EPOCH, EPOCH_MAX];
  for (const phase of Object.values(PHASE)) {
    for (const sequence of sequences) {
      for (const epoch of epochs) {
        reads.push([(epoch << 8) | phase, sequence]);
        if (phase === PHASE.POSTED) reads.push([(epoch << 8) | AGAIN | phase, sequence]);
      }
    }
  }
  if (step.kind === KIND.compareExchange) reads.push([step.low, step.high]);
  return reads;
}

function sequencesAround(step: AtomicStep): readonly number[] {
  const slot = (step.address >> 7) & (SLOT_COUNT - 1);
  const first = (slot - 8) & (SLOT_COUNT - 1);
  return [first - SLOT_COUNT, first, first + SLOT_COUNT];
}
