/**
 * Fault plans by seed: the same seed draws the same plan on every machine.
 *
 * @module
 */

import { FAULT_KINDS, type FaultKind, type PointFault } from "./point_fault.ts";

/** What a plan is drawn from. */
export interface FaultPlanOptions {
  /** The seed of all chance. */
  readonly seed: number;
  /** How many faults. */
  readonly count: number;
  /** The points of each domain; a domain is drawn first, then one of its points. */
  readonly points: Readonly<Record<string, readonly string[]>>;
  /** The kinds to draw from; those that end a life at once if left out. */
  readonly kinds?: readonly FaultKind[];
  /** The latest visit that is drawn; 100 if left out. */
  readonly visitMax?: number;
  /** For `slow`: the longest that is drawn; 50 ms if left out. */
  readonly slowMsMax?: number;
  /** For `heap`: how far it grows; without end if left out. */
  readonly heapMb?: number;
  /** For `busy-loop`, `blocked` and `zombie`: how long each lasts; for ever if left out. */
  readonly lastsMs?: number;
}

/** A fault that was drawn: its visit is known. */
export interface DrawnFault extends PointFault {
  /** Which visit of the point, from 1. */
  readonly visit: number;
}

/** Kinds that end a life at once: none of them needs a limit to be found out. */
const KINDS_DEFAULT: readonly FaultKind[] = ["throw", "terminate", "exit"];

/**
 * Draws a plan. No two faults happen at the same visit of the same point.
 *
 * @throws {RangeError} If there are not as many different visits to draw from, or no kinds or points.
 *
 * @example
 * ```ts
 * import { faultPlan } from "@hako/kernel";
 *
 * const points = { counter: ["counter.add.before", "counter.add.after"] };
 * const plan = faultPlan({ seed: 7, count: 3, points });
 * const again = faultPlan({ seed: 7, count: 3, points });
 * if (JSON.stringify(plan) !== JSON.stringify(again)) throw new Error("another plan");
 * ```
 */
export function faultPlan(options: FaultPlanOptions): readonly DrawnFault[] {
  const { seed, count, points, kinds = KINDS_DEFAULT, visitMax = 100 } = options;
  const domains = Object.keys(points).filter((domain) => points[domain]!.length > 0);
  checkOptions(options, domains, kinds);
  const chance = new Chance(seed);
  const drawn = new Map<string, DrawnFault>();
  while (drawn.size < count) {
    const domain = chance.of(domains);
    const point = chance.of(points[domain]!);
    const visit = 1 + chance.below(visitMax);
    const kind = chance.of(kinds);
    // Drawn for every kind, so that another list of kinds leaves places and visits as they are.
    const slowness = chance.below(options.slowMsMax ?? 50);
    const place = `${domain} ${point} ${visit}`;
    if (drawn.has(place)) continue;
    drawn.set(place, { ...limitsOf(kind, 1 + slowness, options), domain, point, visit, kind });
  }
  return [...drawn.values()];
}

function limitsOf(
  kind: FaultKind,
  slowMs: number,
  { heapMb, lastsMs }: FaultPlanOptions,
): Pick<PointFault, "slowMs" | "heapMb" | "lastsMs"> {
  if (kind === "slow") return { slowMs };
  if (kind === "heap") return heapMb === undefined ? {} : { heapMb };
  const lasts = kind === "busy-loop" || kind === "blocked" || kind === "zombie";
  return lasts && lastsMs !== undefined ? { lastsMs } : {};
}

function checkOptions(
  { seed, count, points, visitMax = 100, slowMsMax = 50 }: FaultPlanOptions,
  domains: readonly string[],
  kinds: readonly FaultKind[],
): void {
  const refuse = (what: string): never => {
    throw new RangeError(`Cannot draw a fault plan: ${what}`);
  };
  if (!Number.isSafeInteger(seed)) refuse(`${seed} is no seed; a seed is a whole number`);
  if (!(Number.isInteger(count) && count >= 0)) refuse(`${count} is no count of faults`);
  if (!(Number.isInteger(visitMax) && visitMax >= 1)) refuse(`${visitMax} is no visit from 1`);
  if (!(Number.isInteger(slowMsMax) && slowMsMax >= 1)) {
    refuse(`${slowMsMax} is no time of whole milliseconds from 1`);
  }
  if (kinds.length === 0) refuse("there is no kind to draw from");
  for (const kind of kinds) {
    if (!FAULT_KINDS.includes(kind)) refuse(`${JSON.stringify(kind)} is no kind`);
  }
  const pointCount = domains.reduce((sum, domain) => sum + new Set(points[domain]).size, 0);
  const visitCount = pointCount * visitMax;
  if (count > visitCount) {
    refuse(`${count} faults do not fit ${pointCount} points of ${visitMax} visits each`);
  }
}

/** The mulberry32 generator of a seed. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to a bound, not including it. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * bound);
  }

  /** One of some values. */
  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}
