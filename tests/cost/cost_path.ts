/**
 * A path whose cost is told apart: the steps that it consists of, the whole of it measured end to
 * end, and what stands beside it as a floor.
 *
 * What a table consists of is declared before anything is measured: the page and its pictures are
 * compared with the declaration, whatever the figures say. Each step belongs to a lane, which says who
 * is at work; steps follow each other in time.
 *
 * @module
 */

/** In what a table is told. */
export type Unit = "ns" | "us" | "ms" | "kB";

/** One row of a table. */
export interface RowPlan {
  /** What it is. */
  readonly name: string;
  /** How it was measured, in a few words. */
  readonly how: string;
}

/** A step: a part of the whole. */
export interface StepPlan extends RowPlan {
  /** Who is at work. */
  readonly lane: string;
}

/** One table. */
export interface TablePlan {
  /** What it is about, as a title: `"Both sides awake"`. */
  readonly title: string;
  /** In what its costs are told. */
  readonly unit: Unit;
  /** The steps, in their order. None if the table only lists. */
  readonly steps: Readonly<Record<string, StepPlan>>;
  /** The whole, measured end to end; none if the table only lists. */
  readonly whole?: RowPlan;
  /** What stands beside the whole, and is no part of its sum: floors, other ways of doing the same. */
  readonly beside: Readonly<Record<string, RowPlan>>;
  /** What is counted for each operation, such as context switches. */
  readonly counts: Readonly<Record<string, RowPlan>>;
}

/** What one part of a path came to in one round: a number for each row, by `TABLE.ROW`. */
export type Sample = Readonly<Record<string, number>>;

/** What a part is measured with. */
export interface Place {
  /** A directory for what it writes; removed after it. */
  readonly directory: string;
}

/** A part of a path: measured in a process of its own, once in each round. */
export interface PartPlan {
  /** Measures it. */
  measure(place: Place): Promise<Sample>;
  /** What its process may do besides reading the source and its directory. */
  readonly permissions?: readonly string[];
}

/** A path. */
export interface CostPath {
  /** Its name on the command line. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly what: string;
  /** Its tables, by name. */
  readonly tables: Readonly<Record<string, TablePlan>>;
  /** What is measured, by name. */
  readonly parts: Readonly<Record<string, PartPlan>>;
}

/** Where the whole of a table lies among its samples. */
export const WHOLE = "whole";

/** All rows of a table, by their keys: steps, the whole, what is beside it, what is counted. */
export function rowsOf(table: TablePlan): Map<string, RowPlan> {
  const whole = table.whole === undefined ? [] : [[WHOLE, table.whole] as const];
  return new Map<string, RowPlan>([
    ...Object.entries(table.steps),
    ...whole,
    ...Object.entries(table.beside),
    ...Object.entries(table.counts),
  ]);
}
