/**
 * What a tool needs of a system to look into it.
 *
 * @module
 */

import type { SystemStatus } from "@hako/kernel";
import type { TraceEvent } from "../../kernel/trace/events.ts";

/** A running system, as far as tools look into it. Every `System` is one. */
export interface Inspected {
  /** What the system is doing. */
  status(): Promise<SystemStatus>;
  /** Begins or ends the timing of every call, which costs each a tenth of a microsecond. */
  observe(isObserved: boolean): void;
  /** What is remembered of calls, lives and events. */
  trace(): TraceEvent[];
}
