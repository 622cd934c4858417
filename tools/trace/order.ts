/**
 * What the host of `hako trace` is told.
 *
 * @module
 */

import type { InspectionOrder } from "../telemetry/inspection.ts";

/** What to trace, and whereto. */
export interface TraceOrder extends InspectionOrder {
  /** The file, an absolute path. */
  readonly output: string;
  /** After how long it is enough; when the apps have finished if left out. */
  readonly durationMs?: number;
}
