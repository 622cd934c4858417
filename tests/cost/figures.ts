/**
 * What all rounds of a run came to.
 *
 * @module
 */

import { quantile } from "../../tools/bench/measurement.ts";
import { type CostPath, rowsOf, type Sample, type TablePlan, WHOLE } from "./cost_path.ts";

/** A number that was measured several times: the middle, and the middle half of them. */
export interface Figure {
  /** Half of the rounds came to less. */
  readonly median: number;
  /** A quarter came to less. */
  readonly low: number;
  /** A quarter came to more. */
  readonly high: number;
}

/** Figures by table and row. What could not be measured is left out. */
export type PathFigures = Readonly<Record<string, Readonly<Record<string, Figure>>>>;

/** A run of `deno task cost`. */
export interface CostRun {
  /** Of this form. */
  readonly version: 1;
  /** Where it was measured: processor, cores, system, engine. */
  readonly machine: string;
  /** How often each part was measured. */
  readonly rounds: number;
  /** By path. */
  readonly paths: Readonly<Record<string, PathFigures>>;
}

/** How a whole splits up. */
export interface Balance {
  /** The steps, added. */
  readonly sum: number;
  /** What they leave of the whole; below 0 if some of them happen at once. */
  readonly unexplained: number;
}

/** The figures of a path from its samples, each a part of one round. */
export function figuresOf(path: CostPath, samples: readonly Sample[]): PathFigures {
  const tables = Object.entries(path.tables).map(([name, table]) => {
    const rows = [...rowsOf(table).keys()].flatMap((row) => {
      const values = samples.flatMap((sample) => sample[`${name}.${row}`] ?? []);
      return values.length === 0 ? [] : [[row, figureOf(values)] as const];
    });
    return [name, Object.fromEntries(rows)] as const;
  });
  return Object.fromEntries(tables);
}

/** What is wrong with a sample: names that no table has, and what is no number. */
export function faultsOf(path: CostPath, sample: Sample): string[] {
  const known = new Set(
    Object.entries(path.tables).flatMap(([name, table]) =>
      [...rowsOf(table).keys()].map((row) => `${name}.${row}`)
    ),
  );
  return Object.entries(sample).flatMap(([name, value]) => {
    if (!known.has(name)) return [`${path.name} has no row ${name}`];
    return Number.isFinite(value) ? [] : [`${path.name}: ${name} is ${value}`];
  });
}

/** How the whole of a table splits up; nothing if a step or the whole was not measured. */
export function balanceOf(
  table: TablePlan,
  figures: Readonly<Record<string, Figure>>,
): Balance | undefined {
  const whole = figures[WHOLE];
  const steps = Object.keys(table.steps).map((step) => figures[step]);
  if (whole === undefined || steps.length === 0) return undefined;
  let sum = 0;
  for (const step of steps) {
    if (step === undefined) return undefined;
    sum += step.median;
  }
  return { sum, unexplained: whole.median - sum };
}

function figureOf(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share));
  return { low: low!, median: median!, high: high! };
}
