/**
 * What is said of a row that was measured.
 *
 * @module
 */

import { isDisturbed } from "./measurement.ts";
import type { MeasuredRow } from "./row_result.ts";

/**
 * `met` or `missed`; `bounded` if the target is missed, but nothing on this platform is much better;
 * `noisy` if other programs used the machine so that neither can be told.
 */
export type Verdict = "met" | "bounded" | "missed" | "noisy";

/** The least share of its bound that a bounded row comes to: 1.15 times what the bound takes. */
export const BOUND_SHARE_MIN = 0.87;

/** What is said of a row. */
export function verdictOf(row: MeasuredRow): Verdict {
  if (isDisturbed(row)) return "noisy";
  if (row.met) return "met";
  return isBounded(row) ? "bounded" : "missed";
}

/** Whether the rounds lie on both sides of what is asked of a row: another run may say otherwise. */
export function isWithinSpread({ target, limit, spread }: MeasuredRow): boolean {
  const [least, most] = spread.ratio;
  if (target > 0 && least < target && target <= most) return true;
  const [best, worst] = spread.ours;
  return limit !== undefined && best <= limit && limit < worst;
}

/**
 * How far a row is from what is asked of it: 1 is there, 0.5 is half way. The worst of its ratio and
 * its limits counts.
 */
export function shareOfTarget(row: MeasuredRow): number {
  const { target, ratio, ours, peer, p99, limit, limitP99, excessMax } = row;
  return Math.min(
    target > 0 ? ratio / target : Infinity,
    limit === undefined ? Infinity : limit / ours,
    limitP99 === undefined ? Infinity : limitP99 / p99.ours,
    excessMax === undefined ? Infinity : (peer + excessMax) / ours,
  );
}

/** Where the 99th percentile alone is missed, it is that of the bound that counts as well. */
function isBounded({ ofBound, p99, limitP99 = Infinity }: MeasuredRow): boolean {
  if (ofBound === undefined || ofBound < BOUND_SHARE_MIN) return false;
  return p99.ours <= limitP99 || (p99.bound ?? 0) / p99.ours >= BOUND_SHARE_MIN;
}
