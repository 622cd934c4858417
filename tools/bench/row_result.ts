/**
 * Runs the rounds of one row, and says what they came to.
 *
 * @module
 */

import { type Measurement, quantile } from "./measurement.ts";
import { figureOf, type PairedRow, type Side, type Unit } from "./paired_row.ts";

/** What is known of a row before it runs. */
export interface RowHead {
  /** Its name. */
  readonly name: string;
  /** Who the peer is. */
  readonly peerName: string;
  /** In what `ours` and `peer` are told. */
  readonly unit: Unit;
  /** The least ratio that meets the claim. */
  readonly target: number;
  /** What `ours` must not exceed as well. */
  readonly limit?: number;
  /** What our 99th percentile must not exceed. */
  readonly limitP99?: number;
  /** By how much `ours` may exceed `peer`. */
  readonly excessMax?: number;
}

/** The smallest and the largest of the rounds. */
export type Spread = readonly [least: number, most: number];

/** A row that was measured. */
export interface MeasuredRow extends RowHead {
  /** Our figure: the median of the rounds. */
  readonly ours: number;
  /** The peer's. */
  readonly peer: number;
  /** How many times faster we are; below 1 we are the slower. */
  readonly ratio: number;
  /** Whether the ratio reaches its target, and our figures keep to their limits. */
  readonly met: boolean;
  /** Rounds in which each side was measured. */
  readonly rounds: number;
  /** What lies between the rounds. */
  readonly spread: { readonly ours: Spread; readonly peer: Spread; readonly ratio: Spread };
  /** The median of the rounds' 99th percentiles. */
  readonly p99: { readonly ours: number; readonly peer: number };
  /** Cores that other processes used meanwhile, the median; `null` if nobody can tell. */
  readonly othersCores: number | null;
}

/** A row of which a side could not be measured. */
export interface FailedRow extends RowHead {
  /** Never: what was not measured is not met. */
  readonly met: false;
  /** Which side, and what it said. */
  readonly failure: string;
}

/** What a row came to. */
export type RowResult = MeasuredRow | FailedRow;

/** Measures one side of a row once. */
export type MeasureSide = (row: PairedRow, side: Side) => Promise<Measurement>;

/** A side that could not be measured. */
export class MeasurementFailure extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "MeasurementFailure";
}

/** Measures both sides in turn, ours first, `rounds` times each. */
export async function runRow(
  row: PairedRow,
  rounds: number,
  measureSide: MeasureSide,
): Promise<RowResult> {
  const measured: Record<Side, Measurement[]> = { ours: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    for (const side of ["ours", "peer"] as const) {
      try {
        measured[side].push(await measureSide(row, side));
      } catch (error) {
        if (!(error instanceof MeasurementFailure)) throw error;
        return { ...headOf(row), met: false, failure: `${side}: ${error.message}` };
      }
    }
  }
  return judge(row, measured);
}

function judge(row: PairedRow, { ours, peer }: Record<Side, Measurement[]>): MeasuredRow {
  const costOf = (sides: readonly Measurement[]) => {
    return median(sides.map(({ costMedian }) => costMedian));
  };
  const ratio = costOf(peer) / costOf(ours);
  const others = [...ours, ...peer].flatMap(({ othersCores }) => othersCores ?? []);
  const figures = (sides: readonly Measurement[]) => {
    return spreadOf(sides.map(({ costMedian }) => figureOf(row, costMedian)));
  };
  const tail = (sides: readonly Measurement[]) => {
    return figureOf(row, median(sides.map(({ costP99 }) => costP99)));
  };
  const figured = {
    ours: figureOf(row, costOf(ours)),
    peer: figureOf(row, costOf(peer)),
    p99: { ours: tail(ours), peer: tail(peer) },
  };
  return {
    ...headOf(row),
    ...figured,
    ratio,
    met: ratio >= row.target && keepsToLimits(row, figured),
    rounds: ours.length,
    spread: {
      ours: figures(ours),
      peer: figures(peer),
      ratio: spreadOf(peer.map(({ costMedian }, round) => costMedian / ours[round]!.costMedian)),
    },
    othersCores: others.length === 0 ? null : median(others),
  };
}

function keepsToLimits(
  { limit = Infinity, limitP99 = Infinity, excessMax = Infinity }: RowHead,
  { ours, peer, p99 }: Pick<MeasuredRow, "ours" | "peer" | "p99">,
): boolean {
  return ours <= limit && p99.ours <= limitP99 && ours - peer <= excessMax;
}

function headOf({ name, peerName, unit, target, limit, limitP99, excessMax }: PairedRow): RowHead {
  return {
    name,
    peerName,
    unit,
    target,
    ...(limit === undefined ? {} : { limit }),
    ...(limitP99 === undefined ? {} : { limitP99 }),
    ...(excessMax === undefined ? {} : { excessMax }),
  };
}

function spreadOf(values: readonly number[]): Spread {
  return [Math.min(...values), Math.max(...values)];
}

function median(values: readonly number[]): number {
  return quantile(values.toSorted((one, other) => one - other), 0.5);
}
