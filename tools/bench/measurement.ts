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
  /** The cost in the median batch, or of the median sample; over a stretch, the mean. */
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
  /** Milliseconds of a window of unmeasured work. There are as many windows as make it faster. */
  readonly windowMs: number;
  /** Milliseconds of measured work, rests included. Slow work takes up to twice as long. */
  readonly measureMs: number;
  /** Milliseconds of one stretch, if the figure is the mean over it. */
  readonly stretchMs?: number | undefined;
  /** Milliseconds after which no more samples are taken if there are a few; none if left out. */
  readonly samplingMs?: number | undefined;
  /** The clock, in milliseconds. */
  readonly nowMs: () => number;
  /** Milliseconds of processor time that everybody else has used since some fixed moment. */
  readonly othersMs: () => number;
}

/** A batch lasts at least this long: a hundred times what reading the clock costs. */
const BATCH_MS_MIN = 0.05;

/** Fewer batches than this have no 99th percentile to speak of. */
const BATCH_COUNT_WANTED = 100;

/** Fewer than this have no median: even the slowest work has them. */
const BATCH_COUNT_MIN = 8;

/** How many times longer than planned the measuring lasts to have the batches that are wanted. */
const PATIENCE = 2;

/** Fewer samples than this are never taken, unless the side itself asks for fewer. */
const SAMPLE_COUNT_MIN = 6;

/** Windows that warm up at most. */
const WINDOW_COUNT_MAX = 16;

/** Windows that have to be no better than those before. */
const STEADY_WINDOWS = 2;

/** A window that takes less than this share of the best one before shows that it still warms up. */
const STEADY_SHARE = 0.95;

/** Cores in use by others above which a figure is not to be trusted. */
const OTHERS_CORES_MAX = 0.25;

/** Measures a contestant that has just been opened. */
export function measure(
  contestant: Contestant | SelfMeasuring,
  plan: MeasurementPlan,
): Promise<Measurement> {
  return "sample" in contestant ? takeSamples(contestant, plan) : timeBatches(contestant, plan);
}

async function timeBatches(contestant: Contestant, plan: MeasurementPlan): Promise<Measurement> {
  const { nowMs, othersMs, stretchMs } = plan;
  const size = await warmUp(contestant, plan);
  const batches: number[] = [];
  const startMs = nowMs();
  const othersStartMs = othersMs();
  while (isTooFew(batches.length, nowMs() - startMs, plan)) {
    batches.push(await timeBatch(contestant, size, nowMs));
  }
  const othersCores = (othersMs() - othersStartMs) / (nowMs() - startMs);
  const totalMs = batches.reduce((sum, batchMs) => sum + batchMs, 0);
  batches.sort((one, other) => one - other);
  const batchMs = stretchMs === undefined ? quantile(batches, 0.5) : totalMs / batches.length;
  return {
    costMedian: batchMs * 1e6 / size,
    costP99: quantile(batches, 0.99) * 1e6 / size,
    operationCount: batches.length * size,
    othersCores: contestant.startsProcesses ? null : Math.max(0, othersCores),
  };
}

function isTooFew(
  count: number,
  tookMs: number,
  { measureMs, stretchMs }: MeasurementPlan,
): boolean {
  if (stretchMs !== undefined) return tookMs < stretchMs;
  if (tookMs < measureMs || count < BATCH_COUNT_MIN) return true;
  return count < BATCH_COUNT_WANTED && tookMs < measureMs * PATIENCE;
}

async function takeSamples(
  contestant: SelfMeasuring,
  { nowMs, othersMs, samplingMs = Infinity }: MeasurementPlan,
): Promise<Measurement> {
  const costs: number[] = [];
  const startMs = nowMs();
  const othersStartMs = othersMs();
  while (costs.length < contestant.sampleCount) {
    if (costs.length >= SAMPLE_COUNT_MIN && nowMs() - startMs >= samplingMs) break;
    costs.push(await contestant.sample());
  }
  const othersCores = (othersMs() - othersStartMs) / (nowMs() - startMs);
  costs.sort((one, other) => one - other);
  return {
    costMedian: quantile(costs, 0.5),
    costP99: quantile(costs, 0.99),
    operationCount: costs.length,
    othersCores: contestant.startsProcesses ? null : Math.max(0, othersCores),
  };
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

/**
 * Works without measuring while that makes it faster: caches fill, compilers finish, spinners adapt.
 * Answers how many operations make a batch.
 */
async function warmUp(
  contestant: Contestant,
  { windowMs, nowMs }: MeasurementPlan,
): Promise<number> {
  let size = contestant.grain ?? 1;
  const windows: number[] = [];
  do {
    const costs: number[] = [];
    const startMs = nowMs();
    do {
      const batchMs = await timeBatch(contestant, size, nowMs);
      costs.push(batchMs / size);
      if (batchMs < BATCH_MS_MIN && !contestant.rest) size *= 2;
    } while (nowMs() - startMs < windowMs);
    windows.push(quantile(costs.sort((one, other) => one - other), 0.5));
  } while (windows.length < WINDOW_COUNT_MAX && !isSteady(windows));
  return size;
}

function isSteady(windows: readonly number[]): boolean {
  if (windows.length <= STEADY_WINDOWS) return false;
  const best = Math.min(...windows.slice(0, -STEADY_WINDOWS));
  return Math.min(...windows.slice(-STEADY_WINDOWS)) >= best * STEADY_SHARE;
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
