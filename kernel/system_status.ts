/**
 * What a system is doing, as whoever asks is told.
 *
 * @module
 */

import type { DomainKind } from "./manifest.ts";
import type { ObservedCalls } from "./trace/observed_calls.ts";

/** Where a domain stands in its life. */
export type DomainState =
  | "waiting"
  | "starting"
  | "ready"
  | "fencing"
  | "backing-off"
  | "finished"
  | "gave-up"
  | "halted";

/** What one domain is doing. */
export interface DomainStatus {
  /** What it is. */
  readonly kind: DomainKind;
  /** The number of its present life. */
  readonly epoch: number;
  /** Where it stands in that life. */
  readonly state: DomainState;
  /** How often it has died. */
  readonly deaths: number;
  /** Why it died last; empty if it never has. */
  readonly why: string;
  /** Requests posted to it and not yet answered. */
  readonly inFlight: number;
  /** Requests that it has answered in this life. */
  readonly answered: number;
  /** How long its requests took since the system has been observed; left out if it is not. */
  readonly latency?: ObservedCalls;
}

/** What a system is doing. */
export interface SystemStatus {
  /** The domains by name. */
  readonly domains: Readonly<Record<string, DomainStatus>>;
  /** The number of the kernel's present life. */
  readonly kernelEpoch: number;
  /** Requests posted and not yet reaped, over all channels. */
  readonly slotsInUse: number;
  /** Fenced incarnations that have not said that they are gone. */
  readonly zombies: number;
}
