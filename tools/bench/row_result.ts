/**
 * Runs the rounds of one row, and says what they came to.
 *
 * @module
 */

import { type Measurement, quantile } from "./measurement.ts";
import { figureOf, type PairedRow, type Side, sidesOf, type Unit } from "./paired_row.ts";

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
  /** What the bound does, if the row has one. */
  readonly boundName?: string;
  /** What bounds the row, or what it cannot show. */
  readonly note?: string;
}

/** The smallest and the largest of the rounds. */
export type Spread = readonly [least: number, most: number];

/** A figure of each side; `bound` is there if the row has one. */
export interface Figures<F> {
  /** Ours. */
  readonly ours: F;
  /** The peer's. */
  readonly peer: F;
  /** The bound's. */
  readonly bound?: F;
}

/** A row that was measured. */
export interface MeasuredRow extends RowHead, Figures<number> {
  /** How many times faster we are, by the medians of the rounds; below 1 we are the slower. */
  readonly ratio: number;
  /** Our share of what the platform allows: 1 is the bound itself, 0.5 half as good. */
  readonly ofBound?: number;
  /** Whether the ratio reaches its target, and our figures keep to their limits. */
  readonly met: boolean;
  /** Rounds in which each side was measured. */
  readonly rounds: number;
  /** Each round, in order; `p99` is our 99th percentile. */
  readonly perRound: Figures<readonly number[]> & {
    readonly ratio: readonly number[];
    readonly p99: readonly number[];
  };
  /** What lies between the rounds. */
  readonly spread: Figures<Spread> & { readonly ratio: Spread };
  /** The median of the rounds' 99th percentiles. */
  readonly p99: Figures<number>;
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

/** Whether a row was measured. */
export function isMeasured(row: RowResult): row is MeasuredRow {
  return "ours" in row;
}

/** Measures one side of a row once. */
export type MeasureSide = (row: PairedRow, side: Side) => Promise<Measurement>;

/** A side that could not be measured. */
export class MeasurementFailure extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "MeasurementFailure";
}

/** A side that the user did not want to be measured any more. */
export class MeasurementInterruption extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "MeasurementInterruption";
}

/**
 * Measures each side in turn, ours first, `rounds` times each. If that is interrupted, the rounds that
 * are complete count; without any the answer is `undefined`.
 */
export async function runRow(
  row: PairedRow,
  rounds: number,
  measureSide: MeasureSide,
): Promise<RowResult | undefined> {
  const measured: Measurements = { ours: [], peer: [], bound: [] };
  for (let round = 0; round < rounds; round++) {
    for (const side of sidesOf(row)) {
      try {
        measured[side].push(await measureSide(row, side));
      } catch (error) {
        if (error instanceof MeasurementInterruption) {
          return round === 0 ? undefined : judge(row, firstRounds(measured, round));
        }
        if (!(error instanceof MeasurementFailure)) throw error;
        return { ...headOf(row), met: false, failure: `${side}: ${error.message}` };
      }
    }
  }
  return judge(row, measured);
}

type Measurements = Readonly<Record<Side, Measurement[]>>;

function judge(row: PairedRow, measured: Measurements): MeasuredRow {
  const costOf = (side: Side) => median(measured[side].map(({ costMedian }) => costMedian));
  const each = <F>(figure: (side: Side) => F): Figures<F> => ({
    ours: figure("ours"),
    peer: figure("peer"),
    ...(row.bound === undefined ? {} : { bound: figure("bound") }),
  });
  const figures = each((side) => figureOf(row, costOf(side)));
  const p99 = each((side) => figureOf(row, median(measured[side].map(({ costP99 }) => costP99))));
  const ratio = costOf("peer") / costOf("ours");
  const perRound = {
    ...each((side) => measured[side].map(({ costMedian }) => figureOf(row, costMedian))),
    p99: measured.ours.map(({ costP99 }) => figureOf(row, costP99)),
    ratio: measured.peer.map(({ costMedian }, round) => {
      return costMedian / measured.ours[round]!.costMedian;
    }),
  };
  const others = Object.values(measured).flat().flatMap(({ othersCores }) => othersCores ?? []);
  return {
    ...headOf(row),
    ...figures,
    ratio,
    ...(row.bound === undefined ? {} : { ofBound: costOf("bound") / costOf("ours") }),
    met: ratio >= row.target && keepsToLimits(row, { ...figures, p99 }),
    rounds: measured.ours.length,
    perRound,
    spread: { ...each((side) => spreadOf(perRound[side]!)), ratio: spreadOf(perRound.ratio) },
    p99,
    othersCores: others.length === 0 ? null : median(others),
  };
}

function firstRounds({ ours, peer, bound }: Measurements, count: number): Measurements {
  return {
    ours: ours.slice(0, count),
    peer: peer.slice(0, count),
    bound: bound.slice(0, count),
  };
}

function keepsToLimits(
  { limit = Infinity, limitP99 = Infinity, excessMax = Infinity }: RowHead,
  { ours, peer, p99 }: Pick<MeasuredRow, "ours" | "peer" | "p99">,
): boolean {
  return ours <= limit && p99.ours <= limitP99 && ours - peer <= excessMax;
}

function headOf(row: PairedRow): RowHead {
  const { name, peerName, unit, target, limit, limitP99, excessMax, bound, note } = row;
  return {
    name,
    peerName,
    unit,
    target,
    ...(limit === undefined ? {} : { limit }),
    ...(limitP99 === undefined ? {} : { limitP99 }),
    ...(excessMax === undefined ? {} : { excessMax }),
    ...(bound === undefined ? {} : { boundName: bound.name }),
    ...(note === undefined ? {} : { note }),
  };
}

function spreadOf(values: readonly number[]): Spread {
  return [Math.min(...values), Math.max(...values)];
}

function median(values: readonly number[]): number {
  return quantile(values.toSorted((one, other) => one - other), 0.5);
}
