/**
 * Measures one side of a row: warms it up, then times batches of operations.
 *
 * A batch is long enough that reading the clock does not matter. The figure is the median batch: what
 * the scheduler of a shared machine does to a few of them is in the 99th percentile, not in it.
 *
 * @module
 */

import type { Contestant, SelfMeasuring } from "./paired_row.ts";

/** What one side came to in one round. A cost is nanoseconds per operation, or bytes. */
export interface Measurement {
  /** The cost in the median batch, or of the median sample. */
  readonly costMedian: number;
  /** The cost in the batch that 99 of 100 beat. */
  readonly costP99: number;
  /** Operations timed, or samples. */
  readonly operationCount: number;
  /** Cores that other processes used meanwhile; `null` if nobody can tell. */
  readonly othersCores: number | null;
}

/** How long to measure, and by which clocks. */
export interface MeasurementPlan {
  /** Milliseconds of unmeasured work: caches fill, compilers finish, spinners adapt. */
  readonly warmUpMs: number;
  /** Milliseconds of measured work, rests included. */
  readonly measureMs: number;
  /** The clock, in milliseconds. */
  readonly nowMs: () => number;
  /** Milliseconds of processor time that everybody else has used since some fixed moment. */
  readonly othersMs: () => number;
}

/** A batch lasts at least this long: a hundred times what reading the clock costs. */
const BATCH_MS_MIN = 0.05;

/** Fewer batches than this have no 99th percentile to speak of. */
const BATCH_COUNT_MIN = 100;

/** Cores in use by others above which a figure is not to be trusted. */
const OTHERS_CORES_MAX = 0.25;

/** Times that a measurement is tried in the hope that others are quiet. */
const ATTEMPTS_MAX = 3;

/** Measures a contestant that has just been opened. */
export function measure(
  contestant: Contestant | SelfMeasuring,
  plan: MeasurementPlan,
): Promise<Measurement> {
  return "sample" in contestant ? takeSamples(contestant, plan) : timeBatches(contestant, plan);
}

async function timeBatches(contestant: Contestant, plan: MeasurementPlan): Promise<Measurement> {
  const { nowMs, othersMs } = plan;
  const size = await warmUp(contestant, plan);
  const batches: number[] = [];
  const startMs = nowMs();
  const othersStartMs = othersMs();
  while (batches.length < BATCH_COUNT_MIN || nowMs() - startMs < plan.measureMs) {
    batches.push(await timeBatch(contestant, size, nowMs));
  }
  const othersCores = (othersMs() - othersStartMs) / (nowMs() - startMs);
  batches.sort((one, other) => one - other);
  return {
    costMedian: quantile(batches, 0.5) * 1e6 / size,
    costP99: quantile(batches, 0.99) * 1e6 / size,
    operationCount: batches.length * size,
    othersCores: contestant.startsProcesses ? null : Math.max(0, othersCores),
  };
}

async function takeSamples(
  contestant: SelfMeasuring,
  { nowMs, othersMs }: MeasurementPlan,
): Promise<Measurement> {
  const costs: number[] = [];
  const startMs = nowMs();
  const othersStartMs = othersMs();
  while (costs.length < contestant.sampleCount) costs.push(await contestant.sample());
  const othersCores = (othersMs() - othersStartMs) / (nowMs() - startMs);
  costs.sort((one, other) => one - other);
  return {
    costMedian: quantile(costs, 0.5),
    costP99: quantile(costs, 0.99),
    operationCount: costs.length,
    othersCores: contestant.startsProcesses ? null : Math.max(0, othersCores),
  };
}

/**
 * Measures, and measures again while other programs use the cores, a few times at most. The least
 * disturbed measurement counts, whatever it says.
 */
export async function measureQuietly(
  measureOnce: () => Promise<Measurement>,
): Promise<Measurement> {
  let best = await measureOnce();
  for (let attempt = 1; attempt < ATTEMPTS_MAX && isDisturbed(best); attempt++) {
    const next = await measureOnce();
    if ((next.othersCores ?? 0) < (best.othersCores ?? 0)) best = next;
  }
  return best;
}

/** Whether others used so much of the machine that the figure is not to be trusted. */
export function isDisturbed({ othersCores }: Pick<Measurement, "othersCores">): boolean {
  return othersCores !== null && othersCores > OTHERS_CORES_MAX;
}

/** The value that a share of sorted values does not exceed, between neighbours in proportion. */
export function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Works without measuring, and answers how many operations make a batch. */
async function warmUp(
  contestant: Contestant,
  { warmUpMs, nowMs }: MeasurementPlan,
): Promise<number> {
  let size = contestant.grain ?? 1;
  const startMs = nowMs();
  do {
    const batchMs = await timeBatch(contestant, size, nowMs);
    if (batchMs < BATCH_MS_MIN && !contestant.rest) size *= 2;
  } while (nowMs() - startMs < warmUpMs);
  return size;
}

async function timeBatch(
  contestant: Contestant,
  size: number,
  nowMs: () => number,
): Promise<number> {
  contestant.rest?.();
  const startMs = nowMs();
  const done = contestant.run(size);
  if (done) await done; // A side that does not wait must not pay for a turn of the event loop.
  return nowMs() - startMs;
}
