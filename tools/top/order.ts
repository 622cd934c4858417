/**
 * What the host of `hako top` is told.
 *
 * @module
 */

import type { InspectionOrder } from "../telemetry/inspection.ts";

/** How to watch. */
export interface TopOrder extends InspectionOrder {
  /** Between two looks. */
  readonly intervalMs: number;
  /** Looks at most; as many as the user has time for if left out. */
  readonly samplesMax?: number;
  /** Whether each look is a line of JSON. */
  readonly isJson: boolean;
}
